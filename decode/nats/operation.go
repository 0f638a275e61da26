package nats

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
)

// Bounds of lines and what they announce.
const (
	maxLine    = 32 << 10 // INFO is the longest
	maxPayload = 1 << 30
	maxWords   = 5
)

// operation is a line of the protocol with the payload that it announces.
type operation struct {
	name    string   // upper case: "PUB"
	words   [][]byte // the arguments; of INFO, CONNECT and -ERR the text behind the name
	line    int      // its size with its end
	payload int64    // bytes announced, -1 for an operation that has none
	header  int64    // of them, headers
}

// verbs are the operations with the number of arguments that they may have.
var verbs = map[string]struct{ least, most int }{
	"INFO": {1, 1}, "CONNECT": {1, 1}, "PUB": {2, 3}, "HPUB": {3, 4}, "SUB": {2, 3}, "UNSUB": {1, 2}, "MSG": {3, 4}, "HMSG": {4, 5},
	"PING": {0, 0}, "PONG": {0, 0}, "+OK": {0, 0}, "-ERR": {0, 1},
}

// parseLine reads the line that b begins with. enough is false where it does
// not end in b.
func parseLine(b []byte) (o operation, enough, ok bool) {
	end := bytes.IndexByte(b[:min(len(b), maxLine)], '\n')
	if end < 0 {
		return o, len(b) >= maxLine, false
	}
	o.line, o.payload = end+1, -1
	text := bytes.TrimRight(b[:end], "\r \t")
	word, rest, _ := bytes.Cut(text, []byte(" "))
	const longest = len("CONNECT")
	if len(word) > longest {
		word = nil
	}
	o.name = strings.ToUpper(string(word))
	verb, known := verbs[o.name]
	if !known {
		return o, true, false
	}
	if rest = bytes.TrimSpace(rest); verb.most == 1 && len(rest) > 0 {
		o.words = [][]byte{rest}
	} else {
		o.words = fields(rest)
	}
	if len(o.words) < verb.least || len(o.words) > verb.most {
		return o, true, false
	}
	return o, true, o.sizes()
}

// fields cuts a line into words, a few at most.
func fields(b []byte) (words [][]byte) {
	for len(b) > 0 && len(words) <= maxWords {
		word, rest, _ := bytes.Cut(b, []byte(" "))
		if len(word) > 0 {
			words = append(words, word)
		}
		b = rest
	}
	return words
}

// sizes reads the numbers at the end of a line that announces a payload.
func (o *operation) sizes() (ok bool) {
	last := len(o.words) - 1
	switch o.name {
	case "PUB", "MSG":
		o.payload, ok = number(o.words[last])
		return ok
	case "HPUB", "HMSG":
		if o.header, ok = number(o.words[last-1]); ok {
			o.payload, ok = number(o.words[last])
		}
		return ok && o.header <= o.payload
	}
	return true
}

func number(b []byte) (n int64, ok bool) {
	n, err := strconv.ParseInt(string(b[:min(len(b), 12)]), 10, 64)
	return n, err == nil && n >= 0 && n <= maxPayload && len(b) < 12
}

// size returns the operation's bytes with its payload.
func (o *operation) size() int64 {
	if o.payload < 0 {
		return int64(o.line)
	}
	return int64(o.line) + o.payload + 2
}

// subject, reply and sid return a message's arguments: PUB subject [reply] n,
// MSG subject sid [reply] n, and the same with the headers' size before n.
func (o *operation) subject() []byte { return o.words[0] }

func (o *operation) delivered() bool { return o.name == "MSG" || o.name == "HMSG" }

func (o *operation) reply() []byte {
	before, behind := 1, 1
	if o.delivered() {
		before++
	}
	if o.header > 0 || o.name[0] == 'H' {
		behind++
	}
	if len(o.words) > before+behind {
		return o.words[before]
	}
	return nil
}

// probe judges the first bytes of one direction. A server begins with INFO and
// a client with CONNECT, each with a JSON object; other operations must be on
// the port of NATS.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram {
		return dissect.Verdict{}
	}
	for _, greeting := range []struct {
		text   string
		client dissect.Client
	}{{"INFO {\"", dissect.Receiver}, {"CONNECT {\"", dissect.Sender}} {
		n := min(len(first), len(greeting.text))
		if !strings.EqualFold(string(first[:n]), greeting.text[:n]) {
			continue
		}
		if n < len(greeting.text) {
			return dissect.Verdict{Match: dissect.More}
		}
		return dissect.Verdict{Match: dissect.Yes, Client: greeting.client}
	}
	o, _, ok := parseLine(first)
	if !ok || o.name == "INFO" || o.name == "CONNECT" {
		return dissect.Verdict{}
	}
	v := dissect.Verdict{Match: dissect.Maybe}
	switch o.name {
	case "PUB", "HPUB", "SUB", "UNSUB":
		v.Client = dissect.Sender
	case "MSG", "HMSG", "+OK", "-ERR":
		v.Client = dissect.Receiver
	}
	return v
}
