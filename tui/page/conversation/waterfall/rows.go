package waterfall

import (
	"fmt"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
)

// kind is what a row stands for.
type kind int

const (
	phase kind = iota
	exchange
	estimate
	heading
)

// row is a line of the waterfall.
type row struct {
	kind      kind
	title     string
	status    string
	time      string
	about     string // told of the selected row
	parts     []part
	packets   []int
	elsewhere bool // some packets may be of other conversations
	exchange  int
	bad       bool
	lesson    string
}

// part is a run of a bar.
type part struct {
	from, until int64
	name        string // as the theme names phases: "request", "queued", "server", "transfer", "tcp" ...
}

func rowsOf(s *subject.Subject) []row {
	var rows []row
	u := s.Verdict.Setup
	if u != nil {
		for _, f := range u.Phases {
			switch f.Name {
			case "request", "server", "transfer":
				if len(s.Exchanges) > 0 {
					continue // the first exchange's own row has them
				}
			}
			text := fmt.Sprintf("%s took %s", f.Name, component.Span(f.Duration))
			if f.RoundTrips > 0 {
				text += ": " + component.Plural(f.RoundTrips, "round trip")
			}
			rows = append(rows, row{
				kind: phase, title: f.Name, time: component.Span(f.Duration), about: text, packets: f.Packets, lesson: f.Name,
				parts: []part{{f.Start, f.Start + int64(f.Duration), f.Name}}, elsewhere: f.Name == "dns",
			})
		}
	}
	for i := range s.Exchanges {
		rows = append(rows, ofExchange(s, i))
	}
	if u != nil && len(u.WhatIf) > 0 {
		rows = append(rows, row{kind: heading, title: "The same path and server by other ways, to the first byte (estimates)"})
		if u.HasTimeToFirstByte && len(u.Way) > 0 {
			rows = append(rows, way(s, u.Way[len(u.Way)-1], u.RoundTrips, int64(u.TimeToFirstByte), "as it was"))
		}
		for _, w := range u.WhatIf {
			rows = append(rows, way(s, w.Way, w.RoundTrips, int64(w.TimeToFirstByte), "estimate"))
		}
	}
	return rows
}

func way(s *subject.Subject, id string, trips int, nanos int64, status string) row {
	text := fmt.Sprintf("%s takes %s before the first request can leave", id, component.Plural(trips, "round trip"))
	r := row{kind: estimate, title: id, status: status, about: text, lesson: id}
	if nanos > 0 {
		r.time = component.Nanos(nanos)
		r.parts = []part{{s.First, s.First + nanos, "estimate"}}
	}
	return r
}

func ofExchange(s *subject.Subject, i int) row {
	e, m := &s.Exchanges[i], s.Measured(i)
	r := row{kind: exchange, title: layer.Printable(e.Name), status: layer.Printable(e.Status), exchange: e.ID, packets: subject.Numbers(e), lesson: string(e.Protocol)}
	if r.title == "" {
		r.title = "(request not seen)"
	}
	if e.Stream != 0 {
		r.title = fmt.Sprintf("%d %s", e.Stream, r.title)
	}
	r.bad = len(r.status) == 3 && r.status[0] >= '4'
	if m.HasTotal {
		r.time = component.Span(m.Total)
	}
	r.about = fmt.Sprintf("%s  %s  %s up, %s down", r.title, r.status, component.Bytes(e.Request.Bytes), component.Bytes(e.Response.Bytes))
	if m.HasService {
		r.about += "  server " + component.Span(m.Service)
	}
	if m.Waited > 0 {
		r.about += "  waited " + component.Span(m.Waited) + " behind earlier answers"
	}
	if e.Request.Seen() {
		r.parts = append(r.parts, part{e.Request.First.Nanos, e.Request.Last.Nanos, "request"})
	}
	if e.Request.Seen() && e.Response.Seen() {
		from := e.Request.Last.Nanos
		if m.Waited > 0 {
			r.parts = append(r.parts, part{from, from + int64(m.Waited), "queued"})
			from += int64(m.Waited)
		}
		r.parts = append(r.parts, part{from, e.Response.First.Nanos, "server"})
	}
	if e.Response.Seen() {
		r.parts = append(r.parts, part{e.Response.First.Nanos, e.Response.Last.Nanos, "transfer"})
	} else {
		r.status = "no answer"
		r.bad = e.Request.State == flow.Complete
	}
	return r
}

// bounds returns the time that the rows take together.
func bounds(rows []row) (from, until int64) {
	first := true
	for i := range rows {
		for _, k := range rows[i].parts {
			if first {
				from, until, first = k.from, k.until, false
			}
			from, until = min(from, k.from), max(until, k.until)
		}
	}
	return from, max(until, from+1)
}
