package tls

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
)

// probe judges the first bytes of one direction.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 {
		return dissect.Verdict{Match: no(len(first) == 0)}
	}
	if first[0]&0x80 != 0 {
		return probeSSL2(first)
	}
	if !plausibleStart(first[:min(len(first), headerSize)]) || len(first) > 1 && first[1] == 0x7f {
		return dissect.Verdict{}
	}
	if len(first) < headerSize+1 {
		return dissect.Verdict{Match: dissect.More}
	}
	h, ok := parseHeader(first)
	if !ok {
		return dissect.Verdict{}
	}
	body := first[headerSize:]
	switch h.kind {
	case typeHandshake:
		return probeHandshake(h, body)
	case typeApplicationData:
		return dissect.Verdict{Match: dissect.Maybe}
	case typeChangeCipherSpec:
		if h.length == 1 && body[0] == 1 {
			return dissect.Verdict{Match: dissect.Yes}
		}
	case typeAlert:
		return probeAlert(h, body)
	case typeHeartbeat: // RFC 6520 section 4: type, length, 16 bytes of padding
		if h.length >= 19 {
			return dissect.Verdict{Match: dissect.Maybe}
		}
	}
	return dissect.Verdict{}
}

func no(more bool) dissect.Match {
	if more {
		return dissect.More
	}
	return dissect.No
}

func probeHandshake(h header, body []byte) dissect.Verdict {
	v := dissect.Verdict{Match: dissect.Yes}
	switch body[0] {
	case clientHello:
		v.Client = dissect.Sender
	case serverHello, serverHelloDone, serverKeyExchange, certificateRequest, helloRequest:
		v.Client = dissect.Receiver
	case clientKeyExchange:
		v.Client = dissect.Sender
	case newSessionTicket, certificate, certificateStatus, certificateVerify, finished:
	default: // encrypted, in a capture that began late
		return dissect.Verdict{Match: dissect.Maybe}
	}
	if len(body) < handshakeHeader {
		if h.length < handshakeHeader {
			return dissect.Verdict{Match: dissect.Maybe}
		}
		return dissect.Verdict{Match: dissect.More}
	}
	if !plausibleMessage(body, h.length) {
		return dissect.Verdict{Match: dissect.Maybe}
	}
	return v
}

// probeAlert takes an alert of two bytes for certain: seven bytes agree.
func probeAlert(h header, body []byte) dissect.Verdict {
	if h.length != 2 {
		return dissect.Verdict{Match: dissect.Maybe}
	}
	if body[0] != alertWarning && body[0] != alertFatal {
		return dissect.Verdict{}
	}
	if len(body) < 2 {
		return dissect.Verdict{Match: dissect.More}
	}
	if alertNames[body[1]] == "" {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Yes}
}

// probeSSL2 knows an SSL 2.0 ClientHello, in which old clients offered newer
// versions (RFC 5246 appendix E.2).
func probeSSL2(b []byte) dissect.Verdict {
	const fixed = 11 // record header, type, version, three lengths
	if len(b) > 2 && b[2] != ssl2ClientHello {
		return dissect.Verdict{}
	}
	if len(b) > 3 && b[3] != 3 && b[3] != 0 {
		return dissect.Verdict{}
	}
	if len(b) < fixed {
		return dissect.Verdict{Match: dissect.More}
	}
	h, _ := parseSSL2(b)
	if h.length > 1<<12 || !ssl2HelloLengths(b[2:], h.length) {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
}

// ssl2HelloLengths reports whether the three lengths of an SSL 2.0 ClientHello
// add up to the record's length and have the values that they may have.
func ssl2HelloLengths(b []byte, length int) bool {
	version := binary.BigEndian.Uint16(b[1:])
	suites := int(binary.BigEndian.Uint16(b[3:]))
	session := int(binary.BigEndian.Uint16(b[5:]))
	challenge := int(binary.BigEndian.Uint16(b[7:]))
	return (version == versionSSL2 || version >= versionSSL3 && version <= versionTLS12) &&
		suites > 0 && suites%3 == 0 && (session == 0 || session == 16) &&
		challenge >= 16 && challenge <= 32 && 9+suites+session+challenge == length
}
