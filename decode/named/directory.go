package named

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// ldapOperations are the application tags of RFC 4511 section 4.2 on.
var ldapOperations = map[byte]struct {
	name     string
	response bool
	last     bool // ends its operation
}{
	0x60: {"bindRequest", false, false}, 0x61: {"bindResponse", true, true}, 0x42: {"unbindRequest", false, false},
	0x63: {"searchRequest", false, false}, 0x64: {"searchResEntry", true, false}, 0x65: {"searchResDone", true, true},
	0x73: {"searchResRef", true, false}, 0x66: {"modifyRequest", false, false}, 0x67: {"modifyResponse", true, true},
	0x68: {"addRequest", false, false}, 0x69: {"addResponse", true, true}, 0x4a: {"delRequest", false, false},
	0x6b: {"delResponse", true, true}, 0x6c: {"modDNRequest", false, false}, 0x6d: {"modDNResponse", true, true},
	0x6e: {"compareRequest", false, false}, 0x6f: {"compareResponse", true, true}, 0x50: {"abandonRequest", false, false},
	0x77: {"extendedReq", false, false}, 0x78: {"extendedResp", true, true}, 0x79: {"intermediateResponse", true, false},
}

// ber reads a tag and a length in BER (ITU-T X.690 section 8.1): the content's
// offset and length. ok is false where b is too short or the form is none that
// LDAP and SNMP use (RFC 4511 section 5.1).
func ber(b []byte) (tag byte, at, length int, ok bool) {
	if len(b) < 2 {
		return 0, 0, 0, false
	}
	if b[1] < 0x80 {
		return b[0], 2, int(b[1]), true
	}
	n := int(b[1] & 0x7f)
	if n == 0 || n > 4 || len(b) < 2+n {
		return b[0], 0, 0, false
	}
	for _, c := range b[2 : 2+n] {
		length = length<<8 | int(c)
	}
	return b[0], 2 + n, length, length >= 0 && length <= maxUnit
}

// berInteger reads an INTEGER of at most eight bytes and returns what follows.
func berInteger(b []byte) (v uint64, rest []byte, ok bool) {
	tag, at, n, ok := ber(b)
	if !ok || tag != 2 || n == 0 || n > 8 || at+n > len(b) {
		return 0, nil, false
	}
	for _, c := range b[at : at+n] {
		v = v<<8 | uint64(c)
	}
	return v, b[at+n:], true
}

// ldap is the Lightweight Directory Access Protocol (RFC 4511).
func ldap() dissect.Protocol {
	s := &shape{name: "ldap", osi: 7, size: func(b []byte) int {
		const longest = 6
		tag, at, n, ok := ber(b)
		switch {
		case ok && tag == 0x30:
			return at + n
		case len(b) >= longest || len(b) > 0 && b[0] != 0x30:
			return -1
		}
		return 0
	}, read: readLDAP}
	return s.entry("LDAP asks a directory: bind, search, change. Each message has an id, so that several operations may be under way.",
		true, true, []uint16{389, 3268}, func(b []byte, _ bool) dissect.Verdict {
			id, operation, ok := ldapMessage(b)
			if !ok || id > 1<<31 {
				return dissect.Verdict{}
			}
			o, known := ldapOperations[operation]
			if known && o.response {
				return verdict(true, dissect.Receiver)
			}
			return verdict(known, dissect.Sender)
		})
}

// ldapMessage reads an LDAPMessage's id and operation.
func ldapMessage(b []byte) (id uint64, operation byte, ok bool) {
	tag, at, n, ok := ber(b)
	if !ok || tag != 0x30 || n < 5 || at >= len(b) {
		return 0, 0, false
	}
	id, rest, ok := berInteger(b[at:])
	if !ok || len(rest) < 2 {
		return 0, 0, false
	}
	return id, rest[0], true
}

func readLDAP(b []byte, _ layer.Direction) unit {
	id, operation, _ := ldapMessage(b)
	o := ldapOperations[operation]
	u := unit{kind: "message", key: id}
	switch {
	case o.name == "":
	case o.last:
		u.kind, u.role, u.status = "response", flow.Response, o.name
	case o.response, o.name == "unbindRequest", o.name == "abandonRequest":
		u.kind = o.name
	default:
		u.kind, u.role, u.name = "request", flow.Request, o.name
	}
	return u
}

// snmpOperations are the PDUs of RFC 3416 section 3 and RFC 1157.
var snmpOperations = map[byte]string{
	0xa0: "get-request", 0xa1: "get-next-request", 0xa2: "get-response", 0xa3: "set-request", 0xa4: "trap",
	0xa5: "get-bulk-request", 0xa6: "inform-request", 0xa7: "snmpV2-trap", 0xa8: "report",
}

// snmp is the Simple Network Management Protocol (RFC 1157, 3416, 3412).
func snmp() dissect.Protocol {
	s := &shape{name: "snmp", osi: 7, read: func(b []byte, _ layer.Direction) unit {
		version, operation, id := snmpMessage(b)
		u := unit{kind: "message", key: id, text: "SNMP " + version}
		name := snmpOperations[operation]
		switch {
		case name == "":
			u.text += ", encrypted or unknown"
		case operation == 0xa2 || operation == 0xa8:
			u.kind, u.role, u.status, u.text = "response", flow.Response, name, ""
		case operation == 0xa4 || operation == 0xa7:
			u.kind, u.text = name, ""
		default:
			u.kind, u.role, u.name, u.text = "request", flow.Request, name, ""
		}
		return u
	}}
	return s.entry("SNMP reads and sets counters of network devices, and devices send traps. Versions 1 and 2c carry their password (the community) in the clear.",
		false, true, []uint16{161, 162}, func(b []byte, _ bool) dissect.Verdict {
			version, operation, _ := snmpMessage(b)
			switch {
			case version == "":
				return dissect.Verdict{}
			case operation == 0xa2 || operation == 0xa8:
				return verdict(true, dissect.Receiver)
			case version == "v3" && operation == 0:
				return verdict(true, dissect.Unknown)
			}
			return verdict(snmpOperations[operation] != "", dissect.Sender)
		})
}

// snmpMessage reads the version, the PDU's tag and the request id of what it
// can; version is "" where b is no message of SNMP.
func snmpMessage(b []byte) (version string, operation byte, id uint64) {
	tag, at, n, ok := ber(b)
	if !ok || tag != 0x30 || at+n > len(b) || n < 8 {
		return "", 0, 0
	}
	v, rest, ok := berInteger(b[at : at+n])
	if !ok || len(rest) < 2 {
		return "", 0, 0
	}
	switch {
	case v == 3 && rest[0] == 0x30:
		if _, at, _, ok := ber(rest); ok && at < len(rest) {
			id, _, _ = berInteger(rest[at:])
		}
		return "v3", 0, id
	case v > 1 || rest[0] != 0x04:
		return "", 0, 0
	}
	version = [2]string{"v1", "v2c"}[v]
	_, at, n, ok = ber(rest) // the community
	if !ok || at+n >= len(rest) {
		return "", 0, 0
	}
	rest = rest[at+n:]
	operation = rest[0]
	if _, at, _, ok := ber(rest); ok && at < len(rest) {
		id, _, _ = berInteger(rest[at:])
	}
	return version, operation, id
}
