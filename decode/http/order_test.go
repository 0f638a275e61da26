package http

import "testing"

func TestOrderFindsTheOldestThatIsOpen(t *testing.T) {
	open := map[uint32]bool{}
	isOpen := func(id uint32) bool { return open[id] }
	var o Order[uint32]
	for id := uint32(1); id <= 1000; id++ {
		open[id] = true
		o.Add(id, isOpen)
	}
	for id := uint32(1); id < 500; id++ {
		delete(open, id)
	}
	for want := uint32(500); want <= 1000; want++ {
		got, ok := o.Oldest(isOpen)
		if got != want || !ok {
			t.Fatalf("the oldest is %d, %v; want %d", got, ok, want)
		}
		delete(open, got)
	}
	if id, ok := o.Oldest(isOpen); ok {
		t.Errorf("%d is open", id)
	}
}

// What is kept stays near what is open, and no stream costs a look at all.
func TestOrderIsBoundedByWhatIsOpen(t *testing.T) {
	open, asked := map[uint64]bool{}, 0
	isOpen := func(id uint64) bool { asked++; return open[id] }
	var o Order[uint64]
	const streams, most = 100_000, 1000
	for id := range uint64(streams) {
		if len(open) >= most {
			oldest, ok := o.Oldest(isOpen)
			if !ok || oldest != id-most {
				t.Fatalf("stream %d: the oldest is %d, %v", id, oldest, ok)
			}
			delete(open, oldest)
		}
		open[id] = true
		o.Add(id, isOpen)
	}
	if len(o.ids) > 2*most+leastOrder || asked > 4*streams {
		t.Errorf("%d are kept, %d looks at a stream", len(o.ids), asked)
	}
}
