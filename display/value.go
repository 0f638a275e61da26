package display

import (
	"cmp"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// number is an integer of 64 bits, kept exactly, or a fraction.
type number struct {
	exact    bool
	negative bool
	size     uint64 // the integer without its sign
	float    float64
}

func (a number) compare(b number) int {
	if !a.exact || !b.exact {
		return cmp.Compare(a.float, b.float)
	}
	if a.negative != b.negative {
		if a.negative {
			return -1
		}
		return 1
	}
	if a.negative {
		return cmp.Compare(b.size, a.size)
	}
	return cmp.Compare(a.size, b.size)
}

// parseNumber reads a number; base 0 takes 0x, 0b and octal with a leading 0,
// base 10 takes 0x only.
func parseNumber(s string, base int) (n number, ok bool) {
	digits := strings.TrimPrefix(s, "-")
	if digits == "" || strings.IndexByte("0123456789.", digits[0]) < 0 || strings.IndexByte(digits, '_') >= 0 {
		return n, false
	}
	if base == 10 && len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' {
		base = 0
	}
	if u, err := strconv.ParseUint(digits, base, 64); err == nil {
		n = number{exact: true, negative: len(digits) < len(s) && u > 0, size: u, float: float64(u)}
		if n.negative {
			n.float = -n.float
		}
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsInf(f, 0) || strings.ContainsAny(digits, "xXpP") {
		return n, false
	}
	return number{float: f}, true
}

// literal is a value of an expression, read in every way that it can be.
type literal struct {
	text      string
	number    number
	addr      netip.Addr
	prefix    netip.Prefix // a network
	time      time.Time
	isNumber  bool
	isAddress bool
	isNetwork bool
	isTime    bool
}

var timeLayouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02", "Jan 2, 2006 15:04:05.999999999"}

// newLiteral reads a value. Text in quotes is a number or an address too: the
// field's value decides what it is compared as.
func newLiteral(text string) literal {
	l := literal{text: text}
	switch text {
	case "true", "True", "TRUE":
		l.number, l.isNumber = number{exact: true, size: 1, float: 1}, true
		return l
	case "false", "False", "FALSE":
		l.number, l.isNumber = number{exact: true}, true
		return l
	}
	l.number, l.isNumber = parseNumber(text, 0)
	if a, err := netip.ParseAddr(text); err == nil {
		l.addr, l.isAddress = a.Unmap(), true
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		l.prefix, l.isNetwork = p.Masked(), true
	}
	for _, layout := range timeLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			l.time, l.isTime = t, true
			break
		}
	}
	return l
}

// compare orders a field's value against the literal. ok is false where the
// two cannot be compared: then they differ. Values are text such as "80",
// "6 (TCP)", "0x0800 (IPv4)", "Set".
func (l *literal) compare(value string) (order int, ok bool) {
	if l.isAddress || l.isNetwork {
		if a, err := netip.ParseAddr(value); err == nil {
			a = a.Unmap()
			if l.isAddress {
				return a.Compare(l.addr), true
			}
			if l.prefix.Contains(a) {
				return 0, true
			}
			return a.Compare(l.prefix.Addr()), true
		}
	}
	if l.isTime {
		if t, err := time.Parse(time.RFC3339Nano, value); err == nil {
			return t.Compare(l.time), true
		}
	}
	head, name := split(value)
	if l.isNumber {
		if n, ok := valueNumber(value, head, name); ok {
			return n.compare(l.number), true
		}
	}
	if value == l.text || head == l.text || name == l.text {
		return 0, true
	}
	if isMAC(l.text) && strings.EqualFold(strings.ReplaceAll(l.text, "-", ":"), value) {
		return 0, true
	}
	return strings.Compare(value, l.text), !l.isNumber && !l.isNetwork
}

// split takes "6 (TCP)" apart into "6" and "TCP".
func split(value string) (head, name string) {
	if !strings.HasSuffix(value, ")") {
		return value, ""
	}
	i := strings.LastIndex(value, " (")
	if i < 0 {
		return value, ""
	}
	return value[:i], value[i+2 : len(value)-1]
}

// valueNumber reads a field's value as a number.
func valueNumber(value, head, name string) (number, bool) {
	switch value {
	case "Set", "True", "true":
		return number{exact: true, size: 1, float: 1}, true
	case "Not set", "False", "false":
		return number{exact: true}, true
	}
	if n, ok := parseNumber(head, 10); ok {
		return n, true
	}
	return parseNumber(name, 10)
}

// isMAC reports whether text is a link address, of six pairs of digits.
func isMAC(s string) bool {
	if len(s) != 17 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if i%3 == 2 {
			if s[i] != ':' && s[i] != '-' {
				return false
			}
		} else if nibble(s[i]) < 0 {
			return false
		}
	}
	return true
}
