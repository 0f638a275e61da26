package http1

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
)

// head is what the framing and the pairing need of a header section. Its
// slices borrow the section.
type head struct {
	start
	length   int64 // Content-Length; noLength or badLength where there is no such number
	chunked  bool  // the last transfer coding is chunked
	coded    bool  // there is a transfer coding, and the last one is not chunked
	upgrade  []byte
	host     []byte
	problems defect // said already
}

const (
	noLength  = -1
	badLength = -2
)

// defect is a set of faults in a header section, each said once a message.
type defect uint8

const (
	folded defect = 1 << iota
	spaced
	colonless
	twoLengths
)

func (h *head) complain(out dissect.Sink, d defect, text string) {
	if h.problems&d == 0 {
		h.problems |= d
		out.Problem(Name, text)
	}
}

// parseHead reads a header section: the start line s, of size bytes, and the
// field lines behind it. What is worth keeping goes to n, the message's name
// or status first.
func parseHead(out dissect.Sink, s start, b []byte, size int, n *notes) head {
	h := head{start: s, length: noLength}
	n.reset()
	n.title(&h)
	if s.minor == '0' {
		n.set("version", "HTTP/1.0")
	} else {
		n.set("version", "HTTP/1.1")
	}
	if len(s.reason) > 0 {
		n.add("reason", s.reason, maxValue)
	}
	lines := section{rest: b[size:], base: size}
	for {
		f, colon, ok := lines.next()
		if !ok {
			break
		}
		if f.folded {
			h.complain(out, folded, "obsolete line folding in a header section (RFC 9112 section 5.2)")
			f.value = unfold(f.value)
		}
		if !colon {
			h.complain(out, colonless, "header line without a colon")
			continue
		}
		if f.spaced {
			h.complain(out, spaced, "white space before a header's colon (RFC 9112 section 5.1)")
		}
		if k := lookup(f.name); k != nil {
			h.take(out, k, f.value, n)
		}
	}
	return h
}

// title notes a message's name or status.
func (n *notes) title(h *head) {
	if h.response {
		n.add("", h.code, maxName)
		return
	}
	n.add("", h.method, maxMethod)
	n.text = append(n.text, ' ')
	n.add("", h.target, maxName-maxMethod)
	n.spans = n.spans[:1]
	n.spans[0].to = len(n.text)
}

// take uses one field's value.
func (h *head) take(out dissect.Sink, k *known, value []byte, n *notes) {
	switch k.use {
	case shown, guarded:
		return
	case secret:
		n.set(k.name, "present")
		return
	case scheme:
		n.set(k.name, "present")
		if s := authScheme(value); s != "" {
			n.set("authorization-scheme", s)
		}
		return
	case isLength:
		h.setLength(out, value)
	case isCoding:
		h.setCoding(value)
	case isHost:
		if h.host == nil {
			h.host = value
		}
	case isUpgrade:
		if h.upgrade == nil {
			first, _, _ := bytes.Cut(value, []byte(","))
			h.upgrade = trimBlank(first)
		}
	}
	n.add(k.name, value, maxValue)
}

// setLength reads Content-Length (RFC 9110 section 8.6). The same length
// twice is one length; of different ones the last is taken, as it is the
// sender's last word, and a problem named.
func (h *head) setLength(out dissect.Sink, value []byte) {
	if len(value) == 0 {
		h.length = badLength
	}
	elements(value, func(e []byte) bool {
		v := parseLength(e)
		if h.length != noLength && h.length != v {
			h.complain(out, twoLengths, "different Content-Length values (RFC 9112 section 6.3)")
		}
		h.length = v
		return true
	})
}

// parseLength reads decimal digits, as many as an int64 surely holds.
func parseLength(b []byte) int64 {
	const most = 18
	digits := bytes.TrimLeft(b, "0")
	if len(b) == 0 || len(digits) > most {
		return badLength
	}
	var v int64
	for _, c := range digits {
		if !digit(c) {
			return badLength
		}
		v = v*10 + int64(c-'0')
	}
	return v
}

// setCoding reads Transfer-Encoding (RFC 9112 section 6.1): what counts is
// whether chunked is the last coding. "identity" is no coding.
func (h *head) setCoding(value []byte) {
	elements(value, func(e []byte) bool {
		if foldEqual(e, "identity") {
			return true
		}
		h.chunked = foldEqual(e, "chunked")
		h.coded = !h.chunked
		return true
	})
}
