package named

import (
	"bytes"
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// ssh is the Secure Shell (RFC 4253): an identification line each way, packets
// in the clear until the keys are agreed, then nothing that can be read.
func ssh() dissect.Protocol {
	p := dissect.Protocol{
		Name: "ssh", OSI: 7, Stream: true, Ports: []uint16{22, 2222},
		About: "Secure Shell: both ends name their version, agree on keys in the clear, and encrypt all that follows: logins, terminals, files, tunnels.",
		New:   func(dissect.Context) dissect.Dissector { return &secureShell{} },
	}
	p.Probe = func(b []byte, _ bool) dissect.Verdict {
		if !hasAnyPrefix(b, "SSH-2.0-", "SSH-1.99-", "SSH-1.5-") {
			return dissect.Verdict{}
		}
		return verdict(true, dissect.Unknown)
	}
	return p
}

// sshMessages are the numbers of messages in the clear (RFC 4250 section
// 4.1.2, RFC 4419, RFC 5656).
var sshMessages = map[byte]string{
	1: "disconnect", 2: "ignore", 3: "unimplemented", 4: "debug", 20: "kexinit", 21: "newkeys",
	30: "kex_init", 31: "kex_reply", 32: "kex_gex_init", 33: "kex_gex_reply", 34: "kex_gex_request",
}

type secureShell struct{ side [2]sshSide }

type sshSide struct {
	units
	named  bool // the identification line went by
	sealed bool
}

// Feed implements dissect.Dissector.
func (d *secureShell) Feed(out dissect.Sink, c dissect.Chunk) {
	s := &d.side[c.Dir]
	if s.shape == nil {
		s.shape = &shape{name: "ssh", osi: 7, need: leastNeed, size: s.size, read: s.read}
	}
	if c.Gap > 0 {
		s.sealed = true
	}
	if s.sealed {
		out.Layer("ssh", func() layer.Layer {
			return layer.Layer{Protocol: "ssh", OSI: 7, Source: layer.Reassembled, Length: len(c.Data), Summary: "encrypted"}
		})
		return
	}
	s.Feed(out, c)
}

func (s *sshSide) size(b []byte) int {
	if !s.named {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return i + 1
		}
		return 0
	}
	if s.sealed {
		return len(b) // how long encrypted packets are cannot be told (RFC 4253 section 6)
	}
	if len(b) < 6 {
		return 0
	}
	const most = 256 << 10
	if n := binary.BigEndian.Uint32(b); n >= 2 && n <= most {
		return int(n) + 4
	}
	return -1
}

func (s *sshSide) read(b []byte, _ layer.Direction) unit {
	switch {
	case !s.named:
		s.named = bytes.HasPrefix(b, []byte("SSH-")) // lines may come before it (RFC 4253 section 4.2)
		return unit{kind: "identification", text: clip(bytes.TrimRight(b, "\r\n"))}
	case s.sealed:
		return unit{kind: "encrypted"}
	}
	kind := sshMessages[b[5]]
	if kind == "" {
		kind = "message"
	}
	s.sealed = b[5] == 21
	return unit{kind: kind}
}

// Finish implements dissect.Dissector.
func (d *secureShell) Finish(out dissect.Sink, closed bool) {
	for i := range d.side {
		if s := &d.side[i]; s.shape != nil && !s.sealed {
			s.Finish(out, closed)
		}
	}
}

// telnet is known by the option negotiation that it begins with (RFC 854).
func telnet() dissect.Protocol {
	const interpret, will, dont = 255, 251, 254
	p := dissect.Protocol{
		Name: "telnet", OSI: 7, Stream: true, Ports: []uint16{23, 2323},
		About: "Telnet is a terminal over TCP. Nothing is encrypted: names and passwords go as they are typed.",
		New:   func(dissect.Context) dissect.Dissector { return &terminal{} },
	}
	p.Probe = func(b []byte, _ bool) dissect.Verdict {
		switch {
		case len(b) == 0 || b[0] != interpret:
			return dissect.Verdict{}
		case len(b) < 3:
			return dissect.Verdict{Match: dissect.More}
		case b[1] < will || b[1] > dont:
			return dissect.Verdict{}
		case len(b) >= 6 && b[3] == interpret && b[4] >= 240:
			return verdict(true, dissect.Unknown)
		}
		return maybe(true, dissect.Unknown)
	}
	return p
}

type terminal struct{}

// Feed implements dissect.Dissector.
func (*terminal) Feed(out dissect.Sink, c dissect.Chunk) {
	out.Layer("telnet", func() layer.Layer {
		text := "typed"
		if c.Dir == layer.ToClient {
			text = "shown"
		}
		if len(c.Data) > 0 && c.Data[0] == 255 {
			text = "options"
		}
		return layer.Layer{Protocol: "telnet", OSI: 7, Source: layer.Reassembled, Length: len(c.Data), Summary: text}
	})
}

// Finish implements dissect.Dissector.
func (*terminal) Finish(dissect.Sink, bool) {}
