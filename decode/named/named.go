// Package named knows protocols by their first bytes and says of each of their
// units in one line what it is: enough to see what a conversation is about,
// and to pair questions with answers where the protocol numbers them. What
// stands inside the units is not read. A protocol that deserves more gets a
// package of its own.
package named

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Protocols returns the registry's entries.
func Protocols() []dissect.Protocol {
	return []dissect.Protocol{
		proxyProtocol(), socks(),
		ssh(), smtp(), imap(), pop3(), ftp(), ftpData(), rtsp(), telnet(),
		netbiosSession(), smb(), ldap(), rpc(), mongodb(), cassandra(), thrift(), dubbo(), memcachedBinary(),
		bittorrent(), openvpn(),
		dhcp(), gquic(), wireguard(), netbiosNames(), netbiosDatagrams(), snmp(), ntp(), syslog(), statsd(),
	}
}

// unit is what is said of one unit of a protocol.
type unit struct {
	kind   string // lower case, as the specification names it
	role   flow.Role
	key    uint64 // pairs a request with its response
	name   string // of a request
	status string // of a response
	facts  []flow.Fact
	text   string // summary; "" where kind, name and status say it all
}

// summary is the unit in one line.
func (u *unit) summary() string {
	if u.text != "" {
		return u.text
	}
	s := u.kind
	for _, more := range [2]string{u.name, u.status} {
		if more != "" {
			s += " " + more
		}
	}
	return s
}

// say hands a unit out as a message and a layer.
func (u *unit) say(out dissect.Sink, p layer.Protocol, osi int, m flow.Message) {
	m.Protocol, m.Kind, m.Role, m.Key = p, u.kind, u.role, u.key
	m.Name, m.Status, m.Facts = u.name, u.status, u.facts
	out.Message(&m)
	out.Layer(p, func() layer.Layer {
		return layer.Layer{Protocol: p, OSI: osi, Source: layer.Reassembled, Length: int(m.Bytes), Summary: u.summary()}
	})
}

// verdict says Yes where ok, with the sender as the one who is told.
func verdict(ok bool, sender dissect.Client) dissect.Verdict {
	if !ok {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Yes, Client: sender}
}

// maybe says Maybe where ok: a known port must agree.
func maybe(ok bool, sender dissect.Client) dissect.Verdict {
	if !ok {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Maybe, Client: sender}
}

// maxText bounds a captured text in a name or a summary.
const maxText = 120

func clip(b []byte) string { return layer.Clip(b, maxText) }
