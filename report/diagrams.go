package report

import (
	"context"
	"fmt"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/report/diagram"
)

// How much of a conversation is drawn.
const (
	arrows = 80 // packets of a ladder
	bars   = 40 // exchanges of a waterfall
)

// ladder is a conversation's sequence diagram. It is empty until its packets
// were read.
type ladder struct {
	diagram.Ladder
	id    int
	first int64
	marks map[int]string // findings that cite a packet
}

func newLadder(j *judged) *ladder {
	l := &ladder{id: j.ID, first: j.First.Nanos, marks: map[int]string{}}
	for i := range j.claims.Findings {
		for _, o := range j.claims.Findings[i].Occurrences {
			for _, n := range o.Packets {
				if l.marks[n] == "" {
					l.marks[n] = j.claims.Findings[i].ID
				}
			}
		}
	}
	l.Client, l.Server = end(&j.Client), end(&j.Server)
	l.Before, l.After = ways(&j.claims.Path)
	return l
}

// ways returns how long packets take from the client to the capture point and
// from there to the server, 0 where nobody knows.
func ways(p *timing.Path) (before, after time.Duration) {
	if !p.HasRTT || p.Vantage == timing.Unknown || p.RTT < 400*time.Microsecond {
		return 0, 0
	}
	return time.Duration(p.Client) / 2, time.Duration(p.Server) / 2
}

// read takes the conversation's first packets from the session.
func (l *ladder) read(ctx context.Context, s *wiresight.Session) {
	t, err := s.Trace(ctx, l.id, arrows, nil)
	if t != nil && err == nil { // a session without an index: the report does without
		l.take(t)
	}
}

// take draws the packets of a trace.
func (l *ladder) take(t *wiresight.Trace) {
	l.Arrows, l.More = Arrows(t.Packets, l.first), t.More
	for i := range l.Arrows {
		if a := &l.Arrows[i]; a.Note == "" {
			a.Note = l.marks[a.Packet]
		}
	}
}

// Arrows turns packets of a trace into arrows, with times from first on. A
// clock that went back does not turn the diagram round.
func Arrows(packets []wiresight.TracePacket, first int64) []diagram.Arrow {
	list := make([]diagram.Arrow, len(packets))
	for i := range packets {
		k := &packets[i]
		list[i] = diagram.Arrow{
			At: time.Duration(k.At.Nanos - first), ToServer: k.Dir == layer.ToServer, Label: k.Label(),
			Note: k.Trouble(), Grave: k.Grave(), Packet: k.At.Number,
		}
		if i > 0 {
			list[i].At = max(list[i].At, list[i-1].At)
		}
	}
	return list
}

// waterfall draws a conversation's set-up and exchanges as bars, and what the
// other ways to set it up would have taken.
func waterfall(j *judged) *diagram.Waterfall {
	w := &diagram.Waterfall{}
	first := j.First.Nanos
	if s := j.claims.Setup; s != nil {
		for i := range s.Phases {
			f := &s.Phases[i]
			if len(j.Exchanges) > 0 && (f.Name == "request" || f.Name == "server" || f.Name == "transfer") {
				continue // the first exchange's own row has them
			}
			from := time.Duration(f.Start - first)
			w.Rows = append(w.Rows, diagram.Row{Title: f.Name, Time: span(f.Duration), Parts: []diagram.Part{{From: from, Until: from + f.Duration, Kind: diagram.Phase}}})
		}
	}
	n := min(len(j.Exchanges), bars)
	for i := range n {
		var m classify.Exchange
		if i < len(j.claims.Exchanges) {
			m = j.claims.Exchanges[i]
		}
		w.Rows = append(w.Rows, exchangeBar(j.Exchanges[i], &m, first))
	}
	w.More = int(j.ExchangesTotal) - n
	if s := j.claims.Setup; s != nil && w.More == 0 {
		others(w, s)
	}
	return w
}

// exchangeBar is one exchange's row.
func exchangeBar(e *flow.Exchange, m *classify.Exchange, first int64) diagram.Row {
	r := diagram.Row{Title: layer.Printable(e.Name), Status: layer.Printable(e.Status)}
	if r.Title == "" {
		r.Title = "request not captured"
	}
	r.Bad = len(r.Status) == 3 && r.Status[0] >= '4'
	if m.HasTotal {
		r.Time = span(m.Total)
	}
	since := func(p layer.PacketRef) time.Duration { return time.Duration(p.Nanos - first) }
	add := func(from, until time.Duration, kind diagram.Kind) {
		r.Parts = append(r.Parts, diagram.Part{From: from, Until: max(from, until), Kind: kind})
	}
	if e.Request.Seen() {
		add(since(e.Request.First), since(e.Request.Last), diagram.Request)
	}
	if !e.Response.Seen() {
		r.Status, r.Bad = "no answer", e.Request.State == flow.Complete
		return r
	}
	if e.Request.Seen() {
		from := since(e.Request.Last)
		if m.Waited > 0 {
			add(from, from+m.Waited, diagram.Queued)
			from += m.Waited
		}
		add(from, since(e.Response.First), diagram.Wait)
	}
	add(since(e.Response.First), since(e.Response.Last), diagram.Transfer)
	return r
}

// others adds the estimates of the other ways.
func others(w *diagram.Waterfall, s *timing.Setup) {
	if len(s.WhatIf) == 0 {
		return
	}
	w.Rows = append(w.Rows, diagram.Row{Title: "The same path and server by other ways, to the first byte (estimates)"})
	for _, o := range s.WhatIf {
		if o.TimeToFirstByte > 0 {
			w.Rows = append(w.Rows, diagram.Row{
				Title: o.Way, Status: fmt.Sprintf("%d RTT", o.RoundTrips), Time: span(o.TimeToFirstByte),
				Parts: []diagram.Part{{Until: o.TimeToFirstByte, Kind: diagram.Estimate}},
			})
		}
	}
}
