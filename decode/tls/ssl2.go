package tls

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"golang.org/x/crypto/cryptobyte"
)

// SSL 2.0's message types that are read.
const (
	ssl2ClientHello = 1
	ssl2ServerHello = 4
)

// parseSSL2Hello parses an SSL 2.0 ClientHello, message type included (RFC
// 5246 appendix E.2). Cipher specs that newer versions know too are kept.
func parseSSL2Hello(b []byte) (*ClientHello, error) {
	h := &ClientHello{}
	s := cryptobyte.String(b)
	var kind uint8
	var suites, session, challenge uint16
	if !s.ReadUint8(&kind) || !s.ReadUint16(&h.Version) || !s.ReadUint16(&suites) || !s.ReadUint16(&session) ||
		!s.ReadUint16(&challenge) {
		return h, ErrMalformed
	}
	var specs []byte
	if !s.ReadBytes(&specs, int(suites)) || !s.ReadBytes(&h.SessionID, int(session)) || !s.ReadBytes(&h.Random, int(challenge)) {
		return h, ErrMalformed
	}
	for ; len(specs) >= 3; specs = specs[3:] {
		if specs[0] == 0 {
			h.CipherSuites = append(h.CipherSuites, uint16(specs[1])<<8|uint16(specs[2]))
		}
	}
	return h, nil
}

// ssl2 takes the first record of a direction in SSL 2.0's framing.
func (d *dissector) ssl2(out dissect.Sink, h *half, dir layer.Direction, last layer.PacketRef) {
	name := "unknown"
	body := d.rec.body
	switch body[0] {
	case ssl2ClientHello:
		name = "client_hello"
		hello, err := parseSSL2Hello(body)
		if err != nil {
			out.Problem(Name, "malformed client_hello")
		}
		d.facts.ssl2ClientHello(dir, hello)
		d.rec.parts = append(d.rec.parts, part{Handshake: Handshake{Type: clientHello, Body: body, ClientHello: hello}, whole: true, offset: d.rec.header.size})
	case ssl2ServerHello:
		name = "server_hello"
		d.facts.ssl2ServerHello(dir)
		d.rec.parts = append(d.rec.parts, part{Handshake: Handshake{Type: serverHello, Body: body}, whole: true, offset: d.rec.header.size})
	}
	d.say(out, flow.Message{
		Kind: name, Dir: dir, First: h.first, Last: last, Packets: h.packets,
		Bytes: int64(d.rec.header.size + d.rec.header.length),
	})
	out.Layer(Name, d.describe)
}

func (f *facts) ssl2ClientHello(dir layer.Direction, h *ClientHello) {
	t := f.t()
	f.seen, f.client = true, dir
	t.ClientHello = f.first
	t.OfferedVersions = h.Offers()
}

func (f *facts) ssl2ServerHello(dir layer.Direction) {
	t := f.t()
	f.seen, f.client, f.version, f.full = true, dir.Reverse(), versionSSL2, true
	t.ServerHello, t.ServerDone = f.first, f.last
	t.Version = VersionName(versionSSL2)
}
