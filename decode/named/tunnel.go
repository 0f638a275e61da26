package named

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// wireguard is WireGuard's transport (wireguard.com/protocol).
func wireguard() dissect.Protocol {
	names := [...]string{"", "handshake_initiation", "handshake_response", "cookie_reply", "transport_data"}
	s := &shape{name: "wireguard", osi: 5, read: func(b []byte, _ layer.Direction) unit {
		if len(b) < 8 || int(b[0]) >= len(names) {
			return unit{kind: "message"}
		}
		u := unit{kind: names[b[0]]}
		switch b[0] {
		case 1:
			u.role, u.key, u.name = flow.Request, uint64(binary.LittleEndian.Uint32(b[4:])), "handshake"
		case 2:
			if len(b) >= 12 {
				u.role, u.key, u.status = flow.Response, uint64(binary.LittleEndian.Uint32(b[8:])), "answered"
			}
		}
		return u
	}}
	return s.entry("WireGuard is a VPN over UDP: a handshake of one round trip, then encrypted packets.",
		false, true, []uint16{51820}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < 32 || b[1] != 0 || b[2] != 0 || b[3] != 0 {
				return dissect.Verdict{}
			}
			switch {
			case b[0] == 1 && len(b) == 148:
				return verdict(true, dissect.Sender)
			case b[0] == 2 && len(b) == 92:
				return verdict(true, dissect.Receiver)
			case b[0] == 4 && len(b)%16 == 0:
				return maybe(true, dissect.Unknown)
			}
			return maybe(b[0] == 3 && len(b) == 64, dissect.Unknown)
		})
}

// openvpnNames are the opcodes of OpenVPN's protocol.
var openvpnNames = map[byte]string{
	3: "soft_reset", 4: "control", 5: "ack", 6: "data", 7: "hard_reset_client", 8: "hard_reset_server", 9: "data", 10: "hard_reset_client", 11: "control_wrapped",
}

// openvpn is OpenVPN over UDP, or over TCP behind a length.
func openvpn() dissect.Protocol {
	opcode := func(b []byte) byte { return b[0] >> 3 }
	s := &shape{name: "openvpn", osi: 5, prefix: 2, size: func(b []byte) int {
		if len(b) < 3 {
			return 0
		}
		if n := int(binary.BigEndian.Uint16(b)); n > 0 && openvpnNames[opcode(b[2:])] != "" {
			return n + 2
		}
		return -1
	}, read: func(b []byte, _ layer.Direction) unit {
		if len(b) == 0 || openvpnNames[opcode(b)] == "" {
			return unit{kind: "packet"}
		}
		return unit{kind: openvpnNames[opcode(b)]}
	}}
	return s.entry("OpenVPN is a VPN over UDP or TCP: TLS inside its own packets agrees on keys, then data packets follow.",
		true, true, []uint16{1194}, func(b []byte, datagram bool) dissect.Verdict {
			if !datagram {
				if len(b) < 16 || int(binary.BigEndian.Uint16(b)) != len(b)-2 {
					return dissect.Verdict{}
				}
				b = b[2:]
			}
			const client, server = 0x38, 0x40 // hard reset, key id 0
			switch {
			case len(b) < 14 || len(b) > 120:
				return dissect.Verdict{}
			case b[0] == client && isFirstReset(b):
				return verdict(true, dissect.Sender)
			case b[0] == server && len(b) >= 26:
				return maybe(true, dissect.Receiver)
			}
			return maybe(b[0] == client, dissect.Sender)
		})
}

// isFirstReset reports whether a client's hard reset acknowledges nothing and
// has packet id 0, as the first one does: plain, or behind an HMAC of SHA-1 or
// SHA-256, or of tls-crypt's packet.
func isFirstReset(b []byte) bool {
	const session = 1 + 8
	for _, mac := range [...]int{0, 20 + 8, 32 + 8, 64 + 8} {
		at := session + mac
		if len(b) == at+5 && binary.BigEndian.Uint32(b[at+1:]) == 0 && b[at] == 0 {
			return true
		}
	}
	const wrapped = 54 // tls-crypt: packet id, time, tag, then five encrypted bytes
	return len(b) == wrapped && binary.BigEndian.Uint32(b[session:]) == 1
}

// bittorrent is BitTorrent's peer protocol (BEP 3), its DHT (BEP 5) and uTP (BEP
// 29), the latter by its first packet.
func bittorrent() dissect.Protocol {
	const handshake = "\x13BitTorrent protocol"
	names := [...]string{"choke", "unchoke", "interested", "not_interested", "have", "bitfield", "request", "piece", "cancel", "port"}
	s := &shape{name: "bittorrent", osi: 7, size: func(b []byte) int {
		if len(b) < 4 {
			return 0
		}
		if b[0] == 0x13 {
			if len(b) < len(handshake) {
				return 0
			}
			if hasAnyPrefix(b, handshake) {
				return 68
			}
			return -1
		}
		if n := binary.BigEndian.Uint32(b); n <= 2<<20 {
			return int(n) + 4
		}
		return -1
	}, read: func(b []byte, _ layer.Direction) unit {
		switch {
		case hasAnyPrefix(b, handshake):
			return unit{kind: "handshake"}
		case isDHT(b):
			return unit{kind: "dht"}
		case len(b) == 4:
			return unit{kind: "keep-alive"}
		case len(b) > 4 && int(b[4]) < len(names):
			return unit{kind: names[b[4]]}
		case len(b) > 4 && b[4] == 20:
			return unit{kind: "extended"}
		}
		return unit{kind: "message"}
	}}
	return s.entry("BitTorrent spreads a file among many peers: they find each other through trackers and a distributed table, and swap pieces.",
		true, true, []uint16{6881, 6882, 6883, 6889}, func(b []byte, datagram bool) dissect.Verdict {
			if datagram {
				return verdict(isDHT(b) || hasAnyPrefix(b, handshake), dissect.Sender)
			}
			return verdict(hasAnyPrefix(b, handshake), dissect.Sender)
		})
}

// isDHT reports whether a datagram is a bencoded query, answer or error of the
// DHT.
func isDHT(b []byte) bool {
	return hasAnyPrefix(b, "d1:ad2:id20:", "d1:rd2:id20:", "d1:eli20", "d2:ip6:", "d1:q9:", "d1:y1:")
}
