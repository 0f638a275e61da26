package http1

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
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
func parseHead(out dissect.Sink, s start, b []byte, size int, n *http.Notes) head {
	h := head{start: s, length: noLength}
	if s.response {
		n.Status(s.code)
	} else {
		n.Request(s.method, s.target)
	}
	if s.minor == '0' {
		n.Set("version", "HTTP/1.0")
	} else {
		n.Set("version", "HTTP/1.1")
	}
	if len(s.reason) > 0 {
		n.Add("reason", s.reason)
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
		if k := http.Lookup(f.name); k != nil {
			h.take(out, k.Mean, f.value)
			n.Field(k, f.value)
		}
	}
	return h
}

// take uses one field's value.
func (h *head) take(out dissect.Sink, m http.Meaning, value []byte) {
	switch m {
	case http.Length:
		h.setLength(out, value)
	case http.TransferCoding:
		h.setCoding(value)
	case http.Host:
		if h.host == nil {
			h.host = value
		}
	case http.Upgrade:
		if h.upgrade == nil {
			h.upgrade = value
		}
	}
}

// setLength reads Content-Length (RFC 9110 section 8.6). The same length
// twice is one length; of different ones the last is taken, as it is the
// sender's last word, and a problem named.
func (h *head) setLength(out dissect.Sink, value []byte) {
	if len(value) == 0 {
		h.length = badLength
	}
	http.Elements(value, func(e []byte) bool {
		v := http.ParseLength(e)
		if v == http.NoLength {
			v = badLength
		}
		if h.length != noLength && h.length != v {
			h.complain(out, twoLengths, "different Content-Length values (RFC 9112 section 6.3)")
		}
		h.length = v
		return true
	})
}

// setCoding reads Transfer-Encoding (RFC 9112 section 6.1): what counts is
// whether chunked is the last coding. "identity" is no coding.
func (h *head) setCoding(value []byte) {
	http.Elements(value, func(e []byte) bool {
		if http.FoldEqual(e, "identity") {
			return true
		}
		h.chunked = http.FoldEqual(e, "chunked")
		h.coded = !h.chunked
		return true
	})
}
