package http2

// entry is a header field in a table.
type entry struct{ name, value []byte }

// entrySize is a field's size in a table (RFC 7541 section 4.1).
func entrySize(name, value []byte) uint64 { return uint64(len(name)+len(value)) + 32 }

// table is a dynamic table (RFC 7541 section 2.3.2) of which the oldest part may
// not have been seen. Entries that were seen are the newest ones, so an index
// finds them whatever came before; only the limit to evict by may be unknown
// then, and an entry that is kept too long is never referred to.
type table struct {
	ring    []tableEntry // a ring: the newest is at (first+count-1) modulo its length
	first   int
	count   int
	size    uint64 // of the entries that were seen
	limit   uint64 // of their size, as its sender last set it
	partial bool   // older entries may exist that were not seen
	ready   bool
}

type tableEntry struct {
	entry
	hidden bool // its name was not seen
}

func (t *table) begin() {
	if !t.ready {
		t.ready, t.limit = true, defaultTableSize
	}
}

// forget is called when insertions may have been missed: indexes of all entries
// have moved by an unknown number.
func (t *table) forget() {
	t.begin()
	t.first, t.count, t.size, t.partial = 0, 0, 0, true
	t.limit = max(t.limit, maxTableSize)
	clear(t.ring)
}

// resize takes a size update of the sender (section 6.3). It alone changes the
// limit: the receiver's SETTINGS say what is allowed, and when the sender heeds
// them it says so here.
func (t *table) resize(size uint64) {
	t.begin()
	t.limit = size
	t.evict(0)
	if size == 0 { // what was not seen is gone, too
		t.partial = false
	}
}

// evict makes room for so many bytes.
func (t *table) evict(room uint64) {
	limit := min(t.limit, maxTableSize)
	for t.count > 0 && t.size+room > limit {
		e := &t.ring[t.first]
		t.size -= entrySize(e.name, e.value)
		*e = tableEntry{}
		t.first = (t.first + 1) % len(t.ring)
		t.count--
		if t.limit > maxTableSize {
			t.partial = true
		}
	}
}

// insert adds a copy of a field (section 4.4).
func (t *table) insert(name, value []byte, hidden bool) {
	t.begin()
	size := entrySize(name, value)
	// Before anything moves: name may be that of an entry which is evicted.
	both := make([]byte, 0, len(name)+len(value))
	both = append(append(both, name...), value...)
	t.evict(size)
	if size > min(t.limit, maxTableSize) {
		if t.partial = t.partial || t.limit > maxTableSize; t.partial {
			t.forget()
		}
		return
	}
	if t.count == len(t.ring) {
		t.grow()
	}
	e := entry{both[:len(name):len(name)], both[len(name):]}
	t.ring[(t.first+t.count)%len(t.ring)] = tableEntry{e, hidden}
	t.count++
	t.size += size
}

func (t *table) grow() {
	ring := make([]tableEntry, max(16, 2*len(t.ring)))
	for i := range t.count {
		ring[i] = t.ring[(t.first+i)%len(t.ring)]
	}
	t.ring, t.first = ring, 0
}

// at returns the entry with an index of either table (section 2.3.3). seen is
// false for one that exists as far as can be known, but was not seen.
func (t *table) at(index uint64) (e entry, seen, ok bool) {
	switch {
	case index == 0:
		return entry{}, false, false
	case index < uint64(len(staticTable)):
		return staticTable[index], true, true
	}
	back := index - uint64(len(staticTable))
	if back >= uint64(t.count) {
		return entry{}, false, t.partial
	}
	found := &t.ring[(t.first+t.count-1-int(back))%len(t.ring)]
	return found.entry, !found.hidden, true
}
