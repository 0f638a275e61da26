package dtls

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// describe builds the layer of a datagram's records.
func (d *dissector) describe(datagram []byte) layer.Layer {
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(datagram), Data: bytes.Clone(datagram)}
	var titles []string
	for i := range d.said {
		s := &d.said[i]
		titles = append(titles, s.title)
		l.Fields = append(l.Fields, s.field())
	}
	l.Summary = strings.Join(titles, ", ")
	return l
}

// field describes a record.
func (s *said) field() layer.Field {
	f := layer.Field{Name: "dtls.record", Value: s.title, Offset: s.offset, Length: s.header + s.length}
	at := s.offset
	if s.unified {
		f.Children = append(f.Children, layer.Field{Name: "dtls.record.unified_header", Value: "encrypted", Offset: at, Length: s.header + s.length})
		return f
	}
	f.Children = []layer.Field{
		{Name: "dtls.record.content_type", Value: strconv.Itoa(int(s.kind)), Offset: at, Length: 1},
		{Name: "dtls.record.version", Value: fmt.Sprintf("0x%04x", s.version), Offset: at + atVersion, Length: 2},
		{Name: "dtls.record.epoch", Value: strconv.Itoa(int(s.epoch)), Offset: at + atEpoch, Length: 2},
		{Name: "dtls.record.sequence_number", Value: strconv.FormatUint(s.sequence, 10), Offset: at + atSequence, Length: 6},
		{Name: "dtls.record.length", Value: strconv.Itoa(s.length), Offset: at + atLength, Length: 2},
	}
	if s.opened {
		return f
	}
	for _, m := range s.messages {
		f.Children = append(f.Children, layer.Field{Name: "dtls.handshake.type", Value: title(&m), Offset: at + headerSize, Length: 1})
	}
	return f
}

// describeOpened says a layer for each record that was opened.
func (d *dissector) describeOpened(out dissect.Sink) {
	if !out.Recording() {
		return
	}
	for i := range d.said {
		s := &d.said[i]
		if !s.opened {
			continue
		}
		out.Layer(Name, func() layer.Layer {
			return layer.Layer{
				Protocol: Name, OSI: osi, Source: layer.Decrypted, Length: len(s.plain), Data: bytes.Clone(s.plain), Summary: s.title,
				Packets: []int{int(d.packets.List()[0])},
				Fields:  []layer.Field{{Name: "dtls.record.content_type", Value: strconv.Itoa(int(s.kind)), Length: len(s.plain)}},
			}
		})
	}
}
