package quic

import (
	"math/rand/v2"
	"testing"
)

// A set of ranges says the same as a set of numbers.
func TestRangesAreASet(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for round := range 300 {
		var r ranges
		want := map[uint64]bool{}
		for range 30 {
			from := uint64(rng.IntN(200))
			to := from + uint64(rng.IntN(20))
			fresh := uint64(0)
			for n := from; n < to; n++ {
				if !want[n] {
					want[n] = true
					fresh++
				}
			}
			if got := r.add(from, to); got != fresh {
				t.Fatalf("round %d: %d of [%d,%d) were new, want %d: %v", round, got, from, to, fresh, r.list)
			}
		}
		holes := map[uint64]bool{}
		r.holes(0, 250, func(from, to uint64) bool {
			for n := from; n < to; n++ {
				holes[n] = true
			}
			return true
		})
		for n := range uint64(250) {
			if r.has(n) != want[n] || holes[n] == want[n] || r.covers(n, n+1) != want[n] {
				t.Fatalf("round %d: %d in the set: %v, want %v: %v", round, n, r.has(n), want[n], r.list)
			}
		}
		for i := 1; i < len(r.list); i++ {
			if r.list[i-1].to >= r.list[i].from {
				t.Fatalf("round %d: spans touch: %v", round, r.list)
			}
		}
	}
}

func TestRangesAreBounded(t *testing.T) {
	var r ranges
	for n := uint64(0); n < 10*maxSpans; n++ {
		r.add(3*n, 3*n+1)
	}
	if len(r.list) > maxSpans || !r.has(0) || !r.has(3*(10*maxSpans-1)) || r.end() != 3*(10*maxSpans-1)+1 {
		t.Errorf("%d spans", len(r.list))
	}
}
