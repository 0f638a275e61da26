package named

import (
	"encoding/binary"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// mongoOperations are the opcodes of MongoDB's wire protocol.
var mongoOperations = map[uint32]string{
	1: "OP_REPLY", 2001: "OP_UPDATE", 2002: "OP_INSERT", 2004: "OP_QUERY", 2005: "OP_GET_MORE", 2006: "OP_DELETE",
	2007: "OP_KILL_CURSORS", 2012: "OP_COMPRESSED", 2013: "OP_MSG",
}

// mongodb is MongoDB's wire protocol.
func mongodb() dissect.Protocol {
	s := &shape{name: "mongodb", osi: 7, size: func(b []byte) int {
		if len(b) < 16 {
			return 0
		}
		n := binary.LittleEndian.Uint32(b)
		if n < 16 || n > 48<<20 || mongoOperations[binary.LittleEndian.Uint32(b[12:])] == "" {
			return -1
		}
		return int(n)
	}, read: readMongo}
	return s.entry("MongoDB's clients send documents with a request id; the answer names the id that it answers.",
		true, false, []uint16{27017}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < 21 {
				return dissect.Verdict{}
			}
			n, code := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[12:])
			plausible := n >= 21 && n <= 48<<20 && mongoOperations[code] != ""
			answers := binary.LittleEndian.Uint32(b[8:])
			switch {
			case !plausible || code == 2013 && (b[17] != 0 || b[18] > 1 || b[19] != 0 || b[20] > 2):
				return dissect.Verdict{}
			case code == 1 || answers != 0:
				return verdict(true, dissect.Receiver)
			}
			return verdict(code == 2013 || code == 2004 && binary.LittleEndian.Uint32(b[8:]) == 0 && printable(b[20:21]) || code == 2012, dissect.Sender)
		})
}

func readMongo(b []byte, _ layer.Direction) unit {
	if len(b) < 16 {
		return unit{kind: "message"}
	}
	id, answers := binary.LittleEndian.Uint32(b[4:]), binary.LittleEndian.Uint32(b[8:])
	name := mongoOperations[binary.LittleEndian.Uint32(b[12:])]
	if answers != 0 || name == "OP_REPLY" {
		return unit{kind: "response", role: flow.Response, key: uint64(answers), status: name}
	}
	const moreToCome = 2 // OP_MSG flag: no answer
	if name == "OP_MSG" && len(b) > 16 && b[16]&moreToCome != 0 || name == "OP_INSERT" || name == "OP_UPDATE" || name == "OP_DELETE" || name == "OP_KILL_CURSORS" {
		return unit{kind: "message", text: name + " without an answer"}
	}
	return unit{kind: "request", role: flow.Request, key: uint64(id), name: name + mongoCommand(b)}
}

// mongoCommand returns the name of the first element of an OP_MSG's document,
// which is the command.
func mongoCommand(b []byte) string {
	const at = 16 + 4 + 1 + 4 + 1
	if binary.LittleEndian.Uint32(b[12:]) != 2013 || len(b) <= at || b[20] != 0 {
		return ""
	}
	for i, c := range b[at:] {
		if c == 0 && i > 0 && i < 32 {
			return " " + clip(b[at:at+i])
		}
		if c == 0 || i >= 32 {
			break
		}
	}
	return ""
}

// cassandraOperations are the opcodes of the CQL binary protocol, version 5
// section 2.4.
var cassandraOperations = map[byte]string{
	0x00: "ERROR", 0x01: "STARTUP", 0x02: "READY", 0x03: "AUTHENTICATE", 0x05: "OPTIONS", 0x06: "SUPPORTED", 0x07: "QUERY",
	0x08: "RESULT", 0x09: "PREPARE", 0x0a: "EXECUTE", 0x0b: "REGISTER", 0x0c: "EVENT", 0x0d: "BATCH",
	0x0e: "AUTH_CHALLENGE", 0x0f: "AUTH_RESPONSE", 0x10: "AUTH_SUCCESS",
}

