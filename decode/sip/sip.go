// Package sip reads the Session Initiation Protocol (RFC 3261): requests and
// responses over datagrams, streams and WebSocket (RFC 7118), paired by
// transaction. Bodies that describe a session go to package sdp.
package sip

import (
	"bytes"
	"hash/fnv"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "sip"

const (
	osi     = 7
	version = "SIP/2.0"
)

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name: Name, OSI: osi, Stream: true, Datagram: true, Ports: []uint16{5060},
		About:     "SIP sets up calls: a phone registers, invites, rings, answers and hangs up, in requests and responses that look like HTTP's. The voice itself goes beside it, by RTP.",
		Announced: []string{"sip"},
		Probe:     probe,
		New:       func(c dissect.Context) dissect.Dissector { return newDissector(c) },
	}
}

// methods are those of RFC 3261 and the RFCs that its registry names.
var methods = map[string]bool{
	"INVITE": true, "ACK": true, "OPTIONS": true, "BYE": true, "CANCEL": true, "REGISTER": true, "PRACK": true, "SUBSCRIBE": true,
	"NOTIFY": true, "PUBLISH": true, "INFO": true, "REFER": true, "MESSAGE": true, "UPDATE": true,
}

func probe(first []byte, _ bool) dissect.Verdict {
	b := bytes.TrimLeft(first[:min(len(first), 16)], "\r\n")
	b = first[min(len(first), 16)-len(b):]
	if bytes.HasPrefix(b, []byte(version+" ")) {
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Receiver}
	}
	method, rest, ok := bytes.Cut(b[:min(len(b), maxHead)], []byte{' '})
	if !ok || !methods[string(method)] {
		return dissect.Verdict{}
	}
	line, _, ended := bytes.Cut(rest, []byte("\n"))
	switch {
	case bytes.HasSuffix(bytes.TrimRight(line, "\r"), []byte(" "+version)):
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
	case !ended && (bytes.HasPrefix(rest, []byte("sip:")) || bytes.HasPrefix(rest, []byte("sips:")) || bytes.HasPrefix(rest, []byte("tel:"))):
		return dissect.Verdict{Match: dissect.More}
	}
	return dissect.Verdict{}
}

// Bounds of what is read of one message.
const (
	maxHead = 16 << 10
	maxBody = 1 << 20
	maxText = 255
)

// message is a SIP message's head. The slices point into it.
type message struct {
	size        int    // of the head, with the empty line
	method, uri []byte // of a request
	status      int    // of a response; 0 for a request
	reason      []byte
	cseq        []byte // "1 INVITE"
	callID      []byte
	branch      []byte // of the topmost Via (RFC 3261 section 17.1.3)
	from, to    []byte
	contentType []byte
	contact     []byte
	body        int // Content-Length; -1 where it is not said
	credentials bool
}

// compact are the short forms of field names (RFC 3261 section 7.3.3).
var compact = map[byte]string{'i': "call-id", 'm': "contact", 'l': "content-length", 'c': "content-type", 'f': "from", 't': "to", 'v': "via"}

// parse reads a head. ok is false where b does not begin with one; size is 0
// where it is not whole.
func parse(b []byte) (m message, ok bool) {
	end := bytes.Index(b[:min(len(b), maxHead)], []byte("\r\n\r\n"))
	gap := 4
	if bare := bytes.Index(b[:min(len(b), maxHead)], []byte("\n\n")); bare >= 0 && (end < 0 || bare < end) {
		end, gap = bare, 2
	}
	m.body = -1
	if end < 0 {
		line, _, whole := bytes.Cut(b, []byte{'\n'})
		return m, !whole || m.start(bytes.TrimRight(line, "\r"))
	}
	line, rest, _ := bytes.Cut(b[:end], []byte{'\n'})
	if !m.start(bytes.TrimRight(line, "\r")) {
		return m, false
	}
	for line := range bytes.Lines(rest) {
		m.field(bytes.TrimRight(line, "\r\n"))
	}
	m.size = end + gap
	return m, true
}

func (m *message) start(line []byte) bool {
	first, rest, _ := bytes.Cut(line, []byte{' '})
	if string(first) == version {
		code, reason, _ := bytes.Cut(rest, []byte{' '})
		n, err := strconv.Atoi(string(code))
		m.status, m.reason = n, reason
		return err == nil && n >= 100 && n <= 699
	}
	uri, v, ok := bytes.Cut(rest, []byte{' '})
	m.method, m.uri = first, uri
	return ok && string(v) == version && len(first) > 0 && len(uri) > 0
}

func (m *message) field(line []byte) {
	key, value, ok := bytes.Cut(line, []byte{':'})
	if !ok {
		return
	}
	name := string(bytes.ToLower(bytes.TrimSpace(key[:min(len(key), 24)])))
	if len(name) == 1 && compact[name[0]] != "" {
		name = compact[name[0]]
	}
	value = bytes.TrimSpace(value)
	switch name {
	case "via":
		if m.branch == nil {
			m.branch = parameter(value, "branch=")
		}
	case "cseq":
		m.cseq = value
	case "call-id":
		m.callID = value
	case "from":
		m.from = value
	case "to":
		m.to = value
	case "contact":
		m.contact = value
	case "content-type":
		m.contentType = value
	case "content-length":
		if n, err := strconv.Atoi(string(value)); err == nil && n >= 0 && n <= maxBody {
			m.body = n
		}
	case "authorization", "proxy-authorization":
		m.credentials = true
	}
}

// parameter returns a parameter of a field's value, nothing where it is not
// there.
func parameter(value []byte, name string) []byte {
	i := bytes.Index(value, []byte(name))
	if i < 0 {
		return nil
	}
	value = value[i+len(name):]
	if end := bytes.IndexAny(value, ";, \t"); end >= 0 {
		value = value[:end]
	}
	return value
}

// transaction is the key by which requests and responses find each other: the
// branch, and the method of CSeq, which tells a CANCEL from what it cancels
// (RFC 3261 section 17.1.3).
func (m *message) transaction() uint64 {
	h := fnv.New64a()
	h.Write(m.branch)
	h.Write(m.cseq)
	h.Write(m.callID)
	return h.Sum64()
}

// address returns the URI of a From or To field.
func address(value []byte) []byte {
	if i := bytes.IndexByte(value, '<'); i >= 0 {
		value = value[i+1:]
		if end := bytes.IndexByte(value, '>'); end >= 0 {
			return value[:end]
		}
	}
	if end := bytes.IndexByte(value, ';'); end >= 0 {
		value = value[:end]
	}
	return value
}
