package tls

// resync looks for a record's beginning in what follows missing bytes. It
// reports whether there is one now; what cannot be part of a record is
// dropped. A header right behind the gap is taken as one: whoever writes
// records begins a segment with each. Elsewhere a second header must follow
// the first one's record.
func (h *half) resync() bool {
	b := h.in.Bytes()
	if h.edge && len(b) < headerSize {
		return false
	}
	for i := range b {
		rest := b[i:]
		if len(rest) < headerSize {
			if !plausibleStart(rest) {
				continue
			}
			h.in.Take(i, nil)
			h.edge = h.edge && i == 0
			return false
		}
		if !h.mayBegin(rest) {
			continue
		}
		rec, _ := parseHeader(rest)
		next := rest[min(len(rest), headerSize+rec.length):]
		if h.edge && i == 0 || len(next) >= headerSize && h.mayBegin(next) {
			h.in.Take(i, nil)
			h.lost, h.edge = false, false
			return true
		}
		if len(next) < headerSize {
			h.in.Take(i, nil)
			h.edge = false
			return false
		}
	}
	h.in.Take(len(b), nil)
	h.edge = false
	return false
}

// mayBegin reports whether b, long enough for a header, can be that of a record
// of this direction.
func (h *half) mayBegin(b []byte) bool {
	rec, ok := parseHeader(b)
	return ok && rec.version>>8 == 3 && (h.version == 0 || rec.version == h.version || rec.version == versionTLS12)
}

// settle looks for a whole record in what waits for a header that confirms
// one: no more bytes follow.
func (h *half) settle() {
	if !h.lost {
		return
	}
	b := h.in.Bytes()
	for i := range b {
		if h.followed(b[i:]) {
			h.in.Take(i, nil)
			h.lost, h.edge = false, false
			return
		}
	}
}

// followed reports whether b begins with a whole record, behind which there are
// only records.
func (h *half) followed(b []byte) bool {
	const enough = 8
	for n := range enough {
		if len(b) < headerSize {
			return n > 0 && plausibleStart(b)
		}
		if !h.mayBegin(b) {
			return false
		}
		rec, _ := parseHeader(b)
		if len(b) < headerSize+rec.length {
			return n > 0
		}
		b = b[headerSize+rec.length:]
	}
	return true
}
