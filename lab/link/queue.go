package link

import (
	"container/heap"
	"time"
)

// event is something that happens to a frame at a time to come.
type event struct {
	at    time.Time
	order uint64 // of two events at one time the older goes first
	do    func(scheduled time.Time)
}

// queue holds the events to come, the next one first.
type queue struct {
	events []event
	next   uint64
}

func (q *queue) Len() int { return len(q.events) }
func (q *queue) Less(i, j int) bool {
	a, b := q.events[i], q.events[j]
	if a.at.Equal(b.at) {
		return a.order < b.order
	}
	return a.at.Before(b.at)
}
func (q *queue) Swap(i, j int) { q.events[i], q.events[j] = q.events[j], q.events[i] }
func (q *queue) Push(x any)    { q.events = append(q.events, x.(event)) }
func (q *queue) Pop() any {
	last := q.events[len(q.events)-1]
	q.events = q.events[:len(q.events)-1]
	return last
}

func (q *queue) add(at time.Time, do func(time.Time)) {
	heap.Push(q, event{at: at, order: q.next, do: do})
	q.next++
}

// due takes the next event if its time has come.
func (q *queue) due(now time.Time) (event, bool) {
	if len(q.events) == 0 || q.events[0].at.After(now) {
		return event{}, false
	}
	return heap.Pop(q).(event), true
}

// wait is how long there is nothing to do, at most limit.
func (q *queue) wait(now time.Time, limit time.Duration) time.Duration {
	if len(q.events) == 0 {
		return limit
	}
	return min(q.events[0].at.Sub(now), limit)
}
