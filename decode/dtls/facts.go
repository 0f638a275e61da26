package dtls

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls"
)

// facts gathers what the handshake says.
type facts struct {
	out  *flow.TLS // nil until there is something to say
	news bool
	at   layer.PacketRef // the datagram that is read
}

// Bounds of what a hostile handshake can make us keep.
const (
	maxAlerts = 16
	maxNames  = 64
	maxText   = 255
)

// t returns the facts to write to and notes that they change.
func (f *facts) t() *flow.TLS {
	if f.out == nil {
		f.out = &flow.TLS{}
	}
	f.news = true
	return f.out
}

func (f *facts) tell(out dissect.Sink) {
	if f.news {
		f.news = false
		out.DTLS(f.out)
	}
}

func (f *facts) alpn() string {
	if f.out == nil {
		return ""
	}
	return f.out.ALPN
}

func (f *facts) message(out dissect.Sink, m *tls.Handshake, dir layer.Direction) {
	switch {
	case m.ClientHello != nil:
		f.clientHello(out, m.ClientHello)
	case m.ServerHello != nil:
		f.serverHello(m.ServerHello)
	case m.Certificates != nil:
		t := f.t()
		if len(t.Certificates) == 0 && dir == layer.ToClient {
			t.Certificates = m.Certificates.Chain
		} else if dir == layer.ToServer {
			t.ClientCertificate = t.ClientCertificate || len(m.Certificates.Chain) > 0
		}
	case m.CertificateRequest != nil:
		f.t().CertificateAsked = true
	case m.Type == helloVerify:
		f.t().HelloRetry = true
	case m.Type == helloDone:
		f.t().ServerDone = f.at
	case m.Type == keyExchange && len(m.Body) > 3 && m.Body[0] == 3: // named_curve, RFC 8422 section 5.4
		f.t().Group = tls.GroupName(uint16(m.Body[1])<<8 | uint16(m.Body[2]))
	case m.Type == finished && dir == layer.ToServer:
		f.t().ClientFinished = f.at
	}
}

func (f *facts) clientHello(out dissect.Sink, h *tls.ClientHello) {
	t := f.t()
	if t.ClientHello.Valid() {
		if !t.ClientHello2.Valid() && t.HelloRetry {
			t.ClientHello2 = f.at
		}
		return
	}
	t.ClientHello = f.at
	t.JA4 = h.JA4('d')
	t.JA3, t.JA3String = h.JA3()
	for _, a := range h.ALPN[:min(len(h.ALPN), maxNames)] {
		t.OfferedALPN = append(t.OfferedALPN, layer.Clip([]byte(a), maxText))
	}
	if h.ServerName != "" {
		t.SNI = layer.Clip([]byte(h.ServerName), maxText)
		out.ServerName(t.SNI)
	}
}

func (f *facts) serverHello(h *tls.ServerHello) {
	t := f.t()
	if h.HelloRetry {
		t.HelloRetry = true
		return
	}
	if t.Version != "" {
		return
	}
	t.ServerHello = f.at
	t.CipherSuite = tls.CipherSuiteName(h.CipherSuite)
	if h.Group != 0 {
		t.Group = tls.GroupName(h.Group)
	}
	switch h.Version {
	case dtls10:
		t.Version = "DTLS 1.0"
	case dtls12:
		t.Version = "DTLS 1.2"
	case dtls13:
		t.Version = "DTLS 1.3"
	default:
		t.Version = tls.VersionName(h.Version)
	}
	if h.ALPN != "" {
		t.ALPN = layer.Clip([]byte(h.ALPN), maxText)
	}
}

func (f *facts) alert(dir layer.Direction, b []byte) {
	t := f.t()
	if len(t.Alerts) < maxAlerts {
		level := "warning"
		if b[0] == 2 {
			level = "fatal"
		}
		t.Alerts = append(t.Alerts, flow.Alert{At: f.at, Dir: dir, Level: level, Name: tls.AlertName(b[1])})
	}
}

// data takes a record of application data.
func (f *facts) data(r *record, dir layer.Direction, opened bool) {
	if f.out != nil && !f.out.FirstAppData[dir].Valid() {
		f.t().FirstAppData[dir] = f.at
	}
	if opened && f.out != nil && !f.out.Decrypted {
		f.t().Decrypted = true
	}
}

// sealed takes a record that cannot be read. The client's first one of a
// handshake is its Finished.
func (f *facts) sealed(r *record, dir layer.Direction) {
	switch {
	case f.out == nil:
	case r.kind == handshake && dir == layer.ToServer && !f.out.ClientFinished.Valid():
		f.t().ClientFinished = f.at
	case r.kind == applicationData && !r.unified:
		f.data(r, dir, false)
	}
}

// keyProblem tells why the connection was not read.
func (f *facts) keyProblem(k *keys) {
	if text := k.problem(); text != "" && f.out != nil {
		f.t().KeyProblem = text
	}
}
