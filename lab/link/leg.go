package link

import (
	"math/rand/v2"
	"time"
)

// Leg is one direction between a host and the middle.
type Leg struct {
	Delay  time.Duration
	Jitter time.Duration // added to Delay, evenly spread in [0, Jitter); never reorders
	Rate   int64         // bits per second; 0 is unlimited
	Queue  int           // bytes that may wait for the rate; 0 is 256 KiB
	Loss   float64       // probability

	busyUntil   time.Time
	lastArrival time.Time
}

const defaultQueue = 256 << 10

// arrival says when a frame of n bytes that enters the leg now reaches its end;
// false means that the queue before the rate limit was full.
func (l *Leg) arrival(now time.Time, n int, random *rand.Rand) (time.Time, bool) {
	out := now
	if l.Rate > 0 {
		if l.busyUntil.After(now) {
			waiting := l.busyUntil.Sub(now).Seconds() * float64(l.Rate) / 8
			limit := l.Queue
			if limit == 0 {
				limit = defaultQueue
			}
			if int(waiting)+n > limit {
				return time.Time{}, false
			}
			out = l.busyUntil
		}
		out = out.Add(time.Duration(float64(n) * 8 / float64(l.Rate) * float64(time.Second)))
		l.busyUntil = out
	}
	at := out.Add(l.Delay)
	if l.Jitter > 0 {
		at = at.Add(time.Duration(random.Int64N(int64(l.Jitter))))
	}
	if at.Before(l.lastArrival) {
		at = l.lastArrival
	}
	l.lastArrival = at
	return at, true
}

func (l *Leg) loses(random *rand.Rand) bool { return l.Loss > 0 && random.Float64() < l.Loss }
