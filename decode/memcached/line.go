package memcached

import (
	"bytes"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of lines and of the data that they announce.
const (
	maxLine  = 8 << 10
	maxData  = 1 << 30
	maxWords = 64
	maxKey   = 250 // protocol.txt, "Keys"
)

// form is how a command is answered.
type form byte

const (
	line    form = iota + 1 // one line
	values                  // VALUE lines with data up to END
	listing                 // STAT lines up to END, or one line
	nothing                 // the connection is closed
	meta                    // one line, with data behind VA; with the flag q only if it is worth telling
)

// command is what a command looks like (protocol.txt).
type command struct {
	form     form
	least    int // words behind the command
	most     int
	data     int  // which of them announces data, counted from 1; 0 for none
	numbered bool // those before data and behind the key are numbers
	key      int  // which of them is a key
}

var commands = map[string]command{
	"set": {line, 4, 5, 4, true, 1}, "add": {line, 4, 5, 4, true, 1}, "replace": {line, 4, 5, 4, true, 1},
	"append": {line, 4, 5, 4, true, 1}, "prepend": {line, 4, 5, 4, true, 1}, "cas": {line, 5, 6, 4, true, 1},
	"get": {values, 1, maxWords, 0, false, 1}, "gets": {values, 1, maxWords, 0, false, 1},
	"gat": {values, 2, maxWords, 0, false, 2}, "gats": {values, 2, maxWords, 0, false, 2},
	"delete": {line, 1, 3, 0, false, 1}, "incr": {line, 2, 3, 0, false, 1}, "decr": {line, 2, 3, 0, false, 1},
	"touch": {line, 2, 3, 0, false, 1}, "stats": {listing, 0, 3, 0, false, 0}, "flush_all": {line, 0, 2, 0, false, 0},
	"version": {line, 0, 0, 0, false, 0}, "verbosity": {line, 1, 2, 0, false, 0}, "quit": {nothing, 0, 0, 0, false, 0},
	"mg": {meta, 1, maxWords, 0, false, 1}, "ms": {meta, 2, maxWords, 2, false, 1}, "md": {meta, 1, maxWords, 0, false, 1},
	"ma": {meta, 1, maxWords, 0, false, 1}, "mn": {line, 0, 0, 0, false, 0}, "me": {line, 1, maxWords, 0, false, 1},
}

// replies are the first words of a server's lines, with which of the following
// words announces data.
var replies = map[string]int{
	"VALUE": 3, "VA": 1, "END": 0, "STORED": 0, "NOT_STORED": 0, "EXISTS": 0, "NOT_FOUND": 0, "DELETED": 0, "TOUCHED": 0, "OK": 0,
	"VERSION": 0, "STAT": 0, "RESET": 0, "ERROR": 0, "CLIENT_ERROR": 0, "SERVER_ERROR": 0, "HD": 0, "EN": 0, "NF": 0, "NS": 0, "EX": 0,
	"MN": 0, "ME": 0,
}

// text is a line with the data that it announces.
type text struct {
	words [][]byte // of the line
	size  int      // of the line with its end
	data  int64    // bytes announced, -1 for none
}

func (t *text) word(i int) []byte {
	if i >= len(t.words) {
		return nil
	}
	return t.words[i]
}

// parseLine reads the line that b begins with. enough is false where it does
// not end in b.
func parseLine(dir layer.Direction, b []byte) (t text, enough, ok bool) {
	n := bytes.IndexByte(b[:min(len(b), maxLine)], '\n')
	if n < 0 {
		return t, len(b) >= maxLine, false
	}
	t.size, t.data = n+1, -1
	t.words = words(bytes.TrimSuffix(b[:n], []byte("\r")))
	if len(t.words) == 0 {
		return t, true, false
	}
	if dir == layer.ToServer {
		return t, true, t.command()
	}
	at, known := replies[string(t.words[0])]
	if at > 0 {
		t.data, known = size(t.word(at))
	}
	return t, true, known || number(t.words[0]) && len(t.words) == 1 // of incr and decr
}

// words cuts a line into words.
func words(b []byte) (list [][]byte) {
	for len(b) > 0 && len(list) <= maxWords {
		word, rest, _ := bytes.Cut(b, []byte(" "))
		if len(word) > 0 {
			list = append(list, word)
		}
		b = rest
	}
	return list
}

// command reports whether the line is a command, and reads what it announces.
func (t *text) command() bool {
	const longest = len("flush_all")
	name := t.words[0]
	if len(name) > longest {
		return false
	}
	c, known := commands[string(name)]
	n := len(t.words) - 1
	if !known || n < c.least || n > c.most || c.key > 0 && len(t.words[c.key]) > maxKey {
		return false
	}
	for i := c.key + 1; c.numbered && i < c.data; i++ {
		if !number(bytes.TrimPrefix(t.words[i], []byte("-"))) {
			return false
		}
	}
	if c.data == 0 {
		return true
	}
	var ok bool
	t.data, ok = size(t.words[c.data])
	return ok
}

func size(b []byte) (n int64, ok bool) {
	n, err := strconv.ParseInt(string(b[:min(len(b), 12)]), 10, 64)
	return n, err == nil && n >= 0 && n <= maxData
}

func number(b []byte) bool {
	for _, c := range b {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(b) > 0 && len(b) <= 20
}

// whole returns the size of the line with its data.
func (t *text) whole() int64 {
	if t.data < 0 {
		return int64(t.size)
	}
	return int64(t.size) + t.data + 2
}

// probe judges the first bytes of one direction: a command with a key, or the
// answer to one. Words that other protocols use, too, must be on the port.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 {
		return dissect.Verdict{}
	}
	if t, _, ok := parseLine(layer.ToServer, first); ok {
		v := dissect.Verdict{Match: dissect.Maybe, Client: dissect.Sender}
		if c := commands[string(t.words[0])]; c.key > 0 && first[t.size-2:][0] == '\r' && c.form != meta {
			v.Match = dissect.Yes
		}
		return v
	}
	t, enough, ok := parseLine(layer.ToClient, first)
	switch {
	case ok && (t.data >= 0 || string(t.words[0]) == "STORED" || string(t.words[0]) == "NOT_STORED"):
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Receiver}
	case ok:
		return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Receiver}
	case !enough && begins(first):
		return dissect.Verdict{Match: dissect.More}
	}
	return dissect.Verdict{}
}

// begins reports whether b may be the beginning of a command with a key.
func begins(b []byte) bool {
	const longest = 512
	name, _, found := bytes.Cut(b, []byte(" "))
	if !found || len(b) > longest || len(name) > maxKey {
		return false
	}
	c, known := commands[string(name)]
	return known && c.key > 0
}
