package qpack

// section is the prefix of a field section (RFC 9204 section 4.5.1).
type section struct {
	required uint64 // Required Insert Count
	base     uint64
	unknown  bool // the section needs the dynamic table, and what it needs cannot be told
}

// prefix reads a section's prefix.
func (r *reader) prefix() (s section) {
	encoded := r.integer(8)
	if len(r.b) == 0 {
		r.err = ErrShort
	}
	if r.err != nil {
		return s
	}
	negative := r.b[0]&0x80 != 0
	delta := r.integer(7)
	if encoded == 0 || r.err != nil {
		s.base = delta
		return s
	}
	d := r.d
	if d.lost || !d.agreed {
		s.unknown = true
		return s
	}
	most := d.most / 32
	full := 2 * most
	if encoded > full {
		r.err = errCount
		return s
	}
	highest := d.inserted + most
	s.required = highest/full*full + encoded - 1
	if s.required > highest {
		if s.required <= full {
			r.err = errCount
			return s
		}
		s.required -= full
	}
	switch {
	case s.required == 0, negative && delta >= s.required:
		r.err = errCount
	case negative:
		s.base = s.required - delta - 1
	default:
		s.base = s.required + delta
	}
	return s
}

// Ready reports whether a field section can be decoded: it waits for no entry
// that may still come (RFC 9204 section 2.2.1). A malformed one does not wait.
func (d *Decoder) Ready(block []byte) bool {
	r := reader{b: block, d: d}
	s := r.prefix()
	if s.unknown {
		return d.lost // SETTINGS may still come
	}
	return r.err != nil || s.required <= d.inserted
}

// Decode reads a field section and hands each field line to emit, up to the
// first error. Fields that refer to entries which the capture does not hold are
// hidden.
func (d *Decoder) Decode(block []byte, emit func(*Field)) error {
	d.scratch.Reset()
	r := reader{b: block, d: d}
	s := r.prefix()
	s.unknown = s.unknown || s.required > d.inserted
	for n := 0; len(r.b) > 0 && r.err == nil; n++ {
		if n >= maxFields || d.scratch.Len() > maxText {
			return errLarge
		}
		f := Field{From: len(block) - len(r.b)}
		err := r.field(&s, &f)
		if r.err != nil {
			break
		}
		if err != nil {
			return err
		}
		f.To = len(block) - len(r.b)
		emit(&f)
	}
	if r.err == ErrShort {
		return errCut
	}
	return r.err
}

var errCut = qpackError("field section ends within a field line (RFC 9204 section 4.5)")

type qpackError string

func (e qpackError) Error() string { return string(e) }

// field reads a field line (RFC 9204 sections 4.5.2 to 4.5.6).
func (r *reader) field(s *section, f *Field) error {
	b := r.b[0]
	switch {
	case b&0x80 != 0: // indexed
		static := b&0x40 != 0
		index := r.integer(6)
		return r.indexed(s, f, index, static, s.base-1-index)
	case b&0x40 != 0: // literal with name reference
		f.Never = b&0x20 != 0
		static := b&0x10 != 0
		index := r.integer(4)
		return r.named(s, f, index, static, s.base-1-index)
	case b&0x20 != 0: // literal with literal name
		f.Never = b&0x10 != 0
		f.Name = r.text(3)
		f.Value, f.HasValue = r.text(7), true
		return nil
	case b&0x10 != 0: // indexed with post-base index
		index := r.integer(4)
		return r.indexed(s, f, index, false, s.base+index)
	}
	f.Never = b&0x08 != 0
	index := r.integer(3)
	return r.named(s, f, index, false, s.base+index)
}

// lookup finds an entry: by its index in the static table, or its absolute one in
// the dynamic table.
func (r *reader) lookup(s *section, index uint64, static bool, absolute uint64) (e entry, hidden bool, err error) {
	if static {
		if index >= uint64(len(staticTable)) {
			return e, false, errIndex
		}
		return staticTable[index], false, nil
	}
	if s.unknown || r.d.lost {
		return e, true, nil
	}
	e, ok := r.d.at(absolute)
	if !ok || absolute >= s.required {
		return e, false, errIndex
	}
	return e, false, nil
}

func (r *reader) indexed(s *section, f *Field, index uint64, static bool, absolute uint64) error {
	if r.err != nil {
		return nil
	}
	e, hidden, err := r.lookup(s, index, static, absolute)
	f.Name, f.Value, f.Hidden, f.HasValue = r.keep(e.name), r.keep(e.value), hidden, !hidden
	return err
}

func (r *reader) named(s *section, f *Field, index uint64, static bool, absolute uint64) error {
	if r.err != nil {
		return nil
	}
	e, hidden, err := r.lookup(s, index, static, absolute)
	f.Name, f.Hidden = r.keep(e.name), hidden
	f.Value, f.HasValue = r.text(7), true
	return err
}

// keep returns a table's text as bytes that live as long as the section's.
func (r *reader) keep(s string) []byte {
	from := r.d.scratch.Len()
	r.d.scratch.WriteString(s)
	return r.d.scratch.Bytes()[from:r.d.scratch.Len():r.d.scratch.Len()]
}
