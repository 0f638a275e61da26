package pcapng

// Option codes (draft-ietf-opsawg-pcapng sections 3.5 and 4).
const (
	optEnd             = 0
	optComment         = 1
	optApplication     = 4 // shb_userappl
	optInterfaceName   = 2 // if_name
	optTimeResolution  = 9 // if_tsresol
	optTimeOffset      = 14
	optDropped         = 5 // isb_ifdrop
	optionHeader       = 4
	maxOption          = 65535
	badOptions         = "options that do not fit into their block"
	maxSectionComments = 1024
)

// options calls each for every option of b. It returns false where an option
// claims more than there is; those before it were handed out.
func (o order) options(b []byte, each func(code uint16, value []byte)) bool {
	for len(b) > 0 {
		if len(b) < optionHeader {
			return false
		}
		code, n := o.uint16(b), int(o.uint16(b[2:]))
		if code == optEnd {
			return true
		}
		b = b[optionHeader:]
		if n > len(b) {
			return false
		}
		each(code, b[:n])
		b = b[min(padded(n), len(b)):]
	}
	return true
}

// comments returns the comments among a packet's options, and false where the
// options are malformed. It allocates for comments alone.
func (o order) comments(b []byte) (texts []string, ok bool) {
	for len(b) > 0 {
		if len(b) < optionHeader {
			return texts, false
		}
		code, n := o.uint16(b), int(o.uint16(b[2:]))
		if code == optEnd {
			return texts, true
		}
		b = b[optionHeader:]
		if n > len(b) {
			return texts, false
		}
		if code == optComment {
			texts = append(texts, string(b[:n]))
		}
		b = b[min(padded(n), len(b)):]
	}
	return texts, true
}
