package http1

import (
	"bytes"
	"net/netip"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of what is kept of one message.
const (
	maxFacts = 48
	maxName  = 2048 // bytes of "METHOD target"
	maxValue = 512  // bytes of a fact
)

// notes gathers a message's texts, so that all of them together cost one
// string. It is used again for each message.
type notes struct {
	text  []byte
	spans []span
}

// What a usual message needs; many connections carry but one.
const (
	usualText  = 512
	usualFacts = 16
)

type span struct {
	key, value string // value "" where text[from:to] is it
	from, to   int
}

func (n *notes) reset() {
	if n.text == nil {
		n.text, n.spans = make([]byte, 0, usualText), make([]span, 0, usualFacts)
	}
	n.text, n.spans = n.text[:0], n.spans[:0]
}

// add notes a captured value.
func (n *notes) add(key string, value []byte, most int) {
	if len(n.spans) >= maxFacts {
		return
	}
	from := len(n.text)
	if len(value) <= most && plain(value) {
		n.text = append(n.text, value...)
	} else {
		n.text = append(n.text, layer.Clip(value, most)...)
	}
	n.spans = append(n.spans, span{key: key, from: from, to: len(n.text)})
}

// set notes a constant, once.
func (n *notes) set(key, value string) {
	for i := range n.spans {
		if n.spans[i].key == key {
			return
		}
	}
	if len(n.spans) < maxFacts {
		n.spans = append(n.spans, span{key: key, value: value})
	}
}

// take returns the first text noted, and all the others as facts in dst's
// storage.
func (n *notes) take(dst []flow.Fact) (first string, facts []flow.Fact) {
	all := string(n.text)
	first = all[:n.spans[0].to]
	facts = dst[:0]
	if facts == nil {
		facts = make([]flow.Fact, 0, usualFacts)
	}
	for _, s := range n.spans[1:] {
		if s.value == "" {
			s.value = all[s.from:s.to]
		}
		facts = append(facts, flow.Fact{Key: s.key, Value: s.value})
	}
	return first, facts
}

// plain reports whether b is printable ASCII.
func plain(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// unfold joins a folded value's lines by a space (RFC 9112 section 5.2).
func unfold(b []byte) []byte { return bytes.Join(bytes.Fields(b), []byte(" ")) }

// authScheme returns the scheme of credentials (RFC 9110 section 11.4), or ""
// where there is but one word, which then may be the secret itself.
func authScheme(value []byte) string {
	i := bytes.IndexByte(value, ' ')
	if i <= 0 || i > 32 || tokenLength(value[:i]) < i {
		return ""
	}
	return strings.ToLower(string(value[:i]))
}

// hostName returns the name of a Host field without its port (RFC 9110 section
// 7.2), or nothing where it is an address or no name at all.
func hostName(host []byte) []byte {
	if i := bytes.LastIndexByte(host, ':'); i >= 0 {
		host = host[:i]
	}
	const longest = 253 // RFC 1035 section 2.3.4, in text
	if len(host) == 0 || len(host) > longest {
		return nil
	}
	for _, c := range host {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && !digit(c) && c != '.' && c != '-' && c != '_' {
			return nil
		}
	}
	if last := host[len(host)-1]; digit(last) || last == '.' {
		if _, err := netip.ParseAddr(strings.TrimSuffix(string(host), ".")); err == nil {
			return nil
		}
	}
	return host
}
