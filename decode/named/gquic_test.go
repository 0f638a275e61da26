package named

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// chlo makes a client's first message of Google QUIC.
func chlo(values ...string) []byte {
	b := append([]byte("CHLO"), byte(len(values)/2), 0, 0, 0)
	end, data := 0, ""
	for i := 0; i < len(values); i += 2 {
		end += len(values[i+1])
		data += values[i+1]
		b = binary.LittleEndian.AppendUint32(append(b, values[i]...), uint32(end))
	}
	return append(b, data...)
}

func TestGoogleQUICIsToldFromQUIC(t *testing.T) {
	const id = "\x01\x02\x03\x04\x05\x06\x07\x08"
	hello := chlo("PAD\x00", "----", "SNI\x00", "www.example", "VER\x00", "Q046")
	p := find(t, "gquic")
	for _, test := range []struct {
		name  string
		first []byte
		match dissect.Match
		want  string
	}{
		{"Q046", slices.Concat([]byte("\xc3Q046\x50"+id+"\x00\x00\x00\x01"), make([]byte, 16), hello), dissect.Yes, "client_hello"},
		{"Q043", slices.Concat([]byte("\x09"+id+"Q043\x01"), make([]byte, 16), hello), dissect.Yes, "client_hello"},
		{"Q046, a server's packet", []byte("\xc3Q046\x05" + id + "\x00\x00\x00\x01" + id), dissect.Yes, "packet"},
		{"Q046 where Q043's version stands", slices.Concat([]byte("\x09"+id+"Q046\x01"), hello), dissect.No, ""},
		{"Q050 is QUIC's", slices.Concat([]byte("\xc3Q050\x08"+id+"\x00"), hello), dissect.No, ""},
		{"QUIC version 1", slices.Concat([]byte("\xc3\x00\x00\x00\x01\x08"+id+"\x00"), make([]byte, 1200)), dissect.No, ""},
		{"a hello whose tags lie", slices.Concat([]byte("\xc3Q046\x50"+id+"\x00\x00\x00\x01"), bytes.Replace(hello, []byte("SNI\x00\x0f"), []byte("SNI\x00\xff"), 1)), dissect.Yes, "client_hello"},
		{"cut short", []byte("\xc3Q046\x50" + id[:6]), dissect.No, ""},
	} {
		if v := p.Probe(test.first, true); v.Match != test.match {
			t.Errorf("%s: %v, want %v", test.name, v.Match, test.match)
			continue
		}
		if test.match == dissect.No {
			continue
		}
		r := &dissecttest.Recorder{}
		d := p.New(dissect.Context{Datagram: true})
		d.Feed(r, dissect.Chunk{Data: test.first})
		if got := told(r); !slices.Equal(got, []string{test.want}) {
			t.Errorf("%s: %q", test.name, got)
		}
		name := "www.example"
		if test.want == "packet" || test.name == "a hello whose tags lie" {
			name = ""
		}
		if r.Messages[0].Name != name {
			t.Errorf("%s: named %q, want %q", test.name, r.Messages[0].Name, name)
		}
	}
}
