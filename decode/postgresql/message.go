package postgresql

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Sizes and bounds.
const (
	fixed      = 5 // type and length
	startFixed = 8 // length and code of a message without a type
	maxStart   = 1 << 16
	maxMessage = 1 << 30 // the server's own limit
)

// Codes in place of the version (section 55.7).
const (
	codeCancel = 80877102
	codeSSL    = 80877103
	codeGSS    = 80877104
	version3   = 3 // in the upper half
)

// Messages of the client (PostgreSQL documentation, "Message Formats").
var frontend = map[byte]string{
	'B': "Bind", 'C': "Close", 'd': "CopyData", 'c': "CopyDone", 'f': "CopyFail", 'D': "Describe", 'E': "Execute", 'H': "Flush",
	'F': "FunctionCall", 'P': "Parse", 'p': "Password", 'Q': "Query", 'S': "Sync", 'X': "Terminate",
}

// Messages of the server.
var backend = map[byte]string{
	'R': "Authentication", 'K': "BackendKeyData", '2': "BindComplete", '3': "CloseComplete", 'C': "CommandComplete", 'd': "CopyData",
	'c': "CopyDone", 'G': "CopyInResponse", 'H': "CopyOutResponse", 'W': "CopyBothResponse", 'D': "DataRow", 'I': "EmptyQueryResponse",
	'E': "ErrorResponse", 'V': "FunctionCallResponse", 'v': "NegotiateProtocolVersion", 'n': "NoData", 'N': "NoticeResponse",
	'A': "NotificationResponse", 't': "ParameterDescription", 'S': "ParameterStatus", '1': "ParseComplete", 's': "PortalSuspended",
	'Z': "ReadyForQuery", 'T': "RowDescription",
}

func messages(dir layer.Direction) map[byte]string {
	if dir == layer.ToServer {
		return frontend
	}
	return backend
}

// measureStart returns the size of a message without a type, 0 where b is too
// short, and -1 where none begins so.
func measureStart(b []byte) int64 {
	if len(b) < startFixed {
		if b[0] != 0 {
			return -1
		}
		return 0
	}
	size, code := int64(binary.BigEndian.Uint32(b)), binary.BigEndian.Uint32(b[4:])
	switch {
	case size < startFixed || size > maxStart:
		return -1
	case code == codeSSL || code == codeGSS:
		if size != startFixed {
			return -1
		}
	case code != codeCancel && code>>16 != version3:
		return -1
	}
	return size
}

// measure returns the size of a message with a type.
func measure(dir layer.Direction, b []byte) int64 {
	if messages(dir)[b[0]] == "" {
		return -1
	}
	if len(b) < fixed {
		return 0
	}
	size := int64(binary.BigEndian.Uint32(b[1:]))
	if size < 4 || size > maxMessage {
		return -1
	}
	return 1 + size
}

// chain follows the messages that b begins with. It reports whether they are
// plausible, and whether the last of them ends b.
func chain(dir layer.Direction, b []byte) (plausible, ends bool, last byte) {
	for n := 0; len(b) >= fixed; n++ {
		size := measure(dir, b)
		if size < 0 || !fits(dir, b[0], size) {
			return false, false, 0
		}
		last = b[0]
		if size > int64(len(b)) {
			return true, false, last
		}
		b = b[size:]
	}
	return len(b) == 0 || messages(dir)[b[0]] != "", len(b) == 0, last
}

// fits compares a message's size with what its type may have.
func fits(dir layer.Direction, kind byte, size int64) bool {
	size -= fixed
	switch {
	case dir == layer.ToServer && (kind == 'S' || kind == 'H' || kind == 'X' || kind == 'c'):
		return size == 0
	case dir == layer.ToClient && (kind == '1' || kind == '2' || kind == '3' || kind == 'n' || kind == 's' || kind == 'I' || kind == 'c'):
		return size == 0
	case dir == layer.ToClient && kind == 'Z':
		return size == 1
	case kind == 'd' || kind == 'D' || kind == 'p' || kind == 'R':
		return true
	}
	return size > 0 && size < 1<<24
}

// probe judges the first bytes of one direction. The start of a connection
// cannot be taken for anything else; later messages of a server can be told by
// ReadyForQuery at their end.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 {
		return dissect.Verdict{}
	}
	if first[0] == 0 {
		switch n := measureStart(first); {
		case n == 0:
			return dissect.Verdict{Match: dissect.More}
		case n < 0 || binary.BigEndian.Uint32(first[4:])>>16 == version3 && !startup(first[startFixed:]):
			return dissect.Verdict{}
		}
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
	}
	if ok, ends, last := chain(layer.ToClient, first); ok && ends && last == 'Z' {
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Receiver}
	} else if ok && len(first) > fixed {
		return dissect.Verdict{Match: dissect.Maybe}
	}
	if ok, _, _ := chain(layer.ToServer, first); ok && len(first) >= fixed {
		return dissect.Verdict{Match: dissect.Maybe}
	}
	return dissect.Verdict{}
}

// startup reports whether the parameters of a StartupMessage begin with a name.
func startup(b []byte) bool {
	for i, c := range b {
		if c == 0 {
			return i > 0
		}
		if !(c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}
