package qpack

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/quic-go/qpack"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// instruct feeds an encoder stream.
func instruct(t testing.TB, d *Decoder, b []byte) {
	t.Helper()
	for len(b) > 0 {
		n, err := d.Instruction(b)
		if err != nil {
			t.Fatalf("%x: %v", b, err)
		}
		b = b[n:]
	}
}

func fields(d *Decoder, block []byte) (string, error) {
	var b strings.Builder
	err := d.Decode(block, func(f *Field) {
		name, value := string(f.Name), string(f.Value)
		if f.Hidden {
			name = "?"
			if !f.HasValue {
				value = "?"
			}
		}
		fmt.Fprintf(&b, "%s=%s;", name, value)
	})
	return b.String(), err
}

// The examples of RFC 9204 appendix B, in order: the table lives on.
func TestExamplesOfTheRFC(t *testing.T) {
	var d Decoder
	d.Agree(220)
	check := func(name, block, want string) {
		t.Helper()
		b := unhex(t, block)
		if !d.Ready(b) {
			t.Errorf("%s: waits for the table", name)
		}
		if got, err := fields(&d, b); got != want || err != nil {
			t.Errorf("%s: %q %v, want %q", name, got, err, want)
		}
	}
	check("B.1", "0000 510b 2f69 6e64 6578 2e68 746d 6c", ":path=/index.html;")
	second := "0381 10 11"
	if d.Ready(unhex(t, second)) {
		t.Error("B.2: ready before the entries are there")
	}
	instruct(t, &d, unhex(t, "3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d c10c 2f73 616d 706c 652f 7061 7468"))
	check("B.2", second, ":authority=www.example.com;:path=/sample/path;")
	instruct(t, &d, unhex(t, "4a63 7573 746f 6d2d 6b65 790c 6375 7374 6f6d 2d76 616c 7565"))
	instruct(t, &d, unhex(t, "02"))
	check("B.4", "0500 80 c1 81", ":authority=www.example.com;:path=/;custom-key=custom-value;")
	instruct(t, &d, unhex(t, "810d 6375 7374 6f6d 2d76 616c 7565 32"))
	if d.inserted != 5 || d.size != 215 || len(d.entries) != 4 {
		t.Errorf("B.5: %d inserted, %d bytes, %d entries", d.inserted, d.size, len(d.entries))
	}
}

// What quic-go's encoder writes is read the same, static table and Huffman codes
// included.
func TestSectionsOfQUICGo(t *testing.T) {
	var b bytes.Buffer
	e := qpack.NewEncoder(&b)
	want := ""
	for i := range staticTable {
		f := qpack.HeaderField{Name: staticTable[i].name, Value: staticTable[i].value}
		if i%3 == 0 {
			f.Value += "-other"
		}
		if i%5 == 0 {
			f.Name = "x-" + strings.TrimPrefix(f.Name, ":")
		}
		if err := e.WriteField(f); err != nil {
			t.Fatal(err)
		}
		want += f.Name + "=" + f.Value + ";"
	}
	var d Decoder
	if got, err := fields(&d, b.Bytes()); got != want || err != nil {
		t.Errorf("%q %v\nwant %q", got, err, want)
	}
}

// Without the instructions, fields that need them are hidden and all others read.
func TestMissedInstructionsHideFields(t *testing.T) {
	block := "0381 10 11 c1 5102 2f61 4001 78" // two entries, ":path: /", ":path: /a", a name of the table with "x"
	const want = "?=?;?=?;:path=/;:path=/a;?=x;"
	for name, d := range map[string]*Decoder{"lost": {lost: true, agreed: true, most: 220}, "without SETTINGS": {}} {
		b := unhex(t, block)
		if got, err := fields(d, b); got != want || err != nil {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if d.Ready(b) != d.lost {
			t.Errorf("%s: ready %v", name, d.Ready(b))
		}
	}
}

func TestMalformedSections(t *testing.T) {
	for name, block := range map[string]string{
		"empty": "", "no base": "00", "static index 99": "0000 ff24", "cut string": "0000 5105 2f61",
		"an entry that never was": "0000 80", "an impossible count": "ff00 00", "bad Huffman code": "0000 5181 00",
		"integer without end": "0000 ffffffffffffffffffffff",
	} {
		d := Decoder{agreed: true, most: 220}
		if got, err := fields(&d, unhex(t, block)); err == nil {
			t.Errorf("%s: no error, %q", name, got)
		}
	}
}

func TestInstructionsAreReadOnceTheyAreWhole(t *testing.T) {
	b := unhex(t, "c00f 7777 772e 6578 616d 706c 652e 636f 6d")
	for n := range len(b) {
		d := Decoder{capacity: 220}
		if size, err := d.Instruction(b[:n]); size != 0 || err != ErrShort || d.inserted != 0 || d.lost {
			t.Fatalf("%d bytes: %d %v", n, size, err)
		}
	}
}

func TestTablesAreBounded(t *testing.T) {
	var d Decoder
	d.Agree(1 << 40)
	if _, err := d.Instruction(unhex(t, "3fe1ffffff0f")); err == nil || !d.lost {
		t.Error("a huge table is kept")
	}
	d = Decoder{agreed: true, most: 4096}
	instruct(t, &d, unhex(t, "3fe11f")) // 4096
	instruct(t, &d, append(unhex(t, "4161 7f8101"), bytes.Repeat([]byte("b"), 127+129)...))
	for range 10000 {
		instruct(t, &d, []byte{0})
	}
	if d.size > 4096 || len(d.entries) > 4096/32 || d.inserted != 10001 {
		t.Errorf("%d bytes in %d entries", d.size, len(d.entries))
	}
}

func FuzzSection(f *testing.F) {
	f.Add(unhex(f, "3fbd01 c00f 7777 772e 6578 616d 706c 652e 636f 6d"), unhex(f, "0381 10 11"))
	f.Add(unhex(f, "4a63 7573"), unhex(f, "0000 510b 2f69 6e64 6578 2e68 746d 6c"))
	f.Fuzz(func(t *testing.T, stream, block []byte) {
		var d Decoder
		d.Agree(4096)
		for b := stream; len(b) > 0; {
			n, err := d.Instruction(b)
			if err == ErrShort {
				break
			}
			b = b[n:]
		}
		if d.size > 4096 {
			t.Errorf("%d bytes in the table", d.size)
		}
		d.Ready(block)
		total := 0
		fields := 0
		d.Decode(block, func(f *Field) { total += f.To - f.From; fields++ })
		if total > len(block) || fields > maxFields {
			t.Errorf("%d fields of %d bytes in %d", fields, total, len(block))
		}
		d.Lose()
		d.Decode(block, func(*Field) {})
	})
}
