package component

import (
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
)

func TestTheBytesOfAPacketAreNamedByWhatCarriedThem(t *testing.T) {
	stream, plain := []byte("stream"), []byte("plain text")
	runs, of := BytesOf(make([]byte, 60), []layer.Layer{
		{Protocol: layer.TCP, OSI: 4},
		{Protocol: "tls", OSI: 6, Source: layer.Reassembled, Data: stream, Packets: []int{1, 2}},
		{Protocol: "http1", OSI: 7, Source: layer.Decrypted, Data: plain},
		{Protocol: "http1", OSI: 7, Source: layer.Decrypted, Data: plain},
		{Protocol: "json", OSI: 7, Source: layer.Reassembled},
	})
	var titles []string
	for _, r := range runs {
		titles = append(titles, r.Title)
	}
	if want := []string{"Frame", "Reassembled TCP", "Decrypted TLS"}; !slices.Equal(titles, want) {
		t.Errorf("%q, want %q", titles, want)
	}
	if want := []int{0, 1, 2, 2, -1}; !slices.Equal(of, want) {
		t.Errorf("layers count from %v, want %v", of, want)
	}
	if !slices.Equal(runs[1].Packets, []int{1, 2}) {
		t.Errorf("packets %v", runs[1].Packets)
	}
}

func TestAByteLeadsToTheFieldThatHoldsIt(t *testing.T) {
	tree := Tree{}
	tree.SetSize(60, 20)
	tree.Set([]layer.Layer{
		{Protocol: layer.Ethernet, OSI: 2, Length: 14},
		{Protocol: layer.TCP, OSI: 4, Offset: 14, Length: 20, Fields: []layer.Field{
			{Name: "tcp.srcport", Value: "80", Offset: 14, Length: 2},
			{Name: "tcp.flags", Value: "ACK", Offset: 26, Length: 2, Children: []layer.Field{{Name: "tcp.flags.ack", Value: "1", Offset: 27, Length: 1}}},
		}},
	}, nil, nil)
	for _, c := range []struct {
		offset int
		want   string
	}{{3, "ethernet"}, {15, "tcp.srcport: 80"}, {27, "tcp.flags.ack: 1"}, {20, "tcp"}} {
		if !tree.SelectAt(0, c.offset) {
			t.Errorf("byte %d is nowhere", c.offset)
			continue
		}
		if got := tree.rows[tree.Cursor].text; got != c.want {
			t.Errorf("byte %d is of %q, want %q", c.offset, got, c.want)
		}
	}
	if tree.SelectAt(0, 99) {
		t.Error("a byte behind the packet is of something")
	}
}
