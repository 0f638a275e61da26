package mqtt

import (
	"bytes"
	"unicode/utf8"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/wire"
)

// probe judges the first bytes of one direction. A CONNECT names its protocol;
// any other packet could be many things, so that the port must agree.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram {
		return dissect.Verdict{}
	}
	h, enough, ok := parseHeader(first)
	if !enough {
		return dissect.Verdict{Match: dissect.More}
	}
	if !ok || !h.flagsFit() {
		return dissect.Verdict{}
	}
	if h.kind == connect {
		return probeConnect(first[h.size:])
	}
	if !plausible(first) {
		return dissect.Verdict{}
	}
	v := dissect.Verdict{Match: dissect.Maybe}
	switch h.kind {
	case connack, suback, unsuback, pingresp:
		v.Client = dissect.Receiver
	case subscribe, unsubscribe, pingreq:
		v.Client = dissect.Sender
	}
	return v
}

// probeConnect looks for the protocol's name and level (sections 3.1.2.1 and
// 3.1.2.2).
func probeConnect(b []byte) dissect.Verdict {
	for _, name := range []string{"\x00\x04MQTT", "\x00\x06MQIsdp"} {
		if len(b) <= len(name) && bytes.HasPrefix([]byte(name), b) {
			return dissect.Verdict{Match: dissect.More}
		}
		if bytes.HasPrefix(b, []byte(name)) && b[len(name)]&0x7f >= version31 && b[len(name)]&0x7f <= version5 {
			return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
		}
	}
	return dissect.Verdict{}
}

// plausible reports whether b begins with a packet that could be one, and goes
// on with others as far as it reaches.
func plausible(b []byte) bool {
	const enough = 4
	for n := 0; n < enough && len(b) > 0; n++ {
		h, whole, ok := parseHeader(b)
		if !whole {
			return n > 0
		}
		if !ok || !h.flagsFit() || !plausibleLength(h) || h.kind == publish && !plausibleTopic(h, b[h.size:]) {
			return false
		}
		b = b[min(len(b), h.size+h.length):]
	}
	return true
}

// plausibleLength compares a packet's length with what its type may have.
func plausibleLength(h header) bool {
	switch h.kind {
	case pingreq, pingresp:
		return h.length == 0
	case connect:
		return h.length >= 12 && h.length < 1<<18
	case publish:
		return h.length >= 3
	case subscribe, unsubscribe, suback, unsuback:
		return h.length >= 3 && h.length < 1<<18
	case disconnect, auth:
		return h.length < 1<<17
	}
	return h.length >= 2 && h.length < 1<<17
}

// plausibleTopic reports whether a PUBLISH begins with a topic name.
func plausibleTopic(h header, b []byte) bool {
	r := wire.NewReader(b)
	n := int(r.U16())
	if n+2 > h.length {
		return false
	}
	topic := r.Bytes(min(n, r.Len()))
	for _, c := range topic {
		if c < ' ' || c == '#' || c == '+' {
			return false
		}
	}
	return utf8.Valid(topic) || len(topic) < n
}
