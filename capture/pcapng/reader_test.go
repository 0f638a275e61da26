package pcapng

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"reflect"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/window"
)

// maker puts blocks together in a byte order.
type maker struct {
	binary.AppendByteOrder
	b []byte
}

func (m *maker) block(kind uint32, body []byte) *maker {
	n := uint32(padded(len(body)) + blockOverhead)
	m.b = m.AppendUint32(m.AppendUint32(m.b, kind), n)
	m.b = append(append(m.b, body...), make([]byte, padded(len(body))-len(body))...)
	m.b = m.AppendUint32(m.b, n)
	return m
}

func (m *maker) option(b []byte, code uint16, value string) []byte {
	b = m.AppendUint16(m.AppendUint16(b, code), uint16(len(value)))
	return append(append(b, value...), make([]byte, padded(len(value))-len(value))...)
}

func (m *maker) section(comment string) *maker {
	b := m.AppendUint32(nil, byteOrderMagic)
	b = m.AppendUint64(m.AppendUint16(m.AppendUint16(b, 1), 0), 1<<64-1)
	if comment != "" {
		b = m.option(m.option(b, optComment, comment), optEnd, "")
	}
	return m.block(blockSection, b)
}

func (m *maker) iface(link uint16, snap uint32, options func(b []byte) []byte) *maker {
	b := m.AppendUint32(m.AppendUint16(m.AppendUint16(nil, link), 0), snap)
	if options != nil {
		b = m.option(options(b), optEnd, "")
	}
	return m.block(blockInterface, b)
}

func (m *maker) packet(index uint32, stamp uint64, data string, length int, comments ...string) *maker {
	b := m.AppendUint32(m.AppendUint32(m.AppendUint32(nil, index), uint32(stamp>>32)), uint32(stamp))
	b = append(m.AppendUint32(m.AppendUint32(b, uint32(len(data))), uint32(length)), data...)
	b = append(b, make([]byte, padded(len(data))-len(data))...)
	for _, c := range comments {
		b = m.option(b, optComment, c)
	}
	return m.block(blockEnhancedPacket, b)
}

func littleMaker() *maker { return &maker{AppendByteOrder: binary.LittleEndian} }
func bigMaker() *maker    { return &maker{AppendByteOrder: binary.BigEndian} }

// readAll returns the frames, with data of their own, the damage before
// io.EOF, and what the reader knows then.
func readAll(t testing.TB, file []byte) (frames []capture.Frame, damages []capture.Damage, info *capture.Info) {
	t.Helper()
	r, err := NewReader(window.New(bytes.NewReader(file)), "x.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	for {
		var f, again capture.Frame
		err := r.Next(&f)
		var damage *capture.Damage
		switch {
		case err == io.EOF:
			return frames, damages, r.Info()
		case errors.As(err, &damage):
			damages = append(damages, *damage)
			continue
		case err != nil:
			t.Fatal(err)
		}
		if err := r.FrameAt(bytes.NewReader(file), f.Number, f.Offset, &again); err != nil {
			t.Fatalf("packet %d again: %v", f.Number, err)
		}
		if !reflect.DeepEqual(f, again) && !(len(f.Data) == 0 && len(again.Data) == 0) && len(damages) == 0 {
			t.Fatalf("packet %d is %+v, and %+v when read again", f.Number, f, again)
		}
		f.Data = bytes.Clone(f.Data)
		frames = append(frames, f)
	}
}

