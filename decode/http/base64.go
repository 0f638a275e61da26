package http

// Base64 decodes base64 (RFC 4648 section 4) as it comes. Padding may stand
// within it: gRPC-Web's servers encode each write by itself.
type Base64 struct {
	bits  uint32
	count int // characters of a group of four
	bad   bool
}

// Append decodes src behind dst. From the first character that is none of the
// alphabet on, nothing is decoded any more.
func (b *Base64) Append(dst, src []byte) []byte {
	for _, c := range src {
		v := base64Value[c]
		switch {
		case b.bad || v == notBase64:
			b.bad = true
			return dst
		case v == base64Space:
		case v == base64Pad:
			switch b.count {
			case 2:
				dst = append(dst, byte(b.bits>>4))
			case 3:
				dst = append(dst, byte(b.bits>>10), byte(b.bits>>2))
			}
			b.bits, b.count = 0, 0 // a second padding character finds nothing
		default:
			b.bits = b.bits<<6 | uint32(v)
			if b.count++; b.count == 4 {
				dst = append(dst, byte(b.bits>>16), byte(b.bits>>8), byte(b.bits))
				b.bits, b.count = 0, 0
			}
		}
	}
	return dst
}

const (
	base64Pad   = 64
	base64Space = 65
	notBase64   = 66
)

var base64Value = func() (t [256]byte) {
	for i := range t {
		t[i] = notBase64
	}
	for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
		t[c] = byte(i)
	}
	t['-'], t['_'] = 62, 63 // the alphabet of section 5
	t['='], t['\r'], t['\n'], t[' '] = base64Pad, base64Space, base64Space, base64Space
	return t
}()
