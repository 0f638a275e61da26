package http

import "slices"

// Order is the order in which the streams of a connection were opened, so that
// the oldest can be found without a look at all: a peer may open any number.
type Order[ID uint32 | uint64] struct {
	ids  []ID
	keep int // length of ids at which those that are over are taken out
}

// leastOrder is a length below which it is not worth it to look what is over.
const leastOrder = 64

// Add takes a stream that was just opened. isOpen tells which streams are not
// over; it is asked once in a while.
func (o *Order[ID]) Add(id ID, isOpen func(ID) bool) {
	if len(o.ids) >= max(o.keep, leastOrder) {
		o.ids = slices.DeleteFunc(o.ids, func(id ID) bool { return !isOpen(id) })
		o.keep = 2 * len(o.ids)
	}
	o.ids = append(o.ids, id)
}

// Oldest takes out the stream that was opened first of those that are open;
// false where there is none.
func (o *Order[ID]) Oldest(isOpen func(ID) bool) (id ID, ok bool) {
	for n, id := range o.ids {
		if isOpen(id) {
			o.ids = o.ids[n+1:]
			return id, true
		}
	}
	o.ids = o.ids[:0]
	return 0, false
}
