package mysql

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/wire"
)

// Packets (MySQL Internals, "Client/Server Protocol"): three bytes of length,
// one of sequence, and the payload. Numbers have their lowest byte first.
const (
	fixed      = 4
	fullLength = 1<<24 - 1 // the payload goes on in the next packet
)

// Capabilities that are looked at.
const (
	capConnectDB    = 1 << 3
	capCompress     = 1 << 5
	capProtocol41   = 1 << 9
	capSSL          = 1 << 11
	capPluginAuth   = 1 << 19
	capAuthLenEnc   = 1 << 21
	capDeprecateEOF = 1 << 24
	capOptionalMeta = 1 << 25
	capZstd         = 1 << 26
	capQueryAttrs   = 1 << 27
	sslRequestSize  = 32
	statusMore      = 0x0008 // SERVER_MORE_RESULTS_EXISTS
	protocolVersion = 10
)

// First bytes of a server's packets.
const (
	okPacket     = 0x00
	authMore     = 0x01
	localInfile  = 0xfb
	eofPacket    = 0xfe
	errPacket    = 0xff
	eofSize      = 5
	nullInteger  = 0xfb
	twoBytes     = 0xfc
	threeBytes   = 0xfd
	eightBytes   = 0xfe
	errWithState = '#'
)

// header reads a packet's length and sequence number.
func header(b []byte) (length int, sequence byte) {
	return int(b[0]) | int(b[1])<<8 | int(b[2])<<16, b[3]
}

// integer reads a length-encoded integer.
func integer(r *wire.Reader) uint64 {
	switch c := r.U8(); c {
	case nullInteger, 0xff:
		return 0
	case twoBytes:
		return r.Little(2)
	case threeBytes:
		return r.Little(3)
	case eightBytes:
		return r.Little(8)
	default:
		return uint64(c)
	}
}

// text reads a length-encoded string.
func text(r *wire.Reader) []byte {
	n := integer(r)
	if n > uint64(r.Len()) {
		r.Fail()
		return nil
	}
	return r.Bytes(int(n))
}

// greeting is the server's initial handshake packet.
type greeting struct {
	version      []byte
	thread       uint32
	capabilities uint32
	charset      byte
	status       uint16
	plugin       []byte
}

func parseGreeting(b []byte) (g greeting, ok bool) {
	r := wire.NewReader(b)
	if r.U8() != protocolVersion {
		return g, false
	}
	g.version, g.thread = r.ZeroEnded(), uint32(r.Little(4))
	r.Bytes(8 + 1) // salt and filler
	g.capabilities = uint32(r.Little(2))
	if !r.OK() || r.Len() == 0 {
		return g, r.OK()
	}
	g.charset, g.status = r.U8(), uint16(r.Little(2))
	g.capabilities |= uint32(r.Little(2)) << 16
	salt := int(r.U8())
	r.Bytes(10)
	r.Bytes(min(r.Len(), max(13, salt-8)))
	if g.capabilities&capPluginAuth != 0 {
		p := wire.NewReader(r.Peek())
		g.plugin = p.ZeroEnded()
	}
	return g, r.OK()
}

// login is a client's handshake response, or its SSLRequest.
type login struct {
	capabilities uint32
	maxPacket    uint32
	charset      byte
	ssl          bool
	user         []byte
	password     int // bytes that answer the server's challenge
	database     []byte
	plugin       []byte
}

func parseLogin(b []byte) (l login, ok bool) {
	r := wire.NewReader(b)
	if len(b) >= 2 && b[1]&(capProtocol41>>8) == 0 { // the handshake of MySQL before 4.1
		l.capabilities, l.maxPacket = uint32(r.Little(2)), uint32(r.Little(3))
		l.user = r.ZeroEnded()
		return l, r.OK()
	}
	l.capabilities, l.maxPacket, l.charset = uint32(r.Little(4)), uint32(r.Little(4)), r.U8()
	r.Bytes(23)
	if l.capabilities&capSSL != 0 && len(b) == sslRequestSize {
		l.ssl = true
		return l, r.OK()
	}
	l.user = r.ZeroEnded()
	if l.capabilities&capAuthLenEnc != 0 {
		l.password = len(text(&r))
	} else {
		l.password = len(r.Text8())
	}
	if l.capabilities&capConnectDB != 0 && r.Len() > 0 {
		l.database = r.ZeroEnded()
	}
	if l.capabilities&capPluginAuth != 0 && r.Len() > 0 {
		l.plugin = r.ZeroEnded()
	}
	return l, r.OK()
}

// plausibleLogin reports whether a payload looks like a handshake response of
// MySQL 4.1 or later: a large maximum, 23 bytes that are zero (MariaDB uses the
// last four) and a name.
func plausibleLogin(b []byte) bool {
	if len(b) < sslRequestSize || b[1]&(capProtocol41>>8) == 0 || !zero(b[9:28]) {
		return false
	}
	l, ok := parseLogin(b)
	if !ok {
		return false
	}
	for _, c := range l.user {
		if c < ' ' {
			return false
		}
	}
	return l.maxPacket == 0 || l.maxPacket >= 1<<10
}

func zero(b []byte) bool { return len(bytes.Trim(b, "\x00")) == 0 }

// probe judges the first bytes of one direction. The server's greeting and the
// client's login are unmistakable; of what comes later only a command with a
// text is considered, and the port must agree.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 {
		return dissect.Verdict{}
	}
	if len(first) < fixed+1 {
		if len(first) > 2 && first[2] != 0 {
			return dissect.Verdict{}
		}
		return dissect.Verdict{Match: dissect.More}
	}
	length, sequence := header(first)
	payload := first[fixed:min(len(first), fixed+length)]
	switch {
	case length == 0 || length > 1<<20 || len(payload) == 0:
		return dissect.Verdict{}
	case sequence == 0 && payload[0] == protocolVersion && length < 512:
		return probeGreeting(payload, length)
	case (sequence == 1 || sequence == 2) && len(payload) == length && plausibleLogin(payload):
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
	case sequence == 0 && payload[0] == comQuery && printable(payload[1:]):
		return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Sender}
	case sequence == 0 && payload[0] == errPacket && length > 9 && length < 512 || sequence == 1 && len(first) == fixed+length:
		return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Receiver}
	}
	return dissect.Verdict{}
}

func probeGreeting(b []byte, length int) dissect.Verdict {
	version, _, whole := bytes.Cut(b[1:], []byte{0})
	if len(version) > 64 || !printable(version) || len(version) > 0 && (version[0] < '0' || version[0] > '9') {
		return dissect.Verdict{}
	}
	if !whole || len(b) < length {
		return dissect.Verdict{Match: dissect.More}
	}
	if _, ok := parseGreeting(b); !ok || len(version) == 0 {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Yes, Client: dissect.Receiver}
}

func printable(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0x7f {
			return false
		}
	}
	return len(b) > 0
}
