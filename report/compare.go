package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/report/document"
)

// Side is one of two conversations that are compared.
type Side struct {
	Name         string // of the capture
	Session      *wiresight.Session
	Conversation int // id; 0 lets Compare choose
}

// Compare sets two conversations side by side: figures, where the time went,
// what was found, and the ladders from the same start. Where a side names no
// conversation, that which lost most time is taken, and on the other side the
// one most like it.
func Compare(ctx context.Context, a, b Side) (*document.Document, error) {
	Pair(&a, &b)
	x, err := compared(ctx, &a)
	if err != nil {
		return nil, err
	}
	y, err := compared(ctx, &b)
	if err != nil {
		return nil, err
	}
	d := &document.Document{Title: fmt.Sprintf("A: %s, B: %s", x.title, y.title)}
	d.Table([]string{"", "A", "B"}, join(x.facts, y.facts), nil)
	d.Heading(2, "", "Where the time went")
	d.Table([]string{"account", "A", "B", "B − A"}, Accounts(x.ledger, y.ledger), nil)
	d.Heading(2, "", "What was found")
	d.Table([]string{"finding", "A", "B"}, join(x.found, y.found), nil)
	d.Heading(2, "", "Packet by packet")
	d.Figure("A: "+x.title, x.ladder)
	d.Figure("B: "+y.title, y.ladder)
	return d, nil
}

// Pair chooses the conversations that the sides leave open.
func Pair(a, b *Side) {
	if a.Conversation == 0 && b.Conversation != 0 {
		a, b = b, a
	}
	if a.Conversation == 0 {
		a.Conversation = costliest(a.Session, func(*flow.Conversation) bool { return true })
	}
	if b.Conversation != 0 {
		return
	}
	var like flow.Conversation
	a.Session.View(func(v wiresight.View) {
		if n := a.Conversation; n >= 1 && n <= len(v.Model.Conversations) {
			like = *v.Model.Conversations[n-1]
		}
	})
	alike := func(c *flow.Conversation) bool {
		return c.Transport == like.Transport && c.Server.Port == like.Server.Port && !(a.Session == b.Session && c.ID == a.Conversation)
	}
	if b.Conversation = costliest(b.Session, alike); b.Conversation == 0 {
		b.Conversation = costliest(b.Session, func(*flow.Conversation) bool { return true })
	}
}

// costliest returns the conversation that lost most time, of several that which
// carried most; 0 where there is none.
func costliest(s *wiresight.Session, of func(*flow.Conversation) bool) (id int) {
	s.View(func(v wiresight.View) {
		k := classify.New(v.Model)
		cost, bytes := time.Duration(-1), int64(-1)
		for _, c := range v.Model.Conversations {
			if !of(c) {
				continue
			}
			lost := time.Duration(0)
			for _, f := range k.Conversation(c).Findings {
				lost += f.Cost
			}
			if lost > cost || lost == cost && c.Bytes.Sum() > bytes {
				id, cost, bytes = c.ID, lost, c.Bytes.Sum()
			}
		}
	})
	return id
}

// fact is a named text of one side.
type fact struct{ name, text string }

// comparison is what is told of one side.
type comparison struct {
	title  string
	facts  []fact
	found  []fact
	ledger *timing.Ledger
	ladder *ladder
}

func compared(ctx context.Context, side *Side) (*comparison, error) {
	var x *comparison
	side.Session.View(func(v wiresight.View) {
		if id := side.Conversation; id >= 1 && id <= len(v.Model.Conversations) {
			c := v.Model.Conversations[id-1]
			j := &judged{Conversation: c, claims: classify.New(v.Model).Conversation(c)}
			x = &comparison{title: fmt.Sprintf("%s, conversation %d", side.Name, id), facts: figures(c, &j.claims), found: found(&j.claims), ledger: j.claims.Ledger, ladder: newLadder(j)}
		}
	})
	if x == nil {
		return nil, fmt.Errorf("%s: there is no conversation %d", side.Name, side.Conversation)
	}
	x.ladder.read(ctx, side.Session)
	return x, nil
}

// figures lists what can be compared of a conversation.
func figures(c *flow.Conversation, k *classify.Conversation) []fact {
	list := []fact{
		{"ends", end(&c.Client) + " → " + end(&c.Server)},
		{"protocols", protocols(c)},
		{"duration", span(time.Duration(c.Duration()))},
		{"packets", grouped(c.Packets.Sum())},
		{"bytes", size(c.Bytes.Sum())},
		{"exchanges", grouped(c.ExchangesTotal)},
	}
	if s := k.Setup; s != nil {
		if len(s.Way) > 0 {
			list = append(list, fact{"way to set up", s.Way[len(s.Way)-1]})
		}
		if s.HasRoundTrips {
			list = append(list, fact{"round trips before the first request", fmt.Sprint(s.RoundTrips)})
		}
		if s.HasTimeToFirstByte {
			list = append(list, fact{"time to the first byte", span(s.TimeToFirstByte)})
		}
		if s.HasRTT {
			list = append(list, fact{"round trip", span(s.RTT)})
		}
	}
	if t := strings.Join(repairs(c.TCP), ", "); t != "" {
		list = append(list, fact{"repairs", t})
	}
	for i := range k.Patterns {
		list = append(list, fact{"pattern " + k.Patterns[i].ID, fmt.Sprintf("%.0f %%", 100*k.Patterns[i].Confidence)})
	}
	return list
}

// found lists the findings with their costs.
func found(k *classify.Conversation) (list []fact) {
	for i := range k.Findings {
		text := string(k.Findings[i].Severity)
		if k.Findings[i].Cost > 0 {
			text = span(k.Findings[i].Cost)
		}
		list = append(list, fact{k.Findings[i].ID, text})
	}
	return list
}

// Found compares what was found in two conversations: rows of the finding and
// what it cost on either side.
func Found(a, b *classify.Conversation) [][]string { return join(found(a), found(b)) }

// join makes rows of what two sides have under the same name; "–" stands where
// one has nothing.
func join(a, b []fact) (rows [][]string) {
	text := func(list []fact, name string) string {
		if i := slices.IndexFunc(list, func(f fact) bool { return f.name == name }); i >= 0 {
			return list[i].text
		}
		return "–"
	}
	for i, f := range slices.Concat(a, b) {
		if i < len(a) || text(a, f.name) == "–" {
			rows = append(rows, []string{f.name, text(a, f.name), text(b, f.name)})
		}
	}
	return rows
}

// Accounts compares two ledgers, the largest differences first: rows of the
// account, its time on either side, and the difference.
func Accounts(a, b *timing.Ledger) (rows [][]string) {
	if a == nil {
		a = &timing.Ledger{}
	}
	if b == nil {
		b = &timing.Ledger{}
	}
	type account struct {
		name string
		a, b time.Duration
	}
	var list []account
	for _, e := range slices.Concat(a.Entries, b.Entries) {
		if !slices.ContainsFunc(list, func(k account) bool { return k.name == e.Name }) {
			list = append(list, account{e.Name, a.Get(e.Name), b.Get(e.Name)})
		}
	}
	slices.SortStableFunc(list, func(x, y account) int { return cmp.Compare((y.b - y.a).Abs(), (x.b - x.a).Abs()) })
	for _, k := range append(list, account{"all", a.Wall, b.Wall}) {
		rows = append(rows, []string{k.name, span(k.a), span(k.b), signed(k.b - k.a)})
	}
	return rows
}

func signed(d time.Duration) string {
	switch {
	case d < 0:
		return "−" + span(-d)
	case d == 0:
		return "0"
	}
	return "+" + span(d)
}
