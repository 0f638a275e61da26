package sctp

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// dataChunk is a DATA chunk; flags: 2 begins, 1 ends a message.
func dataChunk(flags byte, tsn uint32, stream uint16, ppid uint32, text string) string {
	b := []byte{data, flags}
	b = binary.BigEndian.AppendUint16(b, uint16(dataHeader+len(text)))
	b = binary.BigEndian.AppendUint32(b, tsn)
	b = binary.BigEndian.AppendUint16(b, stream)
	b = binary.BigEndian.AppendUint16(b, 0)
	b = binary.BigEndian.AppendUint32(b, ppid)
	b = append(b, text...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return string(b)
}

func packet(chunks ...string) dissecttest.Write {
	b := "\x13\x88\x13\x88\x00\x00\x00\x01\x00\x00\x00\x00"
	for _, c := range chunks {
		b += c
	}
	return dissecttest.Client(b)
}

const opening = "\x03\x00\x00\x00\x00\x00\x00\x00\x00\x04\x00\x00chat"

func story(writes ...dissecttest.Write) (list []string) {
	r := dissecttest.Game{Context: dissect.Context{Datagram: true}}.Play(Protocol(), writes...)
	for i := range r.Messages {
		if m := &r.Messages[i]; m.Protocol == Channel {
			list = append(list, m.Kind+" "+m.Name)
		}
	}
	return list
}

func TestMessagesArePutTogetherInAnyOrder(t *testing.T) {
	open := packet(dataChunk(3, 1, 5, control, opening))
	a, b, c := dataChunk(2, 2, 5, text, "one"), dataChunk(0, 3, 5, text, "two"), dataChunk(1, 4, 5, text, "three")
	want := []string{"open chat", "text chat"}
	for _, writes := range [][]dissecttest.Write{
		{open, packet(a, b, c)}, {open, packet(c), packet(a), packet(b)}, {open, packet(b), packet(b), packet(c, a), packet(a, b, c)},
	} {
		if got := story(writes...); !slices.Equal(got, want) {
			t.Errorf("told %q, want %q", got, want)
		}
	}
}

func TestProbe(t *testing.T) {
	p := Protocol()
	whole := packet(dataChunk(3, 1, 0, text, "x")).Data
	if p.Probe([]byte(whole), true).Match != dissect.Yes {
		t.Error("SCTP is not known")
	}
	for _, b := range []string{"", whole[:14], "GET / HTTP/1.1\r\n\r\n", whole + "\x63\x00\x00\x04"} {
		if p.Probe([]byte(b), true).Match != dissect.No {
			t.Errorf("%q is taken for SCTP", b)
		}
	}
}

func FuzzPackets(f *testing.F) {
	f.Add([]byte(packet(dataChunk(2, 2, 5, text, "one")).Data), []byte(packet(dataChunk(1, 3, 5, text, "two"), dataChunk(3, 1, 5, control, opening)).Data))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		probe(a, true)
		d := newDissector()
		r := &dissecttest.Recorder{}
		for _, data := range [][]byte{a, b, a} {
			d.Feed(r, dissect.Chunk{Data: data})
			if d.half[0].bytes > maxWaiting {
				t.Errorf("%d bytes wait", d.half[0].bytes)
			}
		}
	})
}
