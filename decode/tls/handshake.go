package tls

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Handshake types (RFC 8446 section 4, RFC 5246 section 7.4 and the registry).
const (
	helloRequest        = 0
	clientHello         = 1
	serverHello         = 2
	newSessionTicket    = 4
	endOfEarlyData      = 5
	helloRetryRequest   = 6 // TLS 1.3 drafts up to 21
	encryptedExtensions = 8
	certificate         = 11
	serverKeyExchange   = 12
	certificateRequest  = 13
	serverHelloDone     = 14
	certificateVerify   = 15
	clientKeyExchange   = 16
	finished            = 20
	certificateURL      = 21
	certificateStatus   = 22
	supplementalData    = 23
	keyUpdate           = 24
	compressedCert      = 25
	nextProtocol        = 67
)

const (
	handshakeHeader = 4
	// maxHandshake bounds a handshake message; chains of certificates get long.
	maxHandshake = 256 << 10
)

// messageNames are the RFCs' names in lower case, and Wireshark's titles.
var messageNames = map[uint8][2]string{
	helloRequest: {"hello_request", "Hello Request"}, clientHello: {"client_hello", "Client Hello"},
	serverHello: {"server_hello", "Server Hello"}, newSessionTicket: {"new_session_ticket", "New Session Ticket"},
	endOfEarlyData: {"end_of_early_data", "End Of Early Data"}, helloRetryRequest: {"hello_retry_request", "Hello Retry Request"},
	encryptedExtensions: {"encrypted_extensions", "Encrypted Extensions"}, certificate: {"certificate", "Certificate"},
	serverKeyExchange:  {"server_key_exchange", "Server Key Exchange"},
	certificateRequest: {"certificate_request", "Certificate Request"},
	serverHelloDone:    {"server_hello_done", "Server Hello Done"}, certificateVerify: {"certificate_verify", "Certificate Verify"},
	clientKeyExchange: {"client_key_exchange", "Client Key Exchange"}, finished: {"finished", "Finished"},
	certificateURL: {"certificate_url", "Certificate URL"}, certificateStatus: {"certificate_status", "Certificate Status"},
	supplementalData: {"supplemental_data", "Supplemental Data"}, keyUpdate: {"key_update", "Key Update"},
	compressedCert: {"compressed_certificate", "Compressed Certificate"}, nextProtocol: {"next_protocol", "Next Protocol"},
}

// plausibleMessage reports whether b begins with the header of a handshake
// message that a record with length bytes can hold, or begin to hold. An
// encrypted message passes with a chance of about one in ten thousand.
func plausibleMessage(b []byte, length int) bool {
	if len(b) < handshakeHeader || messageNames[b[0]][0] == "" {
		return false
	}
	n := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
	switch b[0] {
	case helloRequest, serverHelloDone, endOfEarlyData:
		if n != 0 {
			return false
		}
	case clientHello, serverHello:
		if len(b) > handshakeHeader && b[4] != 3 && b[4] != 0x7f && b[4] != 1 {
			return false
		}
	}
	return n+handshakeHeader <= length || n <= maxHandshake && length >= 64
}

// assembler joins handshake messages that span records.
type assembler struct {
	data    []byte
	first   layer.PacketRef // packet of data[0]
	packets flow.Packets
	skip    int // bytes of a message too long to keep
}

func (a *assembler) reset() {
	a.data, a.skip = nil, 0
	a.packets.Reset()
}

// part is a handshake message as the current record's description needs it.
type part struct {
	Handshake
	whole  bool // the message lies in this record wholly, at offset
	offset int
}

// handshakeRecord takes a record's plaintext handshake bytes.
func (d *dissector) handshakeRecord(out dissect.Sink, dir layer.Direction, body []byte, first, last layer.PacketRef, packets *flow.Packets) {
	a := &d.half[dir].messages
	if a.skip > 0 {
		n := min(a.skip, len(body))
		a.skip -= n
		body = body[n:]
	}
	data, fresh := body, len(a.data) == 0
	if fresh {
		a.first = first
		a.packets.Reset()
	} else {
		a.data = append(a.data, body...)
		data = a.data
	}
	for _, n := range packets.List() {
		a.packets.Add(int(n))
	}
	at := d.rec.header.size
	show := d.describe
	if d.rec.opened {
		at, show = 0, d.describeOpened
	}
	for len(data) >= handshakeHeader {
		n := int(data[1])<<16 | int(data[2])<<8 | int(data[3])
		if n > maxHandshake {
			out.Problem(Name, "handshake message longer than 256 KiB")
			a.skip = n + handshakeHeader - len(data)
			data = nil
			break
		}
		if len(data) < handshakeHeader+n {
			break
		}
		p := part{whole: fresh, offset: at}
		p.Type, p.Body = data[0], data[handshakeHeader:handshakeHeader+n]
		d.message(out, dir, &p, last)
		if len(d.rec.parts) < maxParts {
			d.rec.parts = append(d.rec.parts, p)
		}
		data = data[handshakeHeader+n:]
		at += handshakeHeader + n
		a.first = first
		a.packets.Reset()
		a.packets.Add(last.Number)
		fresh = true
	}
	d.rec.rest = len(data)
	out.Layer(Name, show)
	switch {
	case len(data) == 0:
		a.data = nil
	case fresh:
		a.data = append(a.data[:0], data...)
	}
	// Otherwise no message was taken and a.data is data already: to copy it for
	// each record would make a message in tiny records cost their square.
}

// maxParts bounds the messages described for one record.
const maxParts = 64

// message takes one whole handshake message.
func (d *dissector) message(out dissect.Sink, dir layer.Direction, p *part, last layer.PacketRef) {
	a := &d.half[dir].messages
	m, err := ParseHandshake(p.Type, p.Body, d.facts.version)
	p.Handshake = m
	name := m.Name()
	if name == "unknown" {
		out.Problem(Name, "handshake message of unknown type")
	}
	d.facts.first, d.facts.last = a.first, last
	d.facts.message(out, dir, &m, d.rec.opened)
	d.follow(out, dir, &m)
	if err != nil {
		out.Problem(Name, "malformed "+name)
	}
	d.say(out, flow.Message{
		Kind: name, Dir: dir, First: a.first, Last: last, Packets: a.packets,
		Bytes: int64(len(p.Body) + handshakeHeader),
	})
}

// follow lets the keys go on with the handshake.
func (d *dissector) follow(out dissect.Sink, dir layer.Direction, m *Handshake) {
	k := &d.keys
	switch m.Type {
	case clientHello:
		k.clientHello(dir, m.ClientHello)
	case serverHello:
		k.serverHello(dir, m.ServerHello)
	case newSessionTicket:
		k.newTicket(m.NewSessionTicket)
	}
	k.message(m)
	if !is13(d.facts.version) && !is13(k.version) || !d.rec.opened {
		return
	}
	switch m.Type {
	case encryptedExtensions:
		d.decideEarly(out)
	case endOfEarlyData:
		d.decideEarly(out)
		k.advance(dir, epochHandshake)
	case finished:
		k.advance(dir, epochApplication)
	case keyUpdate:
		k.advance(dir, k.side[dir].epoch+1)
	}
}
