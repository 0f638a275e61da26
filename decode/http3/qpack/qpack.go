// Package qpack reads HTTP/3's header compression (RFC 9204) in one direction:
// the encoder stream's instructions, which fill the dynamic table, and the field
// sections that refer to it. It is not quic-go's qpack.Decoder, which has no
// dynamic table; the static table is that package's, Huffman codes are those of
// x/net's hpack. A passive reader differs from an endpoint: it may have missed
// instructions, and then says of each field whether it is known.
package qpack

import (
	"bytes"
	"errors"

	"github.com/quic-go/qpack"
	"golang.org/x/net/http2/hpack"
)

// Errors of malformed input. ErrShort says that an instruction is not whole yet.
var (
	ErrShort   = errors.New("incomplete")
	errInteger = errors.New("integer too large (RFC 9204 section 4.1.1)")
	errString  = errors.New("malformed Huffman code (RFC 9204 section 4.1.2)")
	errIndex   = errors.New("reference to no entry of the table (RFC 9204 section 3.2)")
	errCount   = errors.New("impossible Required Insert Count (RFC 9204 section 4.5.1.1)")
	errLarge   = errors.New("field section with too many fields")
	errTable   = errors.New("dynamic table larger than agreed (RFC 9204 section 3.2.2)")
)

// Bounds of what hostile input can make a reader keep or do.
const (
	maxTable  = 256 << 10 // bytes of a dynamic table; a larger one is not kept
	maxFields = 1024      // of one section
	maxText   = 1 << 20   // bytes that Huffman codes of one section may become
)

// Field is one field line. Its slices are valid until the next section is
// decoded.
type Field struct {
	Name, Value []byte
	// Hidden tells that the field refers to an entry that the capture does not
	// hold: the name is not known, and the value only where it stands in the
	// section itself, see HasValue.
	Hidden, HasValue bool
	Never            bool // the sender takes it for a secret (RFC 9204 section 4.5.4)
	From, To         int  // where it stands in the section
}

type entry struct{ name, value string }

// size is an entry's size in the table (RFC 9204 section 3.2.1).
func (e entry) size() int { return len(e.name) + len(e.value) + 32 }

// staticTable is that of RFC 9204 appendix A.
var staticTable = func() (t [99]entry) {
	for i := range t {
		block := []byte{0, 0, 0xc0 | byte(min(i, 63))}
		if i >= 63 {
			block = append(block, byte(i-63))
		}
		f, err := qpack.NewDecoder().Decode(block)()
		if err != nil {
			panic(err) // quic-go knows all 99
		}
		t[i] = entry{f.Name, f.Value}
	}
	return t
}()

// Decoder reads the field sections that one side sends. The zero value is ready
// for use.
type Decoder struct {
	entries  []entry // of the dynamic table, oldest first
	inserted uint64  // entries ever
	size     int     // bytes of entries
	capacity int
	most     uint64 // SETTINGS_QPACK_MAX_TABLE_CAPACITY of the side that decodes
	agreed   bool   // most is known
	lost     bool   // instructions are missing: the dynamic table is of no use any more
	scratch  bytes.Buffer
}

// Agree tells the table's largest capacity, as the receiver's SETTINGS say.
func (d *Decoder) Agree(most uint64) {
	if !d.agreed {
		d.agreed, d.most = true, most
	}
}

// Lose says that instructions are missing.
func (d *Decoder) Lose() {
	d.lost, d.entries, d.size = true, nil, 0
}

// Inserted returns how many entries the table has had.
func (d *Decoder) Inserted() uint64 { return d.inserted }

// evict makes room for so many bytes.
func (d *Decoder) evict(room int) {
	n := 0
	for d.size+room > d.capacity && n < len(d.entries) {
		d.size -= d.entries[n].size()
		d.entries[n] = entry{}
		n++
	}
	d.entries = d.entries[n:]
}

func (d *Decoder) insert(e entry) error {
	if e.size() > d.capacity {
		return errTable
	}
	d.evict(e.size())
	d.entries = append(d.entries, e)
	d.size += e.size()
	d.inserted++
	return nil
}

// at returns the entry with an absolute index (RFC 9204 section 3.2.4).
func (d *Decoder) at(index uint64) (entry, bool) {
	first := d.inserted - uint64(len(d.entries))
	if d.lost || index < first || index >= d.inserted {
		return entry{}, false
	}
	return d.entries[index-first], true
}

