package link

import (
	"math/rand/v2"
	"testing"
	"time"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func dice() *rand.Rand { return rand.New(rand.NewPCG(1, 1)) }

const ms = time.Millisecond

func TestALegDelaysEachFrame(t *testing.T) {
	leg := Leg{Delay: 20 * ms}
	for _, sent := range []time.Duration{0, 1 * ms, 1 * ms, 50 * ms} {
		at, ok := leg.arrival(start.Add(sent), 1500, dice())
		if want := sent + 20*ms; !ok || at.Sub(start) != want {
			t.Errorf("sent at %s: arrives at %s, not %s", sent, at.Sub(start), want)
		}
	}
}

func TestARateSpacesFrames(t *testing.T) {
	leg := Leg{Delay: 10 * ms, Rate: 8_000_000} // 1000 bytes take 1 ms
	for i, want := range []time.Duration{11 * ms, 12 * ms, 13 * ms} {
		if at, ok := leg.arrival(start, 1000, dice()); !ok || at.Sub(start) != want {
			t.Errorf("frame %d of three at once arrives at %s, not %s", i+1, at.Sub(start), want)
		}
	}
	if at, _ := leg.arrival(start.Add(time.Second), 1000, dice()); at.Sub(start) != time.Second+11*ms {
		t.Errorf("an idle leg owes nothing for what went before: %s", at.Sub(start))
	}
}

func TestAFullQueueTakesNoMore(t *testing.T) {
	leg := Leg{Rate: 8_000_000, Queue: 2500}
	taken := 0
	for range 10 {
		if _, ok := leg.arrival(start, 1000, dice()); ok {
			taken++
		}
	}
	if taken != 2 { // the second waits behind the first; a third would make 3000 bytes
		t.Errorf("%d frames of 1000 bytes were taken", taken)
	}
	if _, ok := leg.arrival(start.Add(time.Second), 1000, dice()); !ok {
		t.Error("the queue drains with time")
	}
}

func TestJitterNeverReorders(t *testing.T) {
	leg, random := Leg{Delay: 5 * ms, Jitter: 30 * ms}, dice()
	last, spread := start, false
	for i := range 200 {
		sent := start.Add(time.Duration(i) * ms)
		at, _ := leg.arrival(sent, 100, random)
		if at.Before(last) || at.Sub(sent) < 5*ms {
			t.Fatalf("frame %d sent at %s arrives at %s, behind one at %s", i, sent.Sub(start), at.Sub(start), last.Sub(start))
		}
		spread = spread || at.Sub(sent) > 6*ms
		last = at
	}
	if !spread {
		t.Error("there is no jitter at all")
	}
}

func TestLossKeepsItsProbability(t *testing.T) {
	random := dice()
	none, some := Leg{}, Leg{Loss: 0.25}
	lost := 0
	for range 10_000 {
		if none.loses(random) {
			t.Fatal("a leg without loss loses")
		}
		if some.loses(random) {
			lost++
		}
	}
	if lost < 2300 || lost > 2700 {
		t.Errorf("%d of 10000 lost at a probability of 1/4", lost)
	}
}

func TestEventsHappenInOrder(t *testing.T) {
	var q queue
	var got []string
	at := func(offset time.Duration, name string) {
		q.add(start.Add(offset), func(time.Time) { got = append(got, name) })
	}
	at(3*ms, "late")
	at(1*ms, "first of two at one time")
	at(1*ms, "second of two at one time")
	at(9*ms, "not yet due")
	if w := q.wait(start, time.Second); w != 1*ms {
		t.Errorf("nothing to do for %s", w)
	}
	for {
		e, ok := q.due(start.Add(3 * ms))
		if !ok {
			break
		}
		e.do(e.at)
	}
	want := []string{"first of two at one time", "second of two at one time", "late"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%q, not %q", got, want)
			break
		}
	}
	if w := q.wait(start, 2*ms); w != 2*ms {
		t.Errorf("waits %s, which is longer than the limit", w)
	}
}
