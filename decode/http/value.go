package http

import (
	"bytes"
	"net/netip"
	"strings"
)

// HostName returns the name of a Host field or an :authority without its port
// (RFC 9110 section 7.2), or nothing where it is an address or no name at all.
func HostName(host []byte) []byte {
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

// NoLength is what ParseLength returns for what is no length.
const NoLength = -1

// ParseLength reads a Content-Length (RFC 9110 section 8.6): decimal digits, as
// many as an int64 surely holds.
func ParseLength(b []byte) int64 {
	const most = 18
	digits := bytes.TrimLeft(b, "0")
	if len(b) == 0 || len(digits) > most {
		return NoLength
	}
	var v int64
	for _, c := range digits {
		if !digit(c) {
			return NoLength
		}
		v = v*10 + int64(c-'0')
	}
	return v
}

// FoldEqual reports whether b is name, which is in lower case, in any case.
func FoldEqual(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// Elements calls each for the members of a comma-separated list (RFC 9110
// section 5.6.1) until it returns false.
func Elements(list []byte, each func([]byte) bool) {
	for len(list) > 0 {
		e, rest, _ := bytes.Cut(list, []byte(","))
		list = rest
		if e = TrimSpace(e); len(e) > 0 && !each(e) {
			return
		}
	}
}

// TrimSpace cuts white space and line ends off both ends of a field's value.
func TrimSpace(b []byte) []byte {
	for len(b) > 0 && space(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && space(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func space(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

// TokenLength returns how many bytes of b are token characters (RFC 9110
// section 5.6.2).
func TokenLength(b []byte) int {
	for i, c := range b {
		if c >= 0x80 || !token[c] {
			return i
		}
	}
	return len(b)
}

var token = func() (t [128]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()

func digit(c byte) bool { return c >= '0' && c <= '9' }