func TestReader(t *testing.T) {
	seconds := func(m *maker) func([]byte) []byte {
		return func(b []byte) []byte {
			b = m.option(b, optInterfaceName, "eth7")
			b = m.option(b, optTimeResolution, "\x09")
			return m.option(b, optTimeOffset, string(m.AppendUint64(nil, 100)))
		}
	}
	little, big := littleMaker(), bigMaker()
	simple := littleMaker().section("").iface(1, 2, nil)
	simple.block(blockSimplePacket, append(simple.AppendUint32(nil, 4), "ab"...))
	obsolete := littleMaker().section("").iface(101, 0, nil)
	obsolete.block(blockPacket, obsolete.packetBody("abc", 5))
	twoSections := littleMaker().section("").iface(1, 0, nil).packet(0, 1, "a", 1)
	second := bigMaker().section("").iface(101, 0, nil).packet(0, 2, "b", 1)
	twoSections.b = append(twoSections.b, second.b...)
	for _, c := range []struct {
		name string
		file []byte
		want []capture.Frame // without offsets
	}{
		{"a packet with comments", littleMaker().section("").iface(1, 0, nil).packet(0, 5, "abc", 60, "one", "two").b,
			[]capture.Frame{{Number: 1, Nanos: 5000, Link: 1, Length: 60, Data: []byte("abc"), Comments: []string{"one", "two"}}}},
		{"big endian, nanoseconds, time offset", big.section("").iface(1, 0, seconds(big)).packet(0, 7, "abcd", 4).b,
			[]capture.Frame{{Number: 1, Nanos: 100_000_000_007, Link: 1, Length: 4, Data: []byte("abcd")}}},
		{"little endian, nanoseconds, time offset", little.section("").iface(1, 0, seconds(little)).packet(0, 7, "abcd", 4).b,
			[]capture.Frame{{Number: 1, Nanos: 100_000_000_007, Link: 1, Length: 4, Data: []byte("abcd")}}},
		{"two interfaces with different link types", littleMaker().section("").iface(1, 0, nil).iface(276, 0, nil).packet(1, 0, "x", 1).b,
			[]capture.Frame{{Number: 1, Link: 276, Interface: 1, Length: 1, Data: []byte("x")}}},
		{"a simple packet is as long as the snap length allows", simple.b,
			[]capture.Frame{{Number: 1, Link: 1, Length: 4, Data: []byte("ab")}}},
		{"an obsolete packet block", obsolete.b,
			[]capture.Frame{{Number: 1, Nanos: 9000, Link: 101, Length: 3, Data: []byte("abc")}}},
		{"sections of both byte orders", twoSections.b, []capture.Frame{
			{Number: 1, Nanos: 1000, Link: 1, Length: 1, Data: []byte("a")},
			{Number: 2, Nanos: 2000, Link: 101, Interface: 1, Length: 1, Data: []byte("b")}}},
		{"unknown and custom blocks are passed over",
			littleMaker().section("").iface(1, 0, nil).block(0x77, []byte("what")).block(blockCustom, []byte("pen.")).packet(0, 0, "x", 1).b,
			[]capture.Frame{{Number: 1, Link: 1, Length: 1, Data: []byte("x")}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			frames, damages, _ := readAll(t, c.file)
			for i := range frames {
				frames[i].Offset = 0
			}
			if !reflect.DeepEqual(frames, c.want) || len(damages) > 0 {
				t.Errorf("read   %+v\nwanted %+v\ndamage %v", frames, c.want, damages)
			}
		})
	}
}

// packetBody is an obsolete Packet Block's, of interface 0 with drops.
func (m *maker) packetBody(data string, drops uint16) []byte {
	b := m.AppendUint16(m.AppendUint16(nil, 0), drops)
	b = m.AppendUint32(m.AppendUint32(b, 0), 9)
	return append(m.AppendUint32(m.AppendUint32(b, uint32(len(data))), uint32(len(data))), data...)
}

func TestWhatBlocksWithoutPacketsSay(t *testing.T) {
	m := littleMaker().section("made for a test")
	m.iface(1, 96, func(b []byte) []byte { return m.option(b, optInterfaceName, "en0") })
	names := m.option(nil, nameIPv4, "\x0a\x00\x00\x01db.example\x00alias\x00")
	names = m.option(names, nameEnd, "")
	m.block(blockNames, names)
	m.block(blockSecrets, append(m.AppendUint32(m.AppendUint32(nil, 0x544c534b), 6), "secret"...))
	drops := m.option(make([]byte, 12), optDropped, string(m.AppendUint64(nil, 41)))
	m.block(blockStatistics, m.option(drops, optEnd, ""))
	_, damages, info := readAll(t, m.b)
	want := &capture.Info{
		Source: "x.pcapng", Format: "pcapng", Comments: []string{"made for a test"},
		Interfaces: []capture.Interface{{Name: "en0", Link: 1, SnapLength: 96, Dropped: 41, Resolution: 1000}},
		Names:      []capture.Name{{Addr: "10.0.0.1", Name: "db.example"}, {Addr: "10.0.0.1", Name: "alias"}},
		Secrets:    []capture.Secrets{{Type: 0x544c534b, Data: []byte("secret")}},
	}
	if !reflect.DeepEqual(info, want) || len(damages) > 0 {
		t.Errorf("read   %+v\nwanted %+v\ndamage %v", info, want, damages)
	}
}

