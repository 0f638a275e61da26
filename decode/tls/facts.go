package tls

import (
	"bytes"
	"encoding/binary"
	"slices"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// facts gathers what the handshake says. What cannot be read without keys is
// inferred from the order and the lengths of encrypted records: see tls13.go.
type facts struct {
	out  *flow.TLS // nil until there is something to say
	news bool

	first, last layer.PacketRef // packets of the unit that is being read

	seen      bool // a hello was read
	client    layer.Direction
	sessionID []byte // as the client offered it
	ticket    bool   // the client offered one
	version   uint16 // negotiated, 0 until the ServerHello
	suite     uint16
	echoed    bool // the server echoed the session id
	chosen    bool // EncryptedExtensions were read: what the server chose is known
	full      bool // Certificate, ServerKeyExchange or ServerHelloDone went by: no abbreviated handshake
	inferred  inferred
	problem   problem // that the facts tell of
}

// Bounds of what a hostile handshake can make us keep.
const (
	maxAlerts = 16
	maxNames  = 64  // versions, ALPN names
	maxText   = 255 // bytes of a name
)

// t returns the facts to write to and notes that they change.
func (f *facts) t() *flow.TLS {
	if f.out == nil {
		f.out = &flow.TLS{}
	}
	f.news = true
	return f.out
}

// tell hands the facts out if they changed.
func (f *facts) tell(out dissect.Sink) {
	if f.news {
		f.news = false
		out.TLS(f.out)
	}
}

// message takes what a handshake message says; opened tells that it was
// encrypted.
func (f *facts) message(out dissect.Sink, dir layer.Direction, m *Handshake, opened bool) {
	switch m.Type {
	case encryptedExtensions:
		f.encryptedExtensions(m.EncryptedExtensions)
	case endOfEarlyData:
		if t := f.t(); t.EarlyData == "offered" || t.EarlyDataLikely {
			t.EarlyData, t.EarlyDataLikely = "accepted", false
		}
	case finished:
		if opened {
			f.finished(dir)
		}
	case keyUpdate:
		f.t().KeyUpdates++
	case clientHello:
		f.clientHello(out, dir, m.ClientHello)
	case serverHello:
		f.serverHello(dir, m.ServerHello)
	case helloRetryRequest:
		f.helloRetry()
	case certificate, compressedCert:
		f.certificate(dir, m.Certificates.Chain)
	case serverKeyExchange:
		f.keyExchange(m.Body)
	case certificateRequest:
		f.t().CertificateAsked = true
	case serverHelloDone:
		f.helloDone(f.last)
	case newSessionTicket:
		f.t().TicketIssued = true
	}
}

func (f *facts) clientHello(out dissect.Sink, dir layer.Direction, h *ClientHello) {
	t := f.t()
	f.client = dir
	if f.seen && t.ClientHello.Valid() {
		if f.version != 0 && !is13(f.version) { // RFC 5746
			t.Renegotiations++
			return
		}
		if !t.ClientHello2.Valid() {
			t.ClientHello2 = f.first
		}
		return
	}
	f.seen = true
	t.ClientHello = f.first
	f.offer(out, h)
	t.JA3, t.JA3String = h.JA3()
	t.JA4 = h.JA4('t')
}

// partial takes a ClientHello that was cut off: no fingerprints.
func (f *facts) partial(out dissect.Sink, h *ClientHello) {
	f.t().ClientHello = f.first
	f.offer(out, h)
}

func (f *facts) offer(out dissect.Sink, h *ClientHello) {
	t := f.t()
	if n := len(h.Random); n >= 8 {
		t.HelloID = binary.BigEndian.Uint64(h.Random[n-8:]) // some put the time into the first bytes
	}
	f.sessionID = bytes.Clone(h.SessionID)
	f.ticket = h.Ticket
	t.OfferedVersions = bounded(h.Offers())
	t.OfferedALPN = bounded(h.ALPN)
	if h.ServerName != "" {
		t.SNI = layer.Clip([]byte(h.ServerName), maxText)
		out.ServerName(t.SNI)
	}
	if h.ECH {
		t.ECH = "offered"
	}
	if h.EarlyData {
		t.EarlyData = "offered"
	}
}

func bounded(names []string) []string {
	if len(names) > maxNames {
		names = names[:maxNames]
	}
	names = slices.Clone(names)
	for i := range names {
		names[i] = layer.Clip([]byte(names[i]), maxText)
	}
	return names
}

func (f *facts) helloRetry() {
	t := f.t()
	t.HelloRetry = true
	if t.EarlyData != "" { // RFC 8446 section 4.2.10: a retry rejects it
		f.reject(false)
	}
}

func (f *facts) serverHello(dir layer.Direction, h *ServerHello) {
	t := f.t()
	f.seen = true
	f.client = dir.Reverse()
	if h.Group != 0 {
		t.Group = GroupName(h.Group)
	}
	if h.HelloRetry {
		f.helloRetry()
		return
	}
	if f.version != 0 {
		return
	}
	f.version, f.suite = h.Version, h.CipherSuite
	t.ServerHello = f.first
	t.Version = VersionName(h.Version)
	if is13(h.Version) {
		t.Version = "TLS 1.3"
	}
	t.CipherSuite = CipherSuiteName(h.CipherSuite)
	if h.ALPN != "" {
		t.ALPN = layer.Clip([]byte(h.ALPN), maxText)
	}
	f.echoed = len(h.SessionID) > 0 && bytes.Equal(h.SessionID, f.sessionID)
	if !is13(h.Version) {
		return
	}
	if h.PreSharedKey {
		t.Resumed, t.ResumedBy = true, "psk"
	}
	// RFC 8446 section 4.2.10: early data needs the first PSK.
	if t.EarlyData == "offered" && (!h.PreSharedKey || h.Identity != 0) {
		f.reject(false)
	}
}

func (f *facts) certificate(dir layer.Direction, chain []flow.Certificate) {
	t := f.t()
	f.full = true
	if dir == f.client && f.seen {
		t.ClientCertificate = t.ClientCertificate || len(chain) > 0
		if len(t.ClientCertificates) == 0 {
			t.ClientCertificates = chain
		}
		return
	}
	if len(t.Certificates) == 0 {
		t.Certificates = chain
		name := t.SNI
		if t.ECH == "accepted" { // the client asked for another one
			name = ""
		}
		t.CertificateProblems = CertificateProblems(chain, name, f.last.Time())
	}
}

// namedCurve is the curve type that names a group (RFC 8422 section 5.4).
const namedCurve = 3

// keyExchange finds the group in a ServerKeyExchange (RFC 8422 section 5.4).
func (f *facts) keyExchange(b []byte) {
	f.full = true
	if len(b) > 3 && b[0] == namedCurve {
		f.t().Group = GroupName(uint16(b[1])<<8 | uint16(b[2]))
	}
}

func (f *facts) helloDone(last layer.PacketRef) {
	f.full = true
	f.t().ServerDone = last
}

// changeCipherSpec takes the message that ends the clear part of a handshake
// of TLS 1.2 or older. In TLS 1.3 it means nothing (RFC 8446 appendix D.4).
func (f *facts) changeCipherSpec(d *dissector, dir layer.Direction) {
	if f.version == 0 || is13(f.version) || dir == f.client || f.full {
		return
	}
	// An abbreviated handshake: the server goes on without a Certificate. Its
	// first flight may have been lost in part, then only the id tells.
	if f.echoed || f.ticket && !d.half[dir].gap {
		t := f.t()
		t.Resumed, t.ResumedBy = true, "session id"
		if f.ticket {
			t.ResumedBy = "ticket"
		}
	}
}

// sealedHandshake takes an encrypted handshake record. The first one of each
// direction is the Finished (RFC 5246 section 7.4.9).
func (f *facts) sealedHandshake(dir layer.Direction) {
	if !f.seen || is13(f.version) {
		return
	}
	t := f.t()
	switch {
	case dir == f.client && !t.ClientFinished.Valid():
		t.ClientFinished = f.last
	case dir != f.client && t.Resumed && !t.ServerDone.Valid():
		t.ServerDone = f.last
	}
}

func (f *facts) alert(dir layer.Direction, level, name string) {
	if f.out == nil && level == "" {
		return
	}
	t := f.t()
	if len(t.Alerts) < maxAlerts {
		t.Alerts = append(t.Alerts, flow.Alert{At: f.last, Dir: dir, Level: level, Name: name})
	}
}

// applicationData takes a record of type 23.
func (f *facts) applicationData(d *dissector, dir layer.Direction, length int) {
	if !f.seen {
		return
	}
	if is13(f.version) || f.version == 0 && f.out.EarlyData != "" {
		f.record13(dir, length)
		return
	}
	if f.out.FirstAppData[dir].Valid() {
		return
	}
	t := f.t()
	t.FirstAppData[dir] = f.first
	server := &d.half[dir.Reverse()]
	if dir == f.client && f.version != 0 && f.full && !server.ccs && !server.gap && server.records > 0 {
		t.FalseStart = true // RFC 7918
	}
}

// mayRetry reports whether a hello in the clear may follow a ChangeCipherSpec:
// in TLS 1.3, or while the version is not known.
func (f *facts) mayRetry() bool { return f.version == 0 || is13(f.version) }

// sealedSoon reports whether handshake records are encrypted though no
// ChangeCipherSpec was seen.
func (f *facts) sealedSoon() bool { return is13(f.version) }
