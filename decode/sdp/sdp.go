// Package sdp reads session descriptions (RFC 8866): what media a session has,
// where they go, and by which codecs and keys. They come inside SIP, in HTTP
// and WebSocket signalling, in RTSP. The media that a description names are
// announced to the chain, so that their packets are known when they come.
package sdp

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "sdp"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Name, OSI: osi, Stream: true, Datagram: true,
		About:     "A session description lists the media of a call, a conference or a stream: kinds, codecs, addresses and ports, and for WebRTC the fingerprints and candidates. One side offers, the other answers.",
		Announced: []string{"sdp", "application/sdp"},
		New:       func(dissect.Context) dissect.Dissector { return &dissector{} },
	}
}

// Media is one medium of a description (RFC 8866 section 5.14).
type Media struct {
	Kind    string // "audio", "video", "application" ...
	Addr    netip.Addr
	Port    uint16 // 0: rejected
	Proto   string // "RTP/AVP", "UDP/TLS/RTP/SAVPF", "UDP/DTLS/SCTP" ...
	Formats []string
	Codecs  []string // of a=rtpmap, "opus/48000/2"
	RTCP    netip.AddrPort
}

// Description is what a session description says.
type Description struct {
	Session    string // s=
	Media      []Media
	Candidates []string // of a=candidate, as they are
	ICE        bool
	DTLS       bool // a fingerprint is there
}

// Bounds of what is read of one description.
const (
	maxSize       = 64 << 10
	maxMedia      = 64
	maxCandidates = 64
	maxCodecs     = 64
	maxText       = 255
)

// Parse reads a description. ok is false where b does not begin as one does
// (RFC 8866 section 5): with v=0.
func Parse(b []byte) (d Description, ok bool) {
	if !bytes.HasPrefix(b, []byte("v=0")) {
		return d, false
	}
	var session netip.Addr
	for line := range bytes.Lines(b[:min(len(b), maxSize)]) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		d.line(line[0], string(line[2:]), &session)
	}
	return d, true
}

func (d *Description) line(kind byte, value string, session *netip.Addr) {
	var m *Media
	if len(d.Media) > 0 {
		m = &d.Media[len(d.Media)-1]
	}
	switch kind {
	case 's':
		d.Session = layer.Clip([]byte(value), maxText)
	case 'c':
		if a, ok := connection(value); ok && m != nil {
			m.Addr = a
		} else if ok {
			*session = a
		}
	case 'm':
		if len(d.Media) < maxMedia {
			d.Media = append(d.Media, media(value, *session))
		}
	case 'a':
		d.attribute(value, m)
	}
}

// connection reads "IN IP4 192.0.2.1/127" (section 5.7).
func connection(value string) (netip.Addr, bool) {
	parts := strings.Fields(value)
	if len(parts) < 3 {
		return netip.Addr{}, false
	}
	text, _, _ := strings.Cut(parts[2], "/")
	a, err := netip.ParseAddr(text)
	return a, err == nil
}

// media reads "audio 49170/2 RTP/AVP 0 8" (section 5.14).
func media(value string, addr netip.Addr) Media {
	parts := strings.Fields(value)
	m := Media{Addr: addr}
	if len(parts) > 0 {
		m.Kind = layer.Clip([]byte(parts[0]), maxText)
	}
	if len(parts) > 1 {
		text, _, _ := strings.Cut(parts[1], "/")
		port, _ := strconv.ParseUint(text, 10, 16)
		m.Port = uint16(port)
	}
	if len(parts) > 2 {
		m.Proto = layer.Clip([]byte(parts[2]), maxText)
	}
	formats := parts[min(3, len(parts)):]
	for _, f := range formats[:min(len(formats), maxCodecs)] {
		m.Formats = append(m.Formats, layer.Clip([]byte(f), maxText))
	}
	return m
}

func (d *Description) attribute(value string, m *Media) {
	key, rest, _ := strings.Cut(value, ":")
	switch key {
	case "candidate":
		d.ICE = true
		if len(d.Candidates) < maxCandidates {
			d.Candidates = append(d.Candidates, layer.Clip([]byte(rest), maxText))
		}
	case "ice-ufrag":
		d.ICE = true
	case "fingerprint":
		d.DTLS = true
	case "rtpmap":
		if _, codec, ok := strings.Cut(rest, " "); ok && m != nil && len(m.Codecs) < maxCodecs {
			m.Codecs = append(m.Codecs, layer.Clip([]byte(codec), maxText))
		}
	case "rtcp": // RFC 3605
		if m == nil {
			return
		}
		port, where, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(strings.TrimSpace(port), 10, 16)
		if err != nil {
			return
		}
		addr := m.Addr
		if a, ok := connection(where); ok {
			addr = a
		}
		m.RTCP = netip.AddrPortFrom(addr, uint16(n))
	}
}

// Summary tells a description in one line.
func (d *Description) Summary() string {
	var parts []string
	for i := range d.Media {
		m := &d.Media[i]
		text := m.Kind
		switch {
		case m.Port == 0:
			text += " rejected"
		case len(m.Codecs) > 0:
			text += " " + m.Codecs[0]
		}
		parts = append(parts, text)
	}
	if len(parts) == 0 {
		return "session description without media"
	}
	return "session description: " + strings.Join(parts, ", ")
}

// expect announces where the media will go. A port of 9 stands for none yet
// (RFC 8840), and media inside DTLS find their way by ICE.
func (d *Description) expect(out dissect.Sink) {
	const discard = 9
	for i := range d.Media {
		m := &d.Media[i]
		if !m.Addr.IsValid() || m.Addr.IsUnspecified() || m.Port == 0 || m.Port == discard || !strings.HasPrefix(m.Proto, "RTP/") {
			continue
		}
		out.Expect(netip.AddrPortFrom(m.Addr, m.Port), "rtp")
		control := m.RTCP
		if !control.IsValid() {
			control = netip.AddrPortFrom(m.Addr, m.Port+1)
		}
		if control.Port() != m.Port {
			out.Expect(control, "rtcp")
		}
	}
}

// Facts are what a description tells rules and readers.
func (d *Description) Facts() []flow.Fact {
	var facts []flow.Fact
	for i := range d.Media {
		m := &d.Media[i]
		value := m.Kind + " " + m.Proto
		if m.Addr.IsValid() {
			value += " " + netip.AddrPortFrom(m.Addr, m.Port).String()
		}
		if len(m.Codecs) > 0 {
			value += " " + strings.Join(m.Codecs[:min(len(m.Codecs), 4)], " ")
		}
		if facts = append(facts, flow.Fact{Key: "media", Value: value}); len(facts) >= 16 {
			break
		}
	}
	for _, c := range d.Candidates[:min(len(d.Candidates), 16)] {
		facts = append(facts, flow.Fact{Key: "candidate", Value: c})
	}
	return facts
}
