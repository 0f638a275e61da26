package http2

import (
	"bytes"

	"golang.org/x/net/http2/hpack"
)

// field is one field of a header block. Its slices are valid until the next
// block is read; what a reference into an unseen part of the dynamic table
// hides is not known.
type field struct {
	name, value []byte
	// hidden tells that the table entry was inserted where the capture did not
	// look. With valueOnly the value stands in the block itself.
	hidden, hasValue bool
	never            bool // never to be indexed: the sender takes it for a secret (RFC 7541 section 7.1.3)
	indexed          bool // refers to a table
	from, to         int  // where it stands in the block
}

// decoder reads the header blocks of one direction (RFC 7541). It is not
// x/net's hpack.Decoder, which ends the connection at a reference that it
// cannot resolve: a capture may begin in the middle of a connection or miss
// packets, and then entries are known by their index again as soon as they were
// inserted in sight, because indexes count from the newest entry. Huffman codes
// and the static table are x/net's.
type decoder struct {
	table   table
	scratch bytes.Buffer // Huffman strings of the current block
}

// Bounds of header blocks.
const (
	defaultTableSize = 4096     // bytes (RFC 9113 section 6.5.2)
	maxTableSize     = 64 << 10 // bytes that are kept whatever was agreed
	maxFields        = 1024     // of one block
	maxIndex         = 1 << 24
	maxBlockText     = 1 << 20 // bytes that Huffman codes of one block may become
)

// staticTable is that of RFC 7541 appendix A; index 0 is not used.
var staticTable = func() (t [62]entry) {
	index := 0
	d := hpack.NewDecoder(0, func(f hpack.HeaderField) { t[index] = entry{[]byte(f.Name), []byte(f.Value)} })
	for index = 1; index < len(t); index++ {
		if _, err := d.Write([]byte{0x80 | byte(index)}); err != nil {
			panic(err) // x/net knows all 61
		}
	}
	return t
}()

// fault says what is wrong with a header block.
type fault string

const (
	cutBlock   fault = "header block ends within a field (RFC 7541 section 5)"
	badInteger fault = "integer too large in a header block (RFC 7541 section 5.1)"
	badString  fault = "malformed Huffman code in a header block (RFC 7541 section 5.2)"
	badIndex   fault = "reference to no entry of the header table (RFC 7541 section 2.3.3)"
	lateUpdate fault = "table size update behind a field (RFC 7541 section 4.2)"
	tooLarge   fault = "header block with too many fields"
)

// decode reads a whole header block and hands each field to emit. At a fault
// the table is of no more use: see forget.
func (d *decoder) decode(block []byte, emit func(*field)) fault {
	d.scratch.Reset()
	b := block
	for n := 0; len(b) > 0; {
		at := len(block) - len(b)
		var f field
		var bad fault
		if b[0]&0xe0 == 0x20 { // section 6.3
			var size uint64
			if size, b, bad = integer(b, 5); bad != "" {
				return bad
			}
			if n > 0 {
				return lateUpdate
			}
			d.table.resize(size)
			continue
		}
		if f, b, bad = d.field(b); bad != "" {
			return bad
		}
		if n++; n > maxFields || d.scratch.Len() > maxBlockText {
			return tooLarge
		}
		f.from, f.to = at, len(block)-len(b)
		emit(&f)
	}
	return ""
}

// field reads one field representation (section 6).
func (d *decoder) field(b []byte) (f field, rest []byte, bad fault) {
	prefix, insert := 4, false
	switch {
	case b[0]&0x80 != 0: // section 6.1
		index, rest, bad := integer(b, 7)
		if bad != "" {
			return f, nil, bad
		}
		e, seen, ok := d.table.at(index)
		if !ok {
			return f, nil, badIndex
		}
		return field{name: e.name, value: e.value, hidden: !seen, hasValue: seen, indexed: true}, rest, ""
	case b[0]&0xc0 == 0x40: // section 6.2.1
		prefix, insert = 6, true
	default: // sections 6.2.2 and 6.2.3
		f.never = b[0]&0x10 != 0
	}
	index, rest, bad := integer(b, prefix)
	if bad != "" {
		return f, nil, bad
	}
	if index > 0 {
		e, seen, ok := d.table.at(index)
		if !ok {
			return f, nil, badIndex
		}
		f.name, f.hidden, f.indexed = e.name, !seen, true
	} else if f.name, rest, bad = d.text(rest); bad != "" {
		return f, nil, bad
	}
	if f.value, rest, bad = d.text(rest); bad != "" {
		return f, nil, bad
	}
	f.hasValue = true
	if insert {
		d.table.insert(f.name, f.value, f.hidden)
	}
	return f, rest, ""
}

// integer reads an integer with a prefix of so many bits (section 5.1).
func integer(b []byte, prefix int) (v uint64, rest []byte, bad fault) {
	if len(b) == 0 {
		return 0, nil, cutBlock
	}
	most := uint64(1)<<prefix - 1
	v = uint64(b[0]) & most
	if v < most {
		return v, b[1:], ""
	}
	for i, shift := 1, 0; i < len(b); i, shift = i+1, shift+7 {
		if v += uint64(b[i]&0x7f) << min(shift, 32); v > maxIndex || shift > 28 {
			return 0, nil, badInteger
		}
		if b[i]&0x80 == 0 {
			return v, b[i+1:], ""
		}
	}
	return 0, nil, cutBlock
}

// text reads a string literal (section 5.2).
func (d *decoder) text(b []byte) (s, rest []byte, bad fault) {
	length, rest, bad := integer(b, 7)
	if bad != "" {
		return nil, nil, bad
	}
	if length > uint64(len(rest)) {
		return nil, nil, cutBlock
	}
	s, rest = rest[:length], rest[length:]
	if b[0]&0x80 == 0 {
		return s, rest, ""
	}
	// The scratch may move while it grows; what was cut off it before stays
	// where it was.
	from := d.scratch.Len()
	if _, err := hpack.HuffmanDecode(&d.scratch, s); err != nil {
		return nil, nil, badString
	}
	return d.scratch.Bytes()[from:], rest, ""
}