// cassandra is Cassandra's CQL binary protocol, versions 3 and 4.
func cassandra() dissect.Protocol {
	const header, response = 9, 0x80
	s := &shape{name: "cassandra", osi: 7, size: func(b []byte) int {
		if len(b) < header {
			return 0
		}
		n := binary.BigEndian.Uint32(b[5:])
		if v := b[0] &^ response; v < 3 || v > 5 || n > 256<<20 || cassandraOperations[b[4]] == "" {
			return -1
		}
		return header + int(n)
	}, read: func(b []byte, _ layer.Direction) unit {
		if len(b) < header {
			return unit{kind: "frame"}
		}
		id, name := uint64(binary.BigEndian.Uint16(b[2:])), cassandraOperations[b[4]]
		switch {
		case name == "EVENT":
			return unit{kind: "event"}
		case b[0]&response != 0:
			return unit{kind: "response", role: flow.Response, key: id, status: name}
		}
		return unit{kind: "request", role: flow.Request, key: id, name: name}
	}}
	return s.entry("Cassandra's CQL protocol numbers its requests by stream, so that answers may come in any order.",
		true, false, []uint16{9042}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < header {
				return dissect.Verdict{}
			}
			v, n := b[0]&^response, binary.BigEndian.Uint32(b[5:])
			if v < 3 || v > 5 || b[1] > 0x1f || cassandraOperations[b[4]] == "" || n > 1<<20 {
				return dissect.Verdict{}
			}
			asks := b[4] == 1 || b[4] == 5 || b[4] == 7 || b[4] == 9
			if b[0]&response != 0 {
				return maybe(!asks, dissect.Receiver)
			}
			return verdict(b[4] == 5 && n == 0 || b[4] == 1 && n > 10 && n < 1024 && len(b) > 13 && hasAnyPrefix(b[11:], "\x00\x0bCQL_VERSION", "\x00\x0bCOMPRESSION", "\x00\x0eDRIVER", "\x00\x0bDRIVER_NAME", "\x00\x0eDRIVER_VERSION", "\x00\x0bCLIENT_ID"), dissect.Sender)
		})
}

// thrift is Apache Thrift's binary protocol, framed or not.
func thrift() dissect.Protocol {
	s := &shape{name: "thrift", osi: 7, size: func(b []byte) int {
		if len(b) < 8 {
			return 0
		}
		if n := binary.BigEndian.Uint32(b); b[4] == 0x80 && b[5] == 1 && n <= 16<<20 {
			return int(n) + 4
		}
		return -1
	}, read: func(b []byte, _ layer.Direction) unit {
		const at = 4
		if len(b) < at+8 {
			return unit{kind: "message"}
		}
		n := int(binary.BigEndian.Uint32(b[at+4:]))
		if n > maxText || len(b) < at+8+n+4 {
			return unit{kind: "message"}
		}
		u := unit{key: uint64(binary.BigEndian.Uint32(b[at+8+n:])), name: clip(b[at+8 : at+8+n])}
		switch b[at+3] {
		case 1:
			u.kind, u.role = "call", flow.Request
		case 2:
			u.kind, u.role, u.status, u.name = "reply", flow.Response, "reply", ""
		case 3:
			u.kind, u.role, u.status, u.name = "exception", flow.Response, "exception", ""
		default:
			u.kind = "oneway"
			u.text = "oneway " + u.name
		}
		return u
	}}
	return s.entry("Apache Thrift calls a method by its name with a sequence number, in frames that tell their length.",
		true, false, []uint16{9090}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < 13 || b[4] != 0x80 || b[5] != 1 || b[6] != 0 || b[7] < 1 || b[7] > 4 {
				return dissect.Verdict{}
			}
			n := int(binary.BigEndian.Uint32(b[8:]))
			if n == 0 || n > maxText || !printable(b[12:min(len(b), 12+n)]) {
				return dissect.Verdict{}
			}
			if b[7] == 1 || b[7] == 4 {
				return verdict(true, dissect.Sender)
			}
			return verdict(true, dissect.Receiver)
		})
}

