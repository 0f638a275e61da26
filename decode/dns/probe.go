package dns

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
)

// lengthSize is the size of a message's length on a stream (RFC 1035 section
// 4.2.2).
const lengthSize = 2

func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram {
		return judge(first, len(first))
	}
	if len(first) < lengthSize {
		return dissect.Verdict{Match: dissect.More}
	}
	length := int(binary.BigEndian.Uint16(first))
	m := first[lengthSize:min(len(first), lengthSize+length)]
	if length < headerSize {
		return dissect.Verdict{}
	}
	if len(m) < headerSize {
		if len(m) >= 4 && !plausibleFlags(binary.BigEndian.Uint16(m[2:])) {
			return dissect.Verdict{}
		}
		return dissect.Verdict{Match: dissect.More}
	}
	return judge(m, length)
}

// probeMDNS leaves it to the port to tell multicast DNS from DNS. Who asks is
// not the client there: everybody sends both.
func probeMDNS(first []byte, _ bool) dissect.Verdict {
	if judge(first, len(first)).Match == dissect.No {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.Maybe}
}

// plausibleFlags reports whether the operation is a known one.
func plausibleFlags(flags uint16) bool {
	_, known := opcodeNames[uint8(flags>>11)&15]
	return known
}

// judge judges a message of the given length; m holds less of it where more of
// a stream is to come. A message of an unknown operation must at least be whole.
func judge(m []byte, length int) dissect.Verdict {
	if len(m) < headerSize {
		return dissect.Verdict{}
	}
	w := walk(m)
	h := &w.header
	if !h.plausibleCounts() {
		return dissect.Verdict{}
	}
	v := dissect.Verdict{Match: dissect.Maybe, Client: dissect.Sender}
	if h.response() {
		v.Client = dissect.Receiver
	}
	strong, known := h.strong(), plausibleFlags(h.flags)
	for {
		e, ok, err := w.next()
		switch {
		case err == errShort && len(m) < length && w.section == question:
			v.Match = dissect.More
			return v
		case err == errShort && known:
			// The snap length may have cut a datagram; a stream's question is enough.
			if strong && len(m) < length {
				v.Match = dissect.Yes
			}
			return v
		case err != nil:
			if !strong { // else a known port may say that it is DNS, malformed
				v.Match = dissect.No
			}
			return v
		case !ok:
			if strong && w.off == length {
				v.Match = dissect.Yes
			} else if !known && w.off != length {
				v.Match = dissect.No
			}
			return v
		case e.section == question && !plausibleQuestion(m, e):
			strong = false
		}
	}
}

// plausibleCounts are those that a message of 65535 bytes can have.
func (h *header) plausibleCounts() bool {
	const smallestQuestion, smallestRecord, largest = 5, 11, 1<<16 - 1
	records := h.counts[answer] + h.counts[authority] + h.counts[additional]
	return headerSize+h.counts[question]*smallestQuestion+records*smallestRecord <= largest
}

// strong reports whether the header is one that other protocols' bytes do not
// look like: the reserved bit is clear, there is one question, and a query has
// neither a response code nor, unless it is one that carries records, answers.
func (h *header) strong() bool {
	op := h.opcode()
	if h.flags&flagZ != 0 || h.counts[question] != 1 || op != opQuery && op != opNotify && op != opUpdate {
		return false
	}
	if h.response() || op == opUpdate {
		return true
	}
	return h.flags&(15|flagAuthoritative) == 0 && h.counts[answer] == 0 && h.counts[authority] <= 1 && h.counts[additional] <= 2 ||
		op == opNotify && h.counts[answer] <= 1
}

// plausibleQuestion reports whether the class is IN or that of a request for a
// server's version, the type a registered one, and the name none of NetBIOS
// (RFC 1001 section 14.1: 32 letters from A to P).
func plausibleQuestion(m []byte, e entry) bool {
	if e.class != classIN && e.class != classCH && e.class != classAny || typeNames[e.kind] == "" {
		return false
	}
	if m[e.off] != 32 {
		return true
	}
	for _, c := range m[e.off+1 : e.off+33] {
		if c < 'A' || c > 'P' {
			return true
		}
	}
	return false
}
