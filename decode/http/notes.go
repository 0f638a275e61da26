package http

import (
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Notes gathers a message's texts, so that all of them together cost one
// string. It is used again for each message; begin with Request or Status.
type Notes struct {
	text  []byte
	title int // bytes of text that are the message's name or status
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

func (n *Notes) reset() {
	if n.text == nil {
		n.text, n.spans = make([]byte, 0, usualText), make([]span, 0, usualFacts)
	}
	n.text, n.spans = n.text[:0], n.spans[:0]
}

// Request begins the notes of a request, which is named "METHOD target".
func (n *Notes) Request(method, target []byte) {
	n.reset()
	n.write(method, MaxMethod)
	n.text = append(n.text, ' ')
	n.write(Hide(target), MaxName-MaxMethod)
	n.title = len(n.text)
}

// Status begins the notes of a response.
func (n *Notes) Status(code []byte) {
	n.reset()
	n.write(code, MaxMethod)
	n.title = len(n.text)
}

func (n *Notes) write(value []byte, most int) {
	if len(value) <= most && plain(value) {
		n.text = append(n.text, value...)
	} else {
		n.text = append(n.text, layer.Clip(value, most)...)
	}
}

// Add notes a captured value.
func (n *Notes) Add(key string, value []byte) {
	if len(n.spans) >= MaxFacts {
		return
	}
	from := len(n.text)
	n.write(value, MaxValue)
	n.spans = append(n.spans, span{key: key, from: from, to: len(n.text)})
}

// Set notes a constant, once.
func (n *Notes) Set(key, value string) {
	for i := range n.spans {
		if n.spans[i].key == key {
			return
		}
	}
	if len(n.spans) < MaxFacts {
		n.spans = append(n.spans, span{key: key, value: value})
	}
}

// Field notes what of a known field may be kept.
func (n *Notes) Field(f *Field, value []byte) {
	if f.Mean == ConnectVersion {
		n.Set("rpc", string(Connect))
	}
	if f.Mean == StatusDetails {
		if names := statusDetails(value); names != "" {
			n.Add("grpc-status-details", []byte(names))
		}
	}
	switch f.Use {
	case Kept:
		n.Add(f.Name, Hide(value))
	case Secret:
		n.Set(f.Name, "present")
	case Scheme:
		n.Set(f.Name, "present")
		if s := authScheme(value); s != "" {
			n.Set("authorization-scheme", s)
		}
	}
}

// Take returns the message's name or status, and its facts in dst's storage.
func (n *Notes) Take(dst []flow.Fact) (title string, facts []flow.Fact) {
	all := string(n.text)
	facts = dst[:0]
	if facts == nil {
		facts = make([]flow.Fact, 0, usualFacts)
	}
	for _, s := range n.spans {
		if s.value == "" {
			s.value = all[s.from:s.to]
		}
		facts = append(facts, flow.Fact{Key: s.key, Value: s.value})
	}
	return all[:n.title], facts
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
