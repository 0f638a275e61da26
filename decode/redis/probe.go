package redis

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
)

// probe judges the first bytes of one direction. A command is an array of bulk
// strings of which the first is a word; a reply could be many things, so that
// the port must agree.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 {
		return dissect.Verdict{}
	}
	if first[0] == array {
		return probeArray(first)
	}
	n := measure(first, true)
	reply := dissect.Verdict{Match: dissect.Maybe, Client: dissect.Receiver}
	switch {
	case n <= 0:
		return dissect.Verdict{}
	case first[0] == simpleString || first[0] == simpleError:
		return reply
	case isKind(first[0]):
		if line := bytes.IndexByte(first, '\n'); line >= 1 && first[line-1] == '\r' && plainLine(first[1:line-1]) {
			return reply
		}
	case !isKind(first[0]) && inlineCommand(first):
		return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Sender}
	}
	return dissect.Verdict{}
}

// inlineCommand reports whether b begins with a line whose first word is made
// of letters.
func inlineCommand(b []byte) bool {
	line, _, _ := bytes.Cut(b, []byte("\n"))
	word, _, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\r")), []byte(" "))
	for _, c := range word {
		if c|0x20 < 'a' || c|0x20 > 'z' {
			return false
		}
	}
	return len(word) > 2 && !bytes.Contains(line, []byte(" HTTP/"))
}

// probeArray knows a command: *2\r\n$3\r\nGET\r\n...
func probeArray(b []byte) dissect.Verdict {
	head, ok := digits(b[1:])
	if !ok {
		return dissect.Verdict{}
	}
	if head == nil {
		return more(b)
	}
	if len(head) == 0 {
		return dissect.Verdict{Match: dissect.Maybe} // nothing behind the count: a reply, or a command to come
	}
	if head[0] != bulkString {
		return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Receiver}
	}
	word, ok := digits(head[1:])
	if !ok {
		return dissect.Verdict{}
	}
	if len(word) == 0 {
		return more(b)
	}
	for i, c := range word {
		if c == '\r' && i > 0 {
			break
		}
		if letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '.' || c == '_' || c == '-' || c >= '0' && c <= '9' && i > 0; !letter {
			return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Receiver}
		}
	}
	return dissect.Verdict{Match: dissect.Yes}
}

// more waits for the rest of a command's beginning.
func more(b []byte) dissect.Verdict {
	const longest = 32
	if len(b) > longest {
		return dissect.Verdict{}
	}
	return dissect.Verdict{Match: dissect.More}
}

// digits passes over a positive number and the end of its line. rest is nil
// where b ends before that.
func digits(b []byte) (rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < 10 && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	switch {
	case i == len(b):
		return nil, true
	case i == 0 || b[i] != '\r':
		return nil, false
	case i+1 == len(b):
		return nil, true
	}
	return b[i+2:], b[i+1] == '\n'
}

// plainLine reports whether b is what a number, a length or a truth value looks
// like.
func plainLine(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && c != '-' && c != '.' && c != '?' && c != 't' && c != 'f' {
			return false
		}
	}
	return true
}
