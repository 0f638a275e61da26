package report

import (
	"context"
	"fmt"
	"strings"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/report/diagram"
	"github.com/wiresight/wiresight/report/document"
)

// around is how many packets of the ladder are drawn before and behind those
// that a lesson's steps are of.
const around = 2

// Handout writes a lesson down: each step with its words, a ladder for each
// conversation that it is of, and the questions at the end.
func Handout(ctx context.Context, l wiresight.Lesson) (*document.Document, error) {
	d := &document.Document{Title: l.Title}
	d.Text(l.About)
	for from := 0; from < len(l.Steps); {
		scene, to, err := stage(ctx, &l, from)
		if err != nil {
			return nil, err
		}
		d.Heading(2, "", l.Steps[from].Capture)
		for i, step := range l.Steps[from:to] {
			d.Heading(3, "", fmt.Sprintf("%d. %s (packet %d)", from+i+1, step.Title, step.Packet))
			d.Text(step.Says)
		}
		d.Figure(fmt.Sprintf("Packets %d to %d of %s", l.Steps[from].Packet, l.Steps[to-1].Packet, l.Steps[from].Capture), scene)
		from = to
	}
	d.Heading(2, "", "Questions")
	var asked []string
	for i, step := range l.Steps {
		asked = append(asked, fmt.Sprintf("%s (step %d, packet %d of %s)", step.Ask, i+1, step.Packet, step.Capture))
	}
	d.List(asked)
	d.Note("See it packet by packet: wiresight lesson " + l.Name)
	return d, nil
}

// stage draws the conversation of the step from, and finds the first step that
// is of another.
func stage(ctx context.Context, l *wiresight.Lesson, from int) (*diagram.Ladder, int, error) {
	e, ok := wiresight.FindExample(l.Steps[from].Capture)
	if !ok {
		return nil, 0, fmt.Errorf("lesson %s, step %d: there is no example %q", l.Name, from+1, l.Steps[from].Capture)
	}
	s, err := e.Open(ctx, wiresight.Options{Index: true})
	if err != nil {
		return nil, 0, err
	}
	defer s.Close()
	if err := s.Run(); err != nil {
		return nil, 0, err
	}
	var drawn *ladder
	to, first, last := from, l.Steps[from].Packet, 0
	s.View(func(v wiresight.View) {
		id := v.Packets[first-1].Conversation
		for ; to < len(l.Steps) && l.Steps[to].Capture == l.Steps[from].Capture; to++ {
			n := l.Steps[to].Packet
			if v.Packets[n-1].Conversation != id {
				break
			}
			first, last = min(first, n), max(last, n)
		}
		c := v.Model.Conversations[id-1]
		drawn = newLadder(&judged{Conversation: c, claims: classify.New(v.Model).Conversation(c)})
	})
	t, err := s.Trace(ctx, drawn.id, last+around, nil)
	if err != nil {
		return nil, 0, err
	}
	drawn.take(t)
	drawn.Arrows = part(drawn.Arrows, first, last, l.Steps[from:to])
	drawn.More = 0
	return &drawn.Ladder, to, nil
}

// part keeps the arrows from shortly before a packet to shortly behind another,
// and names the steps at theirs. In between it keeps those next to a step's.
func part(list []diagram.Arrow, first, last int, steps []wiresight.Step) []diagram.Arrow {
	near := make([]bool, len(list))
	for i := range list {
		for n := range steps {
			if steps[n].Packet != list[i].Packet {
				continue
			}
			list[i].Note = strings.TrimPrefix(list[i].Note+", "+steps[n].Title, ", ")
			for k := max(0, i-around); k <= min(len(list)-1, i+around); k++ {
				near[k] = true
			}
		}
	}
	whole := last-first <= arrows/2
	var kept []diagram.Arrow
	for i := range list {
		if near[i] || whole && list[i].Packet >= first && list[i].Packet <= last {
			kept = append(kept, list[i])
		}
	}
	return kept
}