// Instruction reads the encoder stream's instruction at the start of b (RFC 9204
// section 4.3) and returns its size; ErrShort where it is not whole. After
// another error the dynamic table is lost.
func (d *Decoder) Instruction(b []byte) (size int, err error) {
	r := reader{b: b, d: d}
	d.scratch.Reset()
	switch {
	case len(b) == 0:
		return 0, ErrShort
	case b[0]&0x80 != 0: // section 4.3.2
		index := r.integer(6)
		value := r.text(7)
		err = r.insertNamed(index, b[0]&0x40 != 0, value)
	case b[0]&0x40 != 0: // section 4.3.3
		name := r.text(5)
		value := r.text(7)
		err = r.insert(name, value)
	case b[0]&0x20 != 0: // section 4.3.1
		err = r.setCapacity(r.integer(5))
	default: // section 4.3.4
		err = r.duplicate(r.integer(5))
	}
	if r.err != nil {
		err = r.err
	}
	if err == ErrShort {
		if len(b) > maxTable {
			err = errTable
		} else {
			return 0, err
		}
	}
	if err != nil {
		d.Lose()
		return len(b), err
	}
	return len(b) - len(r.b), nil
}

func (r *reader) insert(name, value []byte) error {
	if r.err != nil || r.d.lost {
		return nil
	}
	return r.d.insert(entry{string(name), string(value)})
}

func (r *reader) insertNamed(index uint64, static bool, value []byte) error {
	if r.err != nil || r.d.lost {
		return nil
	}
	var e entry
	ok := static && index < uint64(len(staticTable))
	if ok {
		e = staticTable[index]
	} else if !static {
		e, ok = r.d.at(r.d.inserted - 1 - index)
	}
	if !ok {
		return errIndex
	}
	e.value = string(value)
	return r.d.insert(e)
}

func (r *reader) duplicate(index uint64) error {
	if r.err != nil || r.d.lost {
		return nil
	}
	e, ok := r.d.at(r.d.inserted - 1 - index)
	if !ok {
		return errIndex
	}
	return r.d.insert(e)
}

func (r *reader) setCapacity(n uint64) error {
	d := r.d
	if r.err != nil || d.lost {
		return nil
	}
	if n > maxTable || d.agreed && n > d.most {
		return errTable
	}
	d.capacity = int(n)
	d.evict(0)
	return nil
}

// reader takes values from b.
type reader struct {
	b   []byte
	d   *Decoder
	err error
}

// integer reads an integer behind a prefix of 8-n bits (RFC 7541 section 5.1).
func (r *reader) integer(n uint) (v uint64) {
	if r.err != nil {
		return 0
	}
	if len(r.b) == 0 {
		r.err = ErrShort
		return 0
	}
	most := uint64(1)<<n - 1
	v = uint64(r.b[0]) & most
	r.b = r.b[1:]
	if v < most {
		return v
	}
	for shift := uint(0); ; shift += 7 {
		switch {
		case len(r.b) == 0:
			r.err = ErrShort
			return 0
		case shift > 56:
			r.err = errInteger
			return 0
		}
		c := r.b[0]
		r.b = r.b[1:]
		if v += uint64(c&0x7f) << shift; c&0x80 == 0 {
			break
		}
	}
	if v >= 1<<62 {
		r.err = errInteger
		return 0
	}
	return v
}

// text reads a string whose length has a prefix of n bits, below the bit that
// tells a Huffman code (RFC 9204 section 4.1.2).
func (r *reader) text(n uint) []byte {
	if r.err != nil {
		return nil
	}
	if len(r.b) == 0 {
		r.err = ErrShort
		return nil
	}
	huffman := r.b[0]>>n&1 != 0
	length := r.integer(n)
	if r.err == nil && length > uint64(len(r.b)) {
		r.err = ErrShort
	}
	if r.err != nil {
		return nil
	}
	b := r.b[:length:length]
	r.b = r.b[length:]
	if !huffman {
		return b
	}
	from := r.d.scratch.Len()
	if _, err := hpack.HuffmanDecode(&r.d.scratch, b); err != nil {
		r.err = errString
		return nil
	}
	return r.d.scratch.Bytes()[from:r.d.scratch.Len():r.d.scratch.Len()]
}
