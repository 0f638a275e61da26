package named

import (
	"bytes"
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// gquic is Google's QUIC up to version Q049, which has only the name in common
// with the IETF's: its own handshake and headers (draft-hamilton-quic-transport-
// protocol-01; from Q044 on the headers begin as those of the IETF do). Q050 and
// later are package quic's.
func gquic() dissect.Protocol {
	s := &shape{name: "gquic", osi: 4, read: func(b []byte, _ layer.Direction) unit {
		version := gquicVersion(b)
		if version == nil {
			return unit{kind: "packet"}
		}
		u := unit{kind: "packet", facts: []flow.Fact{{Key: "version", Value: clip(version)}}}
		if hello, ok := clientHello(b); ok {
			u.kind = "client_hello"
			if sni := hello.value("SNI\x00"); len(sni) > 0 {
				u.name = clip(sni)
				u.facts = append(u.facts, flow.Fact{Key: "sni", Value: u.name})
			}
		}
		u.text = u.facts[0].Value + " " + u.kind
		if u.name != "" {
			u.text += " for " + u.name
		}
		return u
	}}
	return s.entry("Google QUIC is what QUIC was before the IETF took it up: Chrome and Google's servers spoke it until 2021. The name that the client asks for is in the clear, the rest is not.",
		false, true, []uint16{443}, func(b []byte, _ bool) dissect.Verdict {
			if gquicVersion(b) == nil {
				return dissect.Verdict{}
			}
			if _, ok := clientHello(b); ok {
				return verdict(true, dissect.Sender)
			}
			return verdict(true, dissect.Unknown)
		})
}

// gquicVersion returns the version that a packet names, nil for none.
func gquicVersion(b []byte) []byte {
	const (
		longHeader   = 0xc0
		hasVersion   = 0x01 // of the public flags, up to Q043
		connectionID = 0x08
		reserved     = 0xc0
	)
	at := 1
	switch {
	case len(b) < 1+8+4+1:
		return nil
	case b[0]&longHeader == longHeader:
	case b[0]&(reserved|hasVersion|connectionID) == hasVersion|connectionID:
		at += 8
	default:
		return nil
	}
	v := b[at : at+4]
	digit := func(c byte) bool { return '0' <= c && c <= '9' }
	if v[0] != 'Q' || v[1] != '0' || v[2] < '0' || v[2] > '4' || !digit(v[3]) || (at == 1) != (string(v) >= "Q044") {
		return nil
	}
	return v
}

// hello is a handshake message: tags with the ends of their values, then the
// values.
type hello struct{ tags, values []byte }

// maxTags bounds the tags of a message.
const maxTags = 128

// clientHello returns the CHLO message that a packet's first frame carries.
func clientHello(b []byte) (h hello, ok bool) {
	const within = 64 // bytes of headers before it
	at := bytes.Index(b[:min(len(b), within)], []byte("CHLO"))
	if at < 0 || len(b) < at+8 {
		return hello{}, false
	}
	n := int(binary.LittleEndian.Uint16(b[at+4:]))
	rest := b[at+8:]
	if n == 0 || n > maxTags || len(rest) < 8*n {
		return hello{}, false
	}
	return hello{rest[:8*n], rest[8*n:]}, true
}

// value returns a tag's value, nil where it is not there.
func (h hello) value(tag string) []byte {
	from := uint32(0)
	for t := h.tags; len(t) > 0; t = t[8:] {
		to := binary.LittleEndian.Uint32(t[4:])
		if to < from || uint64(to) > uint64(len(h.values)) {
			return nil
		}
		if string(t[:4]) == tag {
			return h.values[from:to]
		}
		from = to
	}
	return nil
}
