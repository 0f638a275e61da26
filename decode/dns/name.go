package dns

import (
	"errors"
	"unicode/utf8"

	"github.com/wiresight/wiresight/decode/layer"
)

// What can be wrong with a message.
var (
	errShort   = errors.New("message ends early")
	errLabel   = errors.New("label of an unknown kind")
	errPointer = errors.New("compression pointers that loop")
	errLong    = errors.New("name longer than 255 bytes")
	errLength  = errors.New("record data does not fit its length")
)

// The limits of RFC 1035 section 2.3.4.
const (
	maxLabel = 63
	maxName  = 255
)

// maxPointers is how many pointers one name may need: a label before each.
const maxPointers = maxName / 2

// appendName appends the name at offset off of message m to dst as text, each
// label followed by a dot but the last, the root as ".". Dots and backslashes
// within a label are escaped by a backslash, spaces and control characters as
// \DDD (RFC 1035 section 5.1); other bytes stay as they are. It returns the
// offset behind the name.
//
// Pointers should point back (RFC 1035 section 4.1.4: "a prior occurrence");
// those that point forward are followed too, as the name is readable all the
// same. Their number is bounded, so that none can loop.
func appendName(dst []byte, m []byte, off int) (_ []byte, next int, err error) {
	began := len(dst)
	size, pointers, next := 1, 0, -1
	for {
		if off >= len(m) {
			return dst, 0, errShort
		}
		n := int(m[off])
		switch {
		case n == 0:
			if next < 0 {
				next = off + 1
			}
			if len(dst) == began {
				dst = append(dst, '.')
			}
			return dst, next, nil
		case n <= maxLabel:
			if off+1+n > len(m) {
				return dst, 0, errShort
			}
			if size += 1 + n; size > maxName {
				return dst, 0, errLong
			}
			if len(dst) > began {
				dst = append(dst, '.')
			}
			dst = appendLabel(dst, m[off+1:off+1+n])
			off += 1 + n
		case n >= pointer:
			if off+2 > len(m) {
				return dst, 0, errShort
			}
			if next < 0 {
				next = off + 2
			}
			off = (n&^pointer)<<8 | int(m[off+1])
			if pointers++; pointers > maxPointers {
				return dst, 0, errPointer
			}
		default:
			return dst, 0, errLabel
		}
	}
}

// pointer marks a compressed name's two-byte offset (RFC 1035 section 4.1.4).
const pointer = 0xc0

func appendLabel(dst, label []byte) []byte {
	for _, c := range label {
		switch {
		case c == '.' || c == '\\':
			dst = append(dst, '\\', c)
		case c <= ' ' || c == 0x7f:
			dst = append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// skipName returns the offset behind the name at off. It does not follow
// pointers.
func skipName(m []byte, off int) (int, error) {
	for begin := off; ; {
		if off >= len(m) {
			return 0, errShort
		}
		n := int(m[off])
		switch {
		case n == 0:
			return off + 1, nil
		case n <= maxLabel:
			if off += 1 + n; off-begin >= maxName {
				return 0, errLong
			}
		case n >= pointer:
			if off+2 > len(m) {
				return 0, errShort
			}
			return off + 2, nil
		default:
			return 0, errLabel
		}
	}
}

// shown makes a name's text fit for a screen, as Wireshark does: the root is
// "<Root>", and a byte that is no UTF-8 becomes U+FFFD.
func shown(name []byte) string {
	if len(name) == 1 && name[0] == '.' {
		return "<Root>"
	}
	if utf8.Valid(name) {
		return layer.Printable(string(name))
	}
	return layer.Printable(string([]rune(string(name))))
}
