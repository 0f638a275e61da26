package named

import (
	"encoding/binary"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// rpcPrograms are numbers of the IANA registry "RPC program numbers".
var rpcPrograms = map[uint32]string{
	100000: "portmap", 100003: "nfs", 100004: "ypserv", 100005: "mount", 100011: "rquota",
	100021: "nlockmgr", 100024: "status", 100227: "nfs_acl",
}

// nfs3 names the procedures of NFS version 3 (RFC 1813).
var nfs3 = [...]string{
	"NULL", "GETATTR", "SETATTR", "LOOKUP", "ACCESS", "READLINK", "READ", "WRITE", "CREATE", "MKDIR", "SYMLINK", "MKNOD",
	"REMOVE", "RMDIR", "RENAME", "LINK", "READDIR", "READDIRPLUS", "FSSTAT", "FSINFO", "PATHCONF", "COMMIT",
}

// Offsets in a call and a reply, behind the record mark (RFC 5531 section 9).
const (
	rpcMark      = 4 // on streams (section 11)
	rpcXID       = 0
	rpcType      = 4
	rpcVersion   = 8
	rpcProgram   = 12
	rpcProgramV  = 16
	rpcProcedure = 20
	rpcCallSize  = 24
	rpcReply     = 8
	rpcReplySize = 12
)

// rpc is ONC RPC (RFC 5531), by which NFS and its relatives call.
func rpc() dissect.Protocol {
	s := &shape{name: "rpc", osi: 5, prefix: rpcMark, size: func(b []byte) int {
		if len(b) < rpcMark {
			return 0
		}
		if n := rpcFragment(b); n >= rpcReplySize {
			return n + rpcMark
		}
		return -1
	}, read: readRPC}
	return s.entry("ONC RPC calls a procedure of a numbered program on another host; NFS, mount and the port mapper are such programs.",
		true, true, []uint16{111, 2049}, func(b []byte, datagram bool) dissect.Verdict {
			if !datagram {
				if len(b) < rpcMark || rpcFragment(b) < rpcReplySize || rpcFragment(b) > 1<<20 || b[0]&0x80 == 0 {
					return dissect.Verdict{}
				}
				b = b[rpcMark:]
			}
			if isRPCCall(b) {
				return verdict(true, dissect.Sender)
			}
			return dissect.Verdict{}
		})
}

// rpcFragment returns the size of the record's fragment (RFC 5531 section 11).
func rpcFragment(b []byte) int { return int(binary.BigEndian.Uint32(b) & 0x7fffffff) }

func isRPCCall(b []byte) bool {
	if len(b) < rpcCallSize {
		return false
	}
	program := binary.BigEndian.Uint32(b[rpcProgram:])
	return binary.BigEndian.Uint32(b[rpcType:]) == 0 && binary.BigEndian.Uint32(b[rpcVersion:]) == 2 &&
		(program >= 100000 && program < 400000 || program >= 0x20000000 && program < 0x60000000) &&
		binary.BigEndian.Uint32(b[rpcProgramV:]) < 16 && binary.BigEndian.Uint32(b[rpcProcedure:]) < 256
}

func readRPC(b []byte, _ layer.Direction) unit {
	if len(b) < rpcReplySize {
		return unit{kind: "fragment"}
	}
	u := unit{key: uint64(binary.BigEndian.Uint32(b[rpcXID:]))}
	if binary.BigEndian.Uint32(b[rpcType:]) == 0 && len(b) >= rpcCallSize {
		u.kind, u.role, u.name = "call", flow.Request, rpcName(b)
		return u
	}
	u.kind, u.role, u.status = "reply", flow.Response, "accepted"
	if binary.BigEndian.Uint32(b[rpcReply:]) != 0 {
		u.status = "denied"
	}
	return u
}

func rpcName(b []byte) string {
	program := binary.BigEndian.Uint32(b[rpcProgram:])
	version := binary.BigEndian.Uint32(b[rpcProgramV:])
	procedure := binary.BigEndian.Uint32(b[rpcProcedure:])
	name := rpcPrograms[program]
	if name == "" {
		name = strconv.FormatUint(uint64(program), 10)
	}
	name += " v" + strconv.FormatUint(uint64(version), 10)
	if program == 100003 && version == 3 && int(procedure) < len(nfs3) {
		return name + " " + nfs3[procedure]
	}
	return name + " procedure " + strconv.FormatUint(uint64(procedure), 10)
}