// A file that ends anywhere gives the packets that are whole, and says so.
func TestCutOffAnywhere(t *testing.T) {
	m := littleMaker()
	ends := map[int]int{} // bytes where a block ends: packets up to there
	for packets, add := range []func(){
		func() { m.section("") }, func() { m.iface(1, 0, nil) },
		func() { m.packet(0, 1, "abc", 3, "note") }, func() { m.packet(0, 2, "defgh", 5) },
	} {
		add()
		ends[len(m.b)] = max(0, packets-1)
	}
	want := 0
	for n := blockOverhead; n <= len(m.b); n++ {
		packets, complete := ends[n]
		if complete {
			want = packets
		}
		frames, damages, _ := readAll(t, m.b[:n])
		if len(frames) != want {
			t.Errorf("%d bytes: %d packets, not %d", n, len(frames), want)
		}
		if complete != (len(damages) == 0) || len(damages) > 1 {
			t.Errorf("%d bytes: damage %v", n, damages)
		}
	}
}

func TestPacketsBehindDamage(t *testing.T) {
	start := func() *maker { return littleMaker().section("").iface(1, 0, nil).packet(0, 1, "first", 5) }
	for _, c := range []struct {
		name   string
		middle func(m *maker)
	}{
		{"bytes that are no block", func(m *maker) { m.b = append(m.b, bytes.Repeat([]byte{0xee}, 400)...) }},
		{"a block whose lengths differ", func(m *maker) { m.packet(0, 2, "lost", 4); m.b[len(m.b)-4]++ }},
		{"a packet of an interface that is not described", func(m *maker) { m.packet(9, 2, "lost", 4) }},
		{"a packet that claims more than its block has", func(m *maker) {
			m.packet(0, 2, "lost", 4)
			m.b[len(m.b)-4-4-4-4] = 200
		}},
		{"a block that claims to be endless", func(m *maker) {
			m.b = m.AppendUint32(m.AppendUint32(m.b, blockEnhancedPacket), 0xfffffffc)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := start()
			c.middle(m)
			m.packet(0, 3, "last!", 5)
			frames, damages, _ := readAll(t, m.b)
			if len(frames) != 2 || string(frames[1].Data) != "last!" || len(damages) != 1 || !damages[0].Recovered {
				t.Errorf("%d packets, %v", len(frames), damages)
			}
		})
	}
}

// Options that make no sense cost the comments, never the packet.
func TestPacketWithBrokenOptions(t *testing.T) {
	m := littleMaker().section("").iface(1, 0, nil)
	body := m.AppendUint32(make([]byte, 12), 4)
	body = append(m.AppendUint32(body, 4), "data\x01\x00\xff\xff"...)
	m.block(blockEnhancedPacket, body)
	frames, damages, _ := readAll(t, m.b)
	if len(frames) != 1 || string(frames[0].Data) != "data" || len(damages) != 1 {
		t.Errorf("%v, %v", frames, damages)
	}
}

func TestTimeStampsThatDoNotFit(t *testing.T) {
	for _, c := range []struct {
		resolution uint8
		offset     int64
		stamp      uint64
		want       int64
	}{
		{6, 0, 1_700_000_000_123_456, 1_700_000_000_123_456_000},
		{9, 0, 1<<64 - 1, 1<<63 - 1},
		{0, 0, 1<<64 - 1, 1<<63 - 1},
		{12, 0, 5_999, 5},
		{0x80 | 10, 0, 1 << 10, 1e9},
		{0x80 | 127, 0, 1<<64 - 1, 0},
		{127, 0, 1<<64 - 1, 0},
		{9, -5, 1e9, -4e9},
		{9, -1 << 63, 0, -1 << 63},
	} {
		clock := newClock(c.resolution, c.offset)
		if got := clock.nanos(c.stamp); got != c.want {
			t.Errorf("resolution %#x, offset %d: %d is %d ns, not %d", c.resolution, c.offset, c.stamp, got, c.want)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(littleMaker().section("c").iface(1, 0, nil).packet(0, 1, "abc", 3, "note").b)
	f.Add(bigMaker().section("").iface(1, 4, nil).block(blockSimplePacket, make([]byte, 8)).b)
	m := littleMaker().section("").iface(1, 0, nil).packet(9, 1, "abc", 3)
	f.Add(append(m.b, "garbage."...))
	f.Fuzz(func(t *testing.T, file []byte) {
		if !Magic(file) {
			return
		}
		frames, damages, _ := readAll(t, file)
		if len(frames)+len(damages) > len(file)/4+1 {
			t.Errorf("%d frames and %d damages of %d bytes", len(frames), len(damages), len(file))
		}
	})
}
