package timing

import (
	"cmp"
	"slices"
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// stretch is a time for which an account is a candidate.
type stretch struct {
	from, to int64
	account  account
	rank     rank
}

// rank decides where several accounts are candidates for the same time, as
// with streams side by side: the lowest has it.
type rank uint8

const (
	rankRepair rank = iota // silence: nothing else moves
	rankAnswer
	rankRequest
	rankSetUp
	rankServer
	rankTurnBytes // read from turns alone
	rankTurnWait
	rankDNS
	rankIdle
)

// book gathers the stretches of a conversation.
type book struct {
	list     []stretch
	from, to int64
	waits    []wait // they come first
}

func (b *book) add(r rank, a account, from, to int64) {
	from, to = max(from, b.from), min(to, b.to)
	if from < to {
		b.list = append(b.list, stretch{from, to, a, r})
	}
}

// wait adds the time from one side's last byte to the other's next, of which
// the way to that side and back is the network's: from when what was asked left
// for the last time.
func (b *book) wait(r rank, a account, from, to int64, way time.Duration) {
	for _, w := range b.waits {
		if from < w.to && w.to < to {
			b.add(r, Network, from, w.from)
			from = w.to
		}
	}
	turn := min(to, from+int64(way))
	b.add(r, Network, from, turn)
	b.add(r, a, turn, to)
}

// settle gives each moment to the candidate of the lowest rank, and what is
// left to Unexplained. late are sums for the time after the last stretch.
func (b *book) settle(late *later, p *Path) *Ledger {
	l := &Ledger{Start: b.from, Wall: time.Duration(b.to - b.from)}
	s := b.sweep()
	rest := l.Wall
	for _, t := range s {
		rest -= t
	}
	if late != nil { // what the sums cover cannot be more than what is left
		for _, part := range late.parts(p) {
			t := min(part.time, rest)
			s[part.account] += t
			rest -= t
		}
	}
	s[Unexplained] += rest
	l.Entries = s.Entries()
	return l
}

type posting struct {
	account account
	time    time.Duration
}

// parts splits the sums into accounts; each pause holds one way to the end that
// speaks next, and back.
func (l *later) parts(p *Path) [6]posting {
	toServer := min(time.Duration(l.pauses[layer.ToClient])*p.Server, time.Duration(l.paused[layer.ToClient]))
	toClient := min(time.Duration(l.pauses[layer.ToServer])*p.Client, time.Duration(l.paused[layer.ToServer]))
	return [...]posting{
		{Request, time.Duration(l.spoke[layer.ToServer])}, {Transfer, time.Duration(l.spoke[layer.ToClient])},
		{Network, toServer}, {Server, time.Duration(l.paused[layer.ToClient]) - toServer},
		{Network, toClient}, {Idle, time.Duration(l.paused[layer.ToServer]) - toClient},
	}
}

// sweep sums each account's part: one rank after the other takes of the time
// what those before it left. What is taken is kept sorted and disjoint.
func (b *book) sweep() (s Sums) {
	slices.SortFunc(b.list, func(x, y stretch) int {
		return cmp.Or(cmp.Compare(x.rank, y.rank), cmp.Compare(x.from, y.from), cmp.Compare(x.to, y.to), cmp.Compare(x.account, y.account))
	})
	var covered []stretch
	for begin := 0; begin < len(b.list); {
		end := begin
		for end < len(b.list) && b.list[end].rank == b.list[begin].rank {
			end++
		}
		covered = merge(covered, take(covered, b.list[begin:end], &s))
		begin = end
	}
	return s
}

// take sums the parts of the list, sorted by time, that lie outside of covered
// and of each other. It returns those parts.
func take(covered, list []stretch, sum *Sums) (fresh []stretch) {
	i, done := 0, int64(-1<<63)
	for _, x := range list {
		from := max(x.from, done)
		for i < len(covered) && covered[i].to <= from {
			i++
		}
		for j := i; from < x.to; j++ {
			to := x.to
			if j < len(covered) {
				to = min(to, covered[j].from)
			}
			if from < to {
				sum[x.account] += time.Duration(to - from)
				fresh = append(fresh, stretch{from: from, to: to})
			}
			if j >= len(covered) {
				break
			}
			from = max(from, covered[j].to)
		}
		done = max(done, x.to)
	}
	return fresh
}

// merge joins two sorted lists of disjoint stretches, and stretches that touch.
func merge(a, b []stretch) []stretch {
	all := make([]stretch, 0, len(a)+len(b))
	for len(a)+len(b) > 0 {
		var s stretch
		if len(b) == 0 || len(a) > 0 && a[0].from <= b[0].from {
			s, a = a[0], a[1:]
		} else {
			s, b = b[0], b[1:]
		}
		if n := len(all); n > 0 && all[n-1].to >= s.from {
			all[n-1].to = max(all[n-1].to, s.to)
			continue
		}
		all = append(all, s)
	}
	return all
}
