// Package dtls reads DTLS (RFC 6347, RFC 9147): TLS over datagrams, with
// records that carry an epoch and a number, and handshake messages that are
// fragmented and sent again until they are answered. With the user's keys it
// opens the records of DTLS 1.2; of DTLS 1.3 the hellos are read. What the
// messages say is parsed by package tls.
package dtls

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "dtls"

const osi = 6

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Name, OSI: osi, Datagram: true, Shares: true, Ports: []uint16{853, 4433, 5684},
		About: "DTLS is TLS for datagrams: the same handshake, made to survive loss and reordering. WebRTC agrees on its media keys with it, and runs its data channels inside.",
		Probe: probe,
		New:   func(c dissect.Context) dissect.Dissector { return newDissector(c) },
	}
}

// The record types (RFC 9147 section 4.1).
const (
	changeCipherSpec = 20
	alert            = 21
	handshake        = 22
	applicationData  = 23
	heartbeat        = 24
	connectionID     = 25 // RFC 9146
	unified          = 0x20
	unifiedMask      = 0xe0
)

// Offsets in a record of DTLS 1.2 (RFC 6347 section 4.1).
const (
	atVersion  = 1
	atEpoch    = 3
	atSequence = 5
	atLength   = 11
	headerSize = 13
)

// record is one record of a datagram.
type record struct {
	kind     uint8
	version  uint16
	epoch    uint16
	sequence uint64 // 48 bits
	offset   int    // in the datagram
	header   int    // size of the header
	body     []byte // may be cut off
	length   int    // of the body on the wire
	unified  bool   // DTLS 1.3's encrypted header
}

// end is the offset behind the record in its datagram.
func (r *record) end() int { return r.offset + r.header + r.length }

// parse reads the record at an offset of a datagram; ok is false where none is.
func parse(datagram []byte, offset int) (r record, ok bool) {
	b := datagram[offset:]
	r.offset = offset
	if len(b) > 0 && b[0]&unifiedMask == unified {
		return parseUnified(b, r)
	}
	if len(b) < headerSize {
		return r, false
	}
	r.header = headerSize
	r.kind, r.version, r.epoch = b[0], binary.BigEndian.Uint16(b[atVersion:]), binary.BigEndian.Uint16(b[atEpoch:])
	r.sequence = uint64(binary.BigEndian.Uint16(b[atSequence:]))<<32 | uint64(binary.BigEndian.Uint32(b[atSequence+2:]))
	r.length = int(binary.BigEndian.Uint16(b[atLength:]))
	r.body = b[headerSize:min(len(b), headerSize+r.length)]
	return r, r.kind >= changeCipherSpec && r.kind <= connectionID && known(r.version)
}

// parseUnified reads DTLS 1.3's header, of which nothing but the layout is in
// the clear (RFC 9147 section 4).
func parseUnified(b []byte, r record) (record, bool) {
	const hasID, longSequence, hasLength = 0x10, 0x08, 0x04
	r.unified, r.kind = true, applicationData
	if b[0]&hasID != 0 {
		return r, false // how long the id is, only the handshake says
	}
	at := 2
	if b[0]&longSequence != 0 {
		at++
	}
	r.length = max(0, len(b)-at)
	if b[0]&hasLength != 0 {
		if len(b) < at+2 {
			return r, false
		}
		r.length = int(binary.BigEndian.Uint16(b[at:]))
		at += 2
	}
	if len(b) < at {
		return r, false
	}
	r.header = at
	r.body = b[at:min(len(b), at+r.length)]
	return r, true
}

// known reports whether a version is one of DTLS: 1.0, 1.2, or OpenSSL's old
// one.
func known(v uint16) bool { return v == 0xfeff || v == 0xfefd || v == 0x0100 }

// probe judges a datagram by the record that it begins with.
func probe(b []byte, datagram bool) dissect.Verdict {
	if !datagram || len(b) < headerSize || b[0] < changeCipherSpec || b[0] > connectionID {
		return dissect.Verdict{}
	}
	r, ok := parse(b, 0)
	if !ok || r.length == 0 || r.length > maxRecord || len(r.body) < r.length {
		return dissect.Verdict{}
	}
	v := dissect.Verdict{Match: dissect.Yes}
	if r.kind == handshake && r.epoch == 0 && len(r.body) > 0 {
		switch r.body[0] {
		case clientHello:
			v.Client = dissect.Sender
		case serverHello, helloVerify:
			v.Client = dissect.Receiver
		}
	}
	return v
}

const maxRecord = 1<<14 + 2048
