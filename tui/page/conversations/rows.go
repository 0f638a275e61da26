package conversations

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/theme"
)

// window holds copies of the rows on the screen.
type window struct {
	offset   int
	rows     []row
	verdicts map[int]verdict // by id
}

type row struct {
	id       int
	start    int64 // nanoseconds since the capture's first packet
	client   string
	server   string
	protocol string
	packets  int64
	bytes    int64
	duration int64
	verdict  verdict
	marked   string // colour
	noted    bool
}

// verdict is what the classifiers say of a conversation, in short.
type verdict struct {
	version  uint64
	at       time.Time
	text     string
	severity claim.Severity // "" for a pattern
	setup    time.Duration  // 0 where it is not known
	rtt      time.Duration
	lesson   string // id of what is claimed
	about    about
}

// Limits of judging: judgeFor is how long one refresh may judge, rejudge how
// long a verdict on a conversation that still changes stands, keepVerdicts
// how many are remembered.
const (
	judgeFor     = 5 * time.Millisecond
	rejudge      = time.Second
	keepVerdicts = 5000
)

// withPorts is the width from which on the clients' ports are shown.
const withPorts = 100

// refresh copies the rows on the screen and judges those that need it, as far
// as the time goes; the next refresh goes on.
func (p *Page) refresh() {
	w := &p.window
	w.offset, w.rows = p.table.Offset, w.rows[:0]
	if len(w.verdicts) > keepVerdicts {
		w.verdicts = map[int]verdict{}
	}
	begun, client := time.Now(), component.Endpoint
	if p.width < withPorts {
		client = bare
	}
	p.src.View(func(v wiresight.View) {
		if v.Model == nil {
			return
		}
		for r := p.table.Offset; r < p.table.End(); r++ {
			id := p.id(r)
			if id < 1 || id > len(v.Model.Conversations) {
				break
			}
			c := v.Model.Conversations[id-1]
			known, ok := w.verdicts[id]
			due := !ok || known.version != c.Version && begun.Sub(known.at) > rejudge
			if due && time.Since(begun) < judgeFor {
				known = short(p.judge(v.Model, c))
				known.version, known.at = c.Version, begun
				w.verdicts[id] = known
			}
			w.rows = append(w.rows, row{
				id: id, start: c.First.Nanos - v.Model.First.Nanos, client: client(c.Client), server: component.Endpoint(c.Server),
				marked: p.marks[id].color, noted: p.marks[id].text, protocol: protocol(c), packets: c.Packets.Sum(), bytes: c.Bytes.Sum(), duration: c.Duration(), verdict: known,
			})
		}
	})
}

// short tells a conversation's worst finding, else its likeliest pattern.
func short(c classify.Conversation) verdict {
	v := verdict{about: aboutOf(c), setup: setupTime(c.Setup)}
	if c.Setup != nil && c.Setup.HasRTT {
		v.rtt = c.Setup.RTT
	}
	switch {
	case len(c.Findings) > 0:
		worst := worstFirst(c.Findings)[0]
		v.severity, v.lesson = worst.Severity, worst.ID
		v.text = theme.Sign(worst.Severity) + " " + layer.Printable(worst.Title)
		if n := len(c.Findings) - 1; n > 0 {
			v.text = fmt.Sprintf("%s (+%d)", v.text, n)
		}
		v.text += "  " + badges(c.Patterns)
	case len(c.Patterns) > 0:
		v.text, v.lesson = badges(c.Patterns), likeliestFirst(c.Patterns)[0].ID
	}
	return v
}

// badges names the patterns, the likeliest first.
func badges(list []claim.Pattern) string {
	var b strings.Builder
	for _, k := range likeliestFirst(list) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString("‹" + k.ID + "›")
	}
	return b.String()
}

// span writes a time, "–" where it is not known.
func span(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return component.Span(d)
}

// cells draws a row.
func (p *Page) cells(at int) []component.Cell {
	i := at - p.window.offset
	if i < 0 || i >= len(p.window.rows) {
		return nil
	}
	r := p.window.rows[i]
	t := p.theme
	judged := t.Plain
	if r.verdict.severity != "" {
		judged = t.Severity(r.verdict.severity)
	}
	number, style := strconv.Itoa(r.id), t.Dim
	if r.noted {
		number = "✎" + number
	}
	if r.marked != "" {
		number, style = "●"+strconv.Itoa(r.id), t.Color(r.marked)
	}
	return []component.Cell{
		{Text: number, Style: style},
		{Text: fmt.Sprintf("%.4f", flow.Seconds(r.start)), Style: t.Plain},
		{Text: r.client, Style: t.Client},
		{Text: r.server, Style: t.Server},
		{Text: r.protocol, Style: t.Strong},
		{Text: component.Count(r.packets), Style: t.Plain},
		{Text: component.Bytes(r.bytes), Style: t.Plain},
		{Text: component.Span(time.Duration(r.duration)), Style: t.Plain},
		{Text: span(r.verdict.setup), Style: t.Plain},
		{Text: span(r.verdict.rtt), Style: t.Plain},
		{Text: r.verdict.text, Style: judged},
	}
}
