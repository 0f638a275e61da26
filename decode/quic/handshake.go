package quic

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls"
)

// message is a handshake message that the packet at hand completed.
type message struct {
	tls.Handshake
	parameters []parameter
}

const (
	tls13       = 0x0304
	clientHello = 1    // RFC 8446 section 4
	maxText     = 255  // bytes of a name
	maxNames    = 64   // ALPN names
	maxMessages = 64   // described for one packet
	extParams   = 0x39 // quic_transport_parameters (RFC 9001 section 8.2)
	extDraft    = 0xffa5
)

// handshake takes a CRYPTO frame and the messages that it completes.
func (c *connection) handshake(r *reading, f *frame) {
	dir, space := r.chunk.Dir, r.packet.kind.space()
	s := &c.crypto[dir][space]
	if !s.add(f.offset, f.data) {
		r.out.Problem(Name, "CRYPTO data beyond 256 KiB")
		return
	}
	for {
		kind, body, ok := s.message()
		if !ok {
			return
		}
		h, err := tls.ParseHandshake(kind, body, tls13)
		m := message{Handshake: h}
		if err != nil {
			r.out.Problem(Name, "malformed "+m.Name())
		}
		c.message(r, &m)
		if len(r.messages) < maxMessages {
			r.messages = append(r.messages, m)
		}
	}
}

// message takes what a handshake message says.
func (c *connection) message(r *reading, m *message) {
	q := c.d.facts
	dir := r.chunk.Dir
	switch {
	case m.ClientHello != nil:
		c.clientHello(r, m)
	case m.ServerHello != nil:
		h := m.ServerHello
		if h.Group != 0 {
			q.Group = tls.GroupName(h.Group)
		}
		if h.HelloRetry {
			q.HelloRetry = true
			break
		}
		c.suite = h.CipherSuite
		q.CipherSuite = tls.CipherSuiteName(h.CipherSuite)
		q.Resumed = h.PreSharedKey
	case m.EncryptedExtensions != nil:
		e := m.EncryptedExtensions
		if e.ALPN != "" {
			c.alpn = e.ALPN
			q.ALPN = layer.Clip([]byte(e.ALPN), maxText)
		}
		m.parameters = c.parameters(r, e.QUICParameters)
		if q.EarlyData == "offered" {
			q.EarlyData = "rejected"
			if e.EarlyData {
				q.EarlyData = "accepted"
			}
		}
		c.streams.decide(c, r, e.EarlyData)
	case m.Certificates != nil && dir != c.client:
		if len(q.Certificates) == 0 {
			q.Certificates = m.Certificates.Chain
		}
	default:
		return
	}
	c.d.news = true
}

func (c *connection) clientHello(r *reading, m *message) {
	h, q := m.ClientHello, c.d.facts
	if c.random == nil {
		c.random = bytes.Clone(h.Random)
		c.offered = h.ALPN
	}
	for i := range h.Extensions {
		if t := h.Extensions[i].Type; t == extParams || t == extDraft {
			m.parameters = c.parameters(r, h.Extensions[i].Data)
		}
	}
	if h.EarlyData && q.EarlyData == "" {
		q.EarlyData = "offered"
	}
	if q.JA4 != "" { // a second one, after a HelloRetryRequest
		return
	}
	c.offer(r.out, h)
	q.JA3, q.JA3String = h.JA3()
	q.JA4 = h.JA4('q')
}

func (c *connection) offer(out dissect.Sink, h *tls.ClientHello) {
	q := c.d.facts
	c.d.news = true
	for _, a := range h.ALPN[:min(len(h.ALPN), maxNames)] {
		q.OfferedALPN = append(q.OfferedALPN, layer.Clip([]byte(a), maxText))
	}
	if h.ServerName != "" {
		q.SNI = layer.Clip([]byte(h.ServerName), maxText)
		out.ServerName(q.SNI)
	}
}

// partialHello takes from a ClientHello of which a part is missing what stands
// before that.
func (c *connection) partialHello(out dissect.Sink) {
	b := c.crypto[c.client][spaceInitial].prefix()
	if c.d.facts.JA4 != "" || len(b) <= messageHeader || b[0] != clientHello {
		return
	}
	h, _ := tls.ParseClientHello(b[messageHeader:])
	c.offer(out, h)
}

// parameters takes the transport parameters of the sender.
func (c *connection) parameters(r *reading, b []byte) []parameter {
	dir := r.chunk.Dir
	p, list, ok := parseParameters(b)
	if !ok {
		r.out.Problem(Name, "malformed transport parameters")
		return list
	}
	kept := p.QUICParameters
	c.params[dir] = &kept
	c.d.facts.Parameters[dir] = &kept
	c.addToken(dir, p.resetToken)
	if len(p.preferred) > 0 {
		c.addID(r.out, dir.Reverse(), p.preferred)
		c.addToken(dir, p.preferredToken)
	}
	back := dir.Reverse() // the parameters bound what comes back
	c.data[back].start(p.MaxData)
	c.counts[back][0].start(p.MaxStreamsBidi)
	c.counts[back][1].start(p.MaxStreamsUni)
	return list
}

// streamLimit returns the limit that transport parameters set for data of a
// stream in a direction.
func (c *connection) streamLimit(id uint64, dir layer.Direction) (uint64, bool) {
	p := c.params[dir.Reverse()]
	switch {
	case p == nil:
		return 0, false
	case id&unidirectional != 0:
		return p.MaxStreamDataUni, true
	case openedBy(id, c.client) == dir:
		return p.MaxStreamDataRemote, true
	}
	return p.MaxStreamDataLocal, true
}
