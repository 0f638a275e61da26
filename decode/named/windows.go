package named

import (
	"encoding/binary"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// smb2Commands are those of MS-SMB2 section 2.2.1.
var smb2Commands = [...]string{
	"NEGOTIATE", "SESSION_SETUP", "LOGOFF", "TREE_CONNECT", "TREE_DISCONNECT", "CREATE", "CLOSE", "FLUSH", "READ", "WRITE",
	"LOCK", "IOCTL", "CANCEL", "ECHO", "QUERY_DIRECTORY", "CHANGE_NOTIFY", "QUERY_INFO", "SET_INFO", "OPLOCK_BREAK",
}

// smb1Commands are the usual ones of MS-CIFS section 2.2.2.1.
var smb1Commands = map[byte]string{
	0x04: "CLOSE", 0x25: "TRANSACTION", 0x2e: "READ_ANDX", 0x2f: "WRITE_ANDX", 0x32: "TRANSACTION2", 0x71: "TREE_DISCONNECT",
	0x72: "NEGOTIATE", 0x73: "SESSION_SETUP_ANDX", 0x74: "LOGOFF_ANDX", 0x75: "TREE_CONNECT_ANDX", 0xa0: "NT_TRANSACT", 0xa2: "NT_CREATE_ANDX",
}

// smb is SMB over TCP, each message behind a length of its own (MS-SMB2 section
// 2.1).
func smb() dissect.Protocol {
	s := &shape{name: "smb", osi: 7, size: sessionSize, read: readSMB}
	return s.entry("SMB shares files and printers, as Windows does: requests and answers with message ids, many in flight at once.",
		true, false, []uint16{445, 139}, func(b []byte, _ bool) dissect.Verdict {
			switch {
			case len(b) < 8 || b[0] != 0:
				return dissect.Verdict{}
			case hasAnyPrefix(b[4:], "\xfeSMB"):
				return smbVerdict(len(b) >= 24, len(b) >= 24 && b[20]&1 != 0)
			case hasAnyPrefix(b[4:], "\xffSMB"):
				return smbVerdict(len(b) >= 14, len(b) >= 14 && b[13]&0x80 != 0)
			}
			return verdict(hasAnyPrefix(b[4:], "\xfdSMB"), dissect.Unknown)
		})
}

func smbVerdict(told, response bool) dissect.Verdict {
	switch {
	case !told:
		return verdict(true, dissect.Unknown)
	case response:
		return verdict(true, dissect.Receiver)
	}
	return verdict(true, dissect.Sender)
}

// sessionSize returns the size of a message of the NetBIOS session service
// (RFC 1002 section 4.3.1).
func sessionSize(b []byte) int {
	if len(b) < 4 {
		return 0
	}
	if b[0] != 0 && (b[0] < 0x81 || b[0] > 0x85) {
		return -1
	}
	return 4 + (int(b[1])<<16 | int(b[2])<<8 | int(b[3]))
}

func readSMB(b []byte, _ layer.Direction) unit {
	const header2 = 64
	b = b[min(4, len(b)):]
	switch {
	case hasAnyPrefix(b, "\xfeSMB") && len(b) >= header2:
		return readSMB2(b)
	case hasAnyPrefix(b, "\xffSMB") && len(b) >= 32:
		name := smb1Commands[b[4]]
		if name == "" {
			name = "command"
		}
		u := unit{key: uint64(binary.LittleEndian.Uint16(b[30:])), kind: "request", role: flow.Request, name: "SMB1 " + name}
		if b[9]&0x80 != 0 {
			u.kind, u.role, u.name, u.status = "response", flow.Response, "", ntStatus(b[5:])
		}
		return u
	case hasAnyPrefix(b, "\xfdSMB"):
		return unit{kind: "encrypted"}
	}
	return unit{kind: "session"}
}

func readSMB2(b []byte) unit {
	const asyncPending = 0x00000103
	u := unit{key: binary.LittleEndian.Uint64(b[24:]), kind: "request", role: flow.Request}
	if b[16]&1 != 0 {
		u.kind, u.role, u.status = "response", flow.Response, ntStatus(b[8:])
		if binary.LittleEndian.Uint32(b[8:]) == asyncPending {
			u.kind, u.role = "interim", flow.Single
		}
		return u
	}
	if c := binary.LittleEndian.Uint16(b[12:]); int(c) < len(smb2Commands) {
		u.name = "SMB2 " + smb2Commands[c]
	}
	return u
}

// ntStatus names the usual status codes (MS-ERREF section 2.3).
func ntStatus(b []byte) string {
	switch binary.LittleEndian.Uint32(b) {
	case 0:
		return "STATUS_SUCCESS"
	case 0x103:
		return "STATUS_PENDING"
	case 0xc0000016:
		return "STATUS_MORE_PROCESSING_REQUIRED"
	case 0xc0000022:
		return "STATUS_ACCESS_DENIED"
	case 0xc0000034:
		return "STATUS_OBJECT_NAME_NOT_FOUND"
	case 0xc000006d:
		return "STATUS_LOGON_FAILURE"
	case 0x80000006:
		return "STATUS_NO_MORE_FILES"
	}
	return "STATUS_0x" + hex32(binary.LittleEndian.Uint32(b))
}

func hex32(v uint32) string {
	const digits = "0123456789abcdef"
	var b [8]byte
	for i := range b {
		b[i] = digits[v>>(28-4*i)&15]
	}
	return string(b[:])
}

// netbiosSession is the session service's set-up (RFC 1002 section 4.3); what
// comes on it is SMB.
func netbiosSession() dissect.Protocol {
	s := &shape{name: "netbios-ssn", osi: 5, size: sessionSize, read: func(b []byte, _ layer.Direction) unit {
		switch b[0] {
		case 0x81:
			return unit{kind: "session_request", role: flow.Request, name: "session"}
		case 0x82:
			return unit{kind: "positive_response", role: flow.Response, status: "positive"}
		case 0x83:
			return unit{kind: "negative_response", role: flow.Response, status: "negative"}
		case 0x85:
			return unit{kind: "keep_alive"}
		}
		return readSMB(b, 0)
	}}
	return s.entry("The NetBIOS session service opens a session between two named hosts, on which SMB then runs.",
		true, false, []uint16{139}, func(b []byte, _ bool) dissect.Verdict {
			return verdict(len(b) >= 72 && b[0] == 0x81 && b[1] == 0 && b[2] == 0 && b[3] == 68 && b[4] == 32, dissect.Sender)
		})
}

// netbiosNames is the NetBIOS name service (RFC 1002 section 4.2).
func netbiosNames() dissect.Protocol {
	s := &shape{name: "nbns", osi: 7, read: func(b []byte, _ layer.Direction) unit {
		if len(b) < 12 {
			return unit{kind: "query"}
		}
		u := unit{key: uint64(binary.BigEndian.Uint16(b)), kind: "query", role: flow.Request, name: netbiosName(b[12:])}
		if b[2]&0x80 != 0 {
			u.kind, u.role, u.status = "response", flow.Response, netbiosCode(b[3])
			u.name = ""
		}
		return u
	}}
	return s.entry("Windows hosts ask and announce NetBIOS names by broadcast or at a WINS server, in messages shaped like DNS's.",
		false, true, []uint16{137}, func(b []byte, _ bool) dissect.Verdict {
			ok := len(b) >= 50 && b[12] == 32 && netbiosName(b[12:]) != ""
			if ok && b[2]&0x80 != 0 {
				return verdict(true, dissect.Receiver)
			}
			return verdict(ok, dissect.Sender)
		})
}

// netbiosName reads a name in its first-level encoding (RFC 1001 section 14.1).
func netbiosName(b []byte) string {
	if len(b) < 33 || b[0] != 32 {
		return ""
	}
	var name []byte
	for i := 1; i < 33; i += 2 {
		hi, lo := b[i]-'A', b[i+1]-'A'
		if hi > 15 || lo > 15 {
			return ""
		}
		if c := hi<<4 | lo; i < 31 && c != ' ' && c != 0 {
			name = append(name, c)
		}
	}
	if len(name) == 0 {
		return "*"
	}
	return clip(name)
}

// netbiosDatagrams is the NetBIOS datagram service (RFC 1002 section 4.4).
func netbiosDatagrams() dissect.Protocol {
	s := &shape{name: "nbdgm", osi: 5, read: func(b []byte, _ layer.Direction) unit {
		u := unit{kind: "datagram"}
		if len(b) > 47 {
			u.text = "datagram from " + netbiosName(b[14:])
		}
		return u
	}}
	return s.entry("NetBIOS datagrams carry the announcements by which Windows hosts find each other.",
		false, true, []uint16{138}, func(b []byte, _ bool) dissect.Verdict {
			return verdict(len(b) > 82 && b[0] >= 0x10 && b[0] <= 0x16 && netbiosName(b[14:]) != "", dissect.Sender)
		})
}

// netbiosCode tells a response's code (RFC 1002 section 4.2.1.1).
func netbiosCode(flags byte) string {
	if code := flags & 15; code != 0 {
		return "error " + strconv.Itoa(int(code))
	}
	return "ok"
}