// dubbo is Apache Dubbo's protocol, version 2.
func dubbo() dissect.Protocol {
	const header = 16
	s := &shape{name: "dubbo", osi: 7, size: func(b []byte) int {
		if len(b) < header {
			return 0
		}
		if b[0] != 0xda || b[1] != 0xbb {
			return -1
		}
		return header + int(binary.BigEndian.Uint32(b[12:]))
	}, read: func(b []byte, _ layer.Direction) unit {
		const request, twoWay, event = 0x80, 0x40, 0x20
		if len(b) < header {
			return unit{kind: "message"}
		}
		id := binary.BigEndian.Uint64(b[4:])
		name := "invoke"
		if b[2]&event != 0 {
			name = "heartbeat"
		}
		switch {
		case b[2]&request == 0:
			return unit{kind: "response", role: flow.Response, key: id, status: strconv.Itoa(int(b[3]))}
		case b[2]&twoWay == 0:
			return unit{kind: "oneway", text: name + " without an answer"}
		}
		return unit{kind: "request", role: flow.Request, key: id, name: name}
	}}
	return s.entry("Apache Dubbo calls services of Java programs, with request ids on a connection that is kept.",
		true, false, []uint16{20880}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < header || b[0] != 0xda || b[1] != 0xbb || binary.BigEndian.Uint32(b[12:]) > 64<<20 {
				return dissect.Verdict{}
			}
			if b[2]&0x80 != 0 {
				return verdict(true, dissect.Sender)
			}
			return verdict(true, dissect.Receiver)
		})
}

// memcachedNames are the opcodes of memcached's binary protocol.
var memcachedNames = [...]string{
	"Get", "Set", "Add", "Replace", "Delete", "Increment", "Decrement", "Quit", "Flush", "GetQ", "No-op", "Version", "GetK", "GetKQ",
	"Append", "Prepend", "Stat", "SetQ", "AddQ", "ReplaceQ", "DeleteQ", "IncrementQ", "DecrementQ", "QuitQ", "FlushQ", "AppendQ", "PrependQ",
	"Verbosity", "Touch", "GAT", "GATQ", "",
	"SASL list mechs", "SASL Auth", "SASL Step",
}

// memcachedBinary is memcached's binary protocol.
func memcachedBinary() dissect.Protocol {
	const header, request, response = 24, 0x80, 0x81
	s := &shape{name: "memcached-binary", osi: 7, size: func(b []byte) int {
		if len(b) < header {
			return 0
		}
		if b[0] != request && b[0] != response {
			return -1
		}
		return header + int(binary.BigEndian.Uint32(b[8:]))
	}, read: func(b []byte, _ layer.Direction) unit {
		if len(b) < header {
			return unit{kind: "packet"}
		}
		name := ""
		if int(b[1]) < len(memcachedNames) {
			name = memcachedNames[b[1]]
		}
		key := uint64(binary.BigEndian.Uint32(b[12:]))<<8 | uint64(b[1])
		if b[0] == response {
			status := "ok"
			if code := binary.BigEndian.Uint16(b[6:]); code != 0 {
				status = "status " + strconv.Itoa(int(code))
			}
			return unit{kind: "response", role: flow.Response, key: key, status: status}
		}
		return unit{kind: "request", role: flow.Request, key: key, name: name}
	}}
	return s.entry("memcached keeps values in memory by key; its binary protocol numbers requests so that answers can be told apart.",
		true, false, []uint16{11211}, func(b []byte, _ bool) dissect.Verdict {
			if len(b) < header || b[0] != request && b[0] != response || int(b[1]) >= len(memcachedNames) || b[5] != 0 {
				return dissect.Verdict{}
			}
			total := binary.BigEndian.Uint32(b[8:])
			fits := total <= 32<<20 && uint32(binary.BigEndian.Uint16(b[2:]))+uint32(b[4]) <= total
			if b[0] == request {
				return maybe(fits && b[6] < 16, dissect.Sender)
			}
			return maybe(fits, dissect.Receiver)
		})
}
