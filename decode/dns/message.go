package dns

import (
	"encoding/binary"
	"fmt"
)

const headerSize = 12

// Flag bits of the header's second word (RFC 1035 section 4.1.1, RFC 4035
// section 3.2).
const (
	flagResponse      = 0x8000
	flagAuthoritative = 0x0400
	flagTruncated     = 0x0200
	flagDesired       = 0x0100
	flagAvailable     = 0x0080
	flagZ             = 0x0040
	flagAuthentic     = 0x0020
	flagChecking      = 0x0010
)

// header is a message's header; counts are those of the four sections.
type header struct {
	id, flags uint16
	counts    [4]int
}

func (h *header) response() bool { return h.flags&flagResponse != 0 }
func (h *header) opcode() uint8  { return uint8(h.flags>>11) & 15 }

// readHeader needs headerSize bytes.
func readHeader(b []byte) (h header) {
	h.id = binary.BigEndian.Uint16(b)
	h.flags = binary.BigEndian.Uint16(b[2:])
	for i := range h.counts {
		h.counts[i] = int(binary.BigEndian.Uint16(b[4+2*i:]))
	}
	return h
}

// The sections. Those of an update are called zone, prerequisite, update and
// additional (RFC 2136 section 2).
const (
	question = iota
	answer
	authority
	additional
)

var sectionNames = [4]string{"question", "answer", "authority", "additional"}

// entry is the place of a question or a record in its message.
type entry struct {
	section    int
	off        int // of its name
	fixed      int // of its type, behind the name
	end        int // behind it
	kind       uint16
	class      uint16
	ttl        uint32
	data, size int // of a record's data
}

// walker goes over a message's questions and records. It keeps offsets only,
// so that a walk costs no memory.
type walker struct {
	m       []byte
	header  header
	section int
	done    int // entries of the section
	off     int
}

func walk(m []byte) walker {
	return walker{m: m, header: readHeader(m), off: headerSize}
}

// next reads the next question or record. Behind the last one it returns false
// without an error. Where the message ends within the entry the error is
// errShort, and the walk stands still.
func (w *walker) next() (e entry, ok bool, err error) {
	for w.section < len(w.header.counts) && w.done >= w.header.counts[w.section] {
		w.section, w.done = w.section+1, 0
	}
	if w.section >= len(w.header.counts) {
		return e, false, nil
	}
	e.section, e.off = w.section, w.off
	if e.fixed, err = skipName(w.m, w.off); err != nil {
		return e, false, err
	}
	b := w.m[e.fixed:]
	if len(b) < 4 {
		return e, false, errShort
	}
	e.kind, e.class = binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
	e.end = e.fixed + 4
	if w.section != question {
		if len(b) < 10 {
			return e, false, errShort
		}
		e.ttl, e.size = binary.BigEndian.Uint32(b[4:]), int(binary.BigEndian.Uint16(b[8:]))
		e.data = e.fixed + 10
		e.end = e.data + e.size
		if e.end > len(w.m) {
			return e, false, errShort
		}
	}
	w.off = e.end
	w.done++
	return e, true, nil
}

// where says in which entry of the section an error stands.
func (w *walker) where(entry int, err error) error {
	return fmt.Errorf("%s %d of %d: %w", sectionNames[w.section], entry, w.header.counts[w.section], err)
}
