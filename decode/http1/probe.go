package http1

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
)

// maxLeading bounds the empty lines that may come before a request line
// (RFC 9112 section 2.2).
const maxLeading = 64

// probe judges the first bytes of one direction by the request line or status
// line that they begin with (RFC 9112 sections 3 and 4).
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram {
		return dissect.Verdict{} // SSDP speaks so, too, but is no HTTP connection
	}
	b := bytes.TrimLeft(first[:min(len(first), maxLeading)], "\r\n")
	b = first[min(len(first), maxLeading)-len(b):]
	if len(b) == 0 && len(first) >= maxLeading {
		return dissect.Verdict{}
	}
	match, response := judge(b)
	if match == dissect.More && longTarget(b) {
		match = dissect.Yes
	}
	switch {
	case match != dissect.Yes:
		return dissect.Verdict{Match: match}
	case response:
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Receiver}
	}
	return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
}

// enough is how much of an endless request line settles the matter where all
// else fits, because whoever asks cannot keep bytes for ever.
const enough = 1024

// longTarget reports whether b is the beginning of a request line too long to
// wait for: a method of HTTP and a path or an http URL.
func longTarget(b []byte) bool {
	if len(b) < enough || !knownMethod(b) {
		return false
	}
	_, target, _ := bytes.Cut(b[:enough], []byte(" "))
	return bytes.HasPrefix(target, []byte("/")) || bytes.HasPrefix(target, []byte("http"))
}

// knownMethod reports whether b begins with a method of RFC 9110 section 9 or
// one that is as common, and a space.
func knownMethod(b []byte) bool {
	i := bytes.IndexByte(b[:min(len(b), 16)], ' ')
	if i < 0 {
		return false
	}
	switch string(b[:i]) {
	case "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH",
		"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
		"NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE":
		return true
	}
	return false
}

// resumes reports whether a chunk behind missing bytes begins with a start
// line. It has no more than this chunk, so a beginning that says enough will
// do.
func resumes(b []byte) bool {
	match, _ := judge(b[:min(len(b), 4*enough)])
	return match == dissect.Yes || match == dissect.More && (knownMethod(b) || bytes.HasPrefix(b, []byte(versionPrefix)))
}
