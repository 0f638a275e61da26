package named

import (
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// dhcpTypes are the message types of RFC 2132 section 9.6.
var dhcpTypes = [...]string{"", "Discover", "Offer", "Request", "Decline", "ACK", "NAK", "Release", "Inform"}

const dhcpCookie = "\x63\x82\x53\x63"

// dhcp is the Dynamic Host Configuration Protocol (RFC 2131).
func dhcp() dissect.Protocol {
	const options = 240
	s := &shape{name: "dhcp", osi: 7, read: func(b []byte, _ layer.Direction) unit {
		if len(b) < options {
			return unit{kind: "message"}
		}
		name := dhcpType(b[options:])
		u := unit{kind: "message", key: uint64(binary.BigEndian.Uint32(b[4:])), text: name}
		switch name {
		case "Discover", "Request", "Inform":
			u.kind, u.role, u.name, u.text = "request", flow.Request, name, ""
		case "Offer", "ACK", "NAK":
			u.kind, u.role, u.status, u.text = "response", flow.Response, name, name+" "+netip.AddrFrom4([4]byte(b[16:20])).String()
		}
		return u
	}}
	return s.entry("DHCP gives a host its address: discover, offer, request, acknowledge, mostly by broadcast.",
		false, true, []uint16{67, 68}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < options || b[0] < 1 || b[0] > 2 || string(b[236:options]) != dhcpCookie {
				return dissect.Verdict{}
			}
			if b[0] == 1 {
				return verdict(true, dissect.Sender)
			}
			return verdict(true, dissect.Receiver)
		})
}

func dhcpType(b []byte) string {
	for len(b) > 2 && b[0] != 255 {
		if b[0] == 0 {
			b = b[1:]
			continue
		}
		if b[0] == 53 && b[1] == 1 && int(b[2]) < len(dhcpTypes) {
			return dhcpTypes[b[2]]
		}
		b = b[min(len(b), 2+int(b[1])):]
	}
	return "BOOTP"
}

// ntp is the Network Time Protocol (RFC 5905).
func ntp() dissect.Protocol {
	const size, client, server, control, private = 48, 3, 4, 6, 7
	s := &shape{name: "ntp", osi: 7, read: func(b []byte, _ layer.Direction) unit {
		if len(b) < size {
			return unit{kind: "control"}
		}
		switch b[0] & 7 {
		case client:
			return unit{kind: "client", role: flow.Request, key: binary.BigEndian.Uint64(b[40:]), name: "time"}
		case server:
			return unit{kind: "server", role: flow.Response, key: binary.BigEndian.Uint64(b[24:]), status: "stratum " + strconv.Itoa(int(b[1]))}
		}
		return unit{kind: "mode " + strconv.Itoa(int(b[0]&7))}
	}}
	return s.entry("NTP sets clocks: a client asks, the server answers with its time, and four time stamps give offset and delay.",
		false, true, []uint16{123}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < 12 {
				return dissect.Verdict{}
			}
			mode, version := b[0]&7, b[0]>>3&7
			ok := version >= 1 && version <= 4 && mode >= 1 && (len(b) >= size && b[1] <= 16 || mode >= control)
			switch mode {
			case client:
				return maybe(ok, dissect.Sender)
			case server:
				return maybe(ok, dissect.Receiver)
			case private, control:
				return maybe(ok, dissect.Unknown)
			}
			return maybe(ok, dissect.Unknown)
		})
}

// syslog is syslog over UDP (RFC 5426; RFC 5424 and RFC 3164 within).
func syslog() dissect.Protocol {
	s := &shape{name: "syslog", osi: 7, read: func(b []byte, _ layer.Direction) unit {
		text := clip(firstLine(b))
		return unit{kind: "message", text: text}
	}}
	return s.entry("Programs and devices send log lines to a collector with syslog. Over UDP nobody answers, and lost ones are lost.",
		false, true, []uint16{514}, func(b []byte, _ bool) dissect.Verdict {
			n := priority(b)
			if n == 0 {
				return dissect.Verdict{}
			}
			rest := b[n:]
			dated := len(rest) > 2 && rest[0] == '1' && rest[1] == ' ' || len(rest) > 4 && months[string(rest[:4])]
			if dated {
				return verdict(true, dissect.Sender)
			}
			return maybe(len(rest) > 0, dissect.Sender)
		})
}

var months = map[string]bool{
	"Jan ": true, "Feb ": true, "Mar ": true, "Apr ": true, "May ": true, "Jun ": true,
	"Jul ": true, "Aug ": true, "Sep ": true, "Oct ": true, "Nov ": true, "Dec ": true,
}

// priority returns the size of a PRI part, 0 where there is none (RFC 5424
// section 6.2.1).
func priority(b []byte) int {
	if len(b) < 3 || b[0] != '<' {
		return 0
	}
	for i := 1; i < min(len(b), 5); i++ {
		if b[i] == '>' && i > 1 {
			if v, _ := strconv.Atoi(string(b[1:i])); v <= 191 {
				return i + 1
			}
			return 0
		}
		if b[i] < '0' || b[i] > '9' {
			return 0
		}
	}
	return 0
}

// statsd is StatsD's line format for metrics over UDP.
func statsd() dissect.Protocol {
	s := &shape{name: "statsd", osi: 7, read: func(b []byte, _ layer.Direction) unit {
		return unit{kind: "metric", text: clip(firstLine(b))}
	}}
	return s.entry("Programs send counters and timings to a collector with StatsD, a line a metric, and nobody answers.",
		false, true, []uint16{8125}, func(b []byte, _ bool) dissect.Verdict {
			return maybe(isMetric(firstLine(b)) && printable(b), dissect.Sender)
		})
}

// isMetric reports whether a line is name:value|type.
func isMetric(line []byte) bool {
	colon, bar := -1, -1
	for i, c := range line {
		switch {
		case c == ':' && colon < 0:
			colon = i
		case c == '|' && bar < 0:
			bar = i
		case c == ' ' && bar < 0:
			return false
		}
	}
	if colon <= 0 || bar <= colon+1 || bar+1 >= len(line) {
		return false
	}
	for _, c := range line[colon+1 : bar] {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != ':' {
			return false
		}
	}
	switch line[bar+1] {
	case 'c', 'g', 'h', 's', 'd', 'm':
		return true
	}
	return false
}
