package sdp

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// dissector gathers one description in each direction. A datagram holds a whole
// one; on a stream its end is the end of the body that carries it.
type dissector struct {
	text    [2][]byte
	first   [2]layer.PacketRef
	last    [2]layer.PacketRef
	packets [2]flow.Packets
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if len(d.text[c.Dir]) == 0 {
		d.first[c.Dir] = c.At
	}
	d.last[c.Dir] = c.At
	d.packets[c.Dir].Add(c.At.Number)
	d.text[c.Dir] = append(d.text[c.Dir], c.Data[:min(len(c.Data), maxSize-len(d.text[c.Dir]))]...)
	if c.Datagram {
		d.tell(out, c.Dir, flow.Complete)
	}
}

// Close implements dissect.Closer.
func (d *dissector) Close(out dissect.Sink, dir layer.Direction) { d.tell(out, dir, flow.Complete) }

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, closed bool) {
	state := flow.Cut
	if closed {
		state = flow.Complete
	}
	d.tell(out, layer.ToServer, state)
	d.tell(out, layer.ToClient, state)
}

// tell says what was gathered in one direction.
func (d *dissector) tell(out dissect.Sink, dir layer.Direction, state flow.State) {
	text := d.text[dir]
	if len(text) == 0 {
		return
	}
	s, ok := Parse(text)
	if !ok {
		out.Problem(Name, "no session description where one should be")
	} else {
		out.Message(&flow.Message{
			Protocol: Name, Kind: "description", Dir: dir, State: state, Keep: true, Name: s.Summary(), Facts: s.Facts(),
			First: d.first[dir], Last: d.last[dir], Packets: d.packets[dir], Bytes: int64(len(text)),
		})
		out.Layer(Name, func() layer.Layer { return describe(text, &s) })
		s.expect(out)
	}
	d.text[dir] = nil
	d.packets[dir].Reset()
}

// fields are Wireshark's names of the lines.
var fields = map[byte]string{
	'v': "sdp.version", 'o': "sdp.owner", 's': "sdp.session_name", 'i': "sdp.session_info", 'u': "sdp.uri", 'e': "sdp.email",
	'p': "sdp.phone", 'c': "sdp.connection_info", 'b': "sdp.bandwidth", 't': "sdp.time", 'r': "sdp.repeat_time", 'z': "sdp.timezone",
	'k': "sdp.encryption_key", 'm': "sdp.media", 'a': "sdp.media_attr",
}

func describe(text []byte, s *Description) layer.Layer {
	l := layer.Layer{
		Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(text), Summary: s.Summary(),
		Data: bytes.Clone(text[:min(len(text), layer.KeepData)]),
	}
	at := 0
	for line := range bytes.Lines(text) {
		trimmed := bytes.TrimRight(line, "\r\n")
		if len(trimmed) >= 2 && trimmed[1] == '=' && fields[trimmed[0]] != "" {
			f := layer.Field{Name: fields[trimmed[0]], Value: layer.Clip(trimmed[2:], maxText), Offset: at, Length: len(trimmed)}
			if key, _, _ := bytes.Cut(trimmed[2:], []byte{':'}); secret(trimmed[0], string(key)) {
				f.Value = string(key) + " (not shown)"
			}
			l.Fields = append(l.Fields, f)
		}
		at += len(line)
	}
	return l
}

// secret reports whether a line holds keys: those of SDES (RFC 4568), the ICE
// password (RFC 8839), k= (RFC 8866 section 5.12).
func secret(kind byte, key string) bool {
	return kind == 'k' || kind == 'a' && (key == "crypto" || key == "ice-pwd")
}
