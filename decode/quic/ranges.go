package quic

// span are the numbers from from up to, without, to.
type span struct{ from, to uint64 }

// ranges is a set of numbers: packet numbers, offsets of a stream, streams. Its
// spans are sorted and do not touch. The zero value is empty.
type ranges struct{ list []span }

// maxSpans bounds a set. Beyond it the lowest hole is forgotten: its numbers
// count as members.
const maxSpans = 1024

// add puts numbers into the set and returns how many of them are new.
func (r *ranges) add(from, to uint64) (fresh uint64) {
	n := len(r.list)
	if from >= to {
		return 0
	}
	if n > 0 && r.list[n-1].to == from { // the usual case: behind the last one
		r.list[n-1].to = to
		return to - from
	}
	first := n
	for first > 0 && r.list[first-1].to >= from {
		first--
	}
	fresh = to - from
	last := first
	for ; last < n && r.list[last].from <= to; last++ {
		s := r.list[last]
		fresh -= min(to, s.to) - min(max(from, s.from), min(to, s.to))
	}
	if first == last {
		r.list = append(r.list, span{})
		copy(r.list[first+1:], r.list[first:])
		r.list[first] = span{from, to}
		r.bound()
		return fresh
	}
	r.list[first] = span{min(from, r.list[first].from), max(to, r.list[last-1].to)}
	r.list = append(r.list[:first+1], r.list[last:]...)
	return fresh
}

func (r *ranges) bound() {
	if len(r.list) > maxSpans {
		r.list[1].from = r.list[0].from
		r.list = r.list[:copy(r.list, r.list[1:])]
	}
}

// has reports whether n is in the set.
func (r *ranges) has(n uint64) bool {
	for i := len(r.list) - 1; i >= 0; i-- {
		if s := r.list[i]; n >= s.from {
			return n < s.to
		}
	}
	return false
}

// covers reports whether all numbers from from up to, without, to are in the
// set.
func (r *ranges) covers(from, to uint64) bool {
	for i := len(r.list) - 1; i >= 0; i-- {
		if s := r.list[i]; from >= s.from {
			return to <= s.to
		}
	}
	return from >= to
}

// end returns the highest number of the set plus one.
func (r *ranges) end() uint64 {
	if n := len(r.list); n > 0 {
		return r.list[n-1].to
	}
	return 0
}

// holes calls f for the runs of numbers between from and to that are not in the
// set, in order, until it returns false.
func (r *ranges) holes(from, to uint64, f func(from, to uint64) bool) {
	for _, s := range r.list {
		if s.to <= from {
			continue
		}
		if s.from >= to {
			break
		}
		if s.from > from && !f(from, s.from) {
			return
		}
		from = s.to
	}
	if from < to {
		f(from, to)
	}
}
