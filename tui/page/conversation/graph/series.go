package graph

import (
	"fmt"
	"sort"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
)

// point is a packet in the graph: a value, or a range of sequence numbers.
type point struct {
	at     int64
	low    int64
	high   int64
	packet int
	again  bool // bytes that were sent before
	about  string
}

// step is a line's value from a time on.
type step struct{ at, value int64 }

// series is what is drawn.
type series struct {
	points      []point // in time
	ack, window []step
	from, until int64
	transport   bool // TCP: sequence numbers, not just bytes
}

// busier returns the direction in which more was sent.
func busier(s *subject.Subject) layer.Direction {
	if s.Trace == nil {
		return layer.ToServer
	}
	var sum [2]int64
	for i := range s.Trace.Packets {
		k := &s.Trace.Packets[i]
		sum[k.Dir] += int64(k.Length)
	}
	if sum[layer.ToClient] > sum[layer.ToServer] {
		return layer.ToClient
	}
	return layer.ToServer
}

func gathered(packets []wiresight.TracePacket, v view, d layer.Direction) series {
	s := series{}
	if len(packets) == 0 {
		return s
	}
	s.from, s.until = packets[0].At.Nanos, packets[0].At.Nanos
	g := gatherer{series: &s, dir: d}
	for i := range packets {
		k := &packets[i]
		s.from, s.until = min(s.from, k.At.Nanos), max(s.until, k.At.Nanos)
		switch {
		case v == roundTrips:
			if k.RTT > 0 && k.Dir != d {
				g.add(k, 0, int64(k.RTT), fmt.Sprintf("acknowledged after %s", component.Span(k.RTT)))
			}
		case k.TCP == nil && v == sequence:
			if k.Dir == d {
				g.add(k, g.sum, g.sum+int64(k.Length), layer.Printable(k.Summary))
				g.sum += int64(k.Length)
			}
		case k.TCP == nil:
		case v == inFlight:
			if k.Dir == d && k.TCP.Length > 0 {
				g.add(k, 0, k.TCP.InFlight, component.Bytes(k.TCP.InFlight)+" on their way without acknowledgment")
			}
		default:
			g.segment(k)
		}
	}
	sort.SliceStable(s.points, func(i, j int) bool { return s.points[i].at < s.points[j].at })
	s.until = max(s.until, s.from+1)
	return s
}

// gatherer counts sequence numbers on from the first, across their wrap.
type gatherer struct {
	series *series
	dir    layer.Direction
	base   uint32
	known  bool
	top    int64 // of the numbers so far
	sum    int64 // bytes of datagrams
}

func (g *gatherer) add(k *wiresight.TracePacket, low, high int64, about string) {
	g.series.points = append(g.series.points, point{at: k.At.Nanos, low: low, high: high, packet: k.At.Number, about: about})
}

// relative returns a sequence number counted from the first one.
func (g *gatherer) relative(seq uint32) int64 {
	if !g.known {
		g.base, g.known = seq, true
	}
	return g.top + int64(int32(seq-(g.base+uint32(g.top))))
}

// segment takes data of the direction, or what acknowledges it.
func (g *gatherer) segment(k *wiresight.TracePacket) {
	t := k.TCP
	g.series.transport = true
	if k.Dir == g.dir {
		if t.Next() == t.Seq {
			return
		}
		low := g.relative(t.Seq)
		high := low + int64(t.Next()-t.Seq)
		g.add(k, low, high, k.Label())
		p := &g.series.points[len(g.series.points)-1]
		p.again = t.Analysis&(flow.Retransmission|flow.FastRetransmission|flow.SpuriousRetransmission) != 0
		if text := k.Trouble(); text != "" {
			p.about += "  " + text
		}
		g.top = max(g.top, high)
		return
	}
	if t.Flags&flow.ACK == 0 || !g.known {
		return
	}
	ack := g.relative(t.Ack)
	g.series.ack = append(g.series.ack, step{k.At.Nanos, ack})
	if t.Flags&flow.RST == 0 {
		g.series.window = append(g.series.window, step{k.At.Nanos, ack + int64(t.Window)})
	}
}

// within returns the points of a stretch of time.
func (s *series) within(from, until int64) (first, end int) {
	first = sort.Search(len(s.points), func(i int) bool { return s.points[i].at >= from })
	return first, sort.Search(len(s.points), func(i int) bool { return s.points[i].at > until })
}

// nearest returns the point that is nearest to a time.
func (s *series) nearest(at int64) int {
	i := sort.Search(len(s.points), func(i int) bool { return s.points[i].at >= at })
	if i == len(s.points) || i > 0 && at-s.points[i-1].at < s.points[i].at-at {
		i--
	}
	return max(0, i)
}
