package report

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/report/document"
)

// WriteHTML writes the story of what the session has read as one HTML file that
// needs nothing else. Its ladders need Options.Index of the session. The only
// errors are w's.
func WriteHTML(w io.Writer, s *wiresight.Session, opt Options) error {
	return story(s, opt).HTML(w)
}

// WriteMarkdown writes the same as Markdown.
func WriteMarkdown(w io.Writer, s *wiresight.Session, opt Options) error {
	return story(s, opt).Markdown(w)
}

// storyteller puts the story together. It is bounded as a text report is.
type storyteller struct {
	document.Document
	begun   int64
	ladders []*ladder // to be drawn once the session's lock is given back
}

// story tells what a text report tells, with diagrams.
func story(s *wiresight.Session, opt Options) *document.Document {
	var t storyteller
	s.View(func(v wiresight.View) {
		t.begun = v.Model.First.Nanos
		t.capture(v.Model, v.Info, opt.Err)
		d := gatherDigest(v.Model, classify.New(v.Model), &opt)
		t.findings(d)
		t.overview(d)
		for i := range d.full {
			t.conversation(&d.full[i])
		}
	})
	for _, l := range t.ladders {
		l.read(context.Background(), s)
	}
	return &t.Document
}

func (t *storyteller) capture(m *flow.Model, info *capture.Info, failed error) {
	t.Title = "Capture"
	if info != nil {
		t.Title = filepath.Base(info.Source)
	}
	t.Text(strings.Join(captured(m, info), ", "))
	if n := drops(info); n > 0 {
		t.Claim("warning", many(int64(n), "packet")+" lost while capturing")
	}
	if failed != nil {
		t.Claim("problem", "Reading ended early: "+layer.Printable(failed.Error()))
	}
	var rows [][]string
	for _, p := range byLayer(m.Protocols) {
		rows = append(rows, []string{fmt.Sprintf("%d %s", p.OSI, layerTitles[p.OSI&7]), string(p.Protocol), grouped(p.Packets), size(p.Bytes)})
	}
	t.Heading(2, "", "Protocols")
	t.Table([]string{"layer", "protocol", "packets", "bytes"}, rows, nil)
	if n := int64(len(m.Problems)) + m.ProblemsOmitted; n > 0 {
		t.Heading(2, "", many(n, "malformed or missing part"))
		var points []string
		for _, q := range m.Problems[:min(len(m.Problems), problems)] {
			points = append(points, fmt.Sprintf("packet %d, %s: %s", q.Packet, q.Layer, q.Text))
		}
		t.List(points)
	}
}

// findings says what cost time or went wrong.
func (t *storyteller) findings(d *digest) {
	if len(d.groups) == 0 {
		if d.shown > 0 {
			t.Heading(2, "", "Nothing was found that cost time or went wrong")
		}
		return
	}
	t.Heading(2, "findings", "What cost time, or went wrong")
	for _, g := range d.groups {
		worst := &g.worst[0]
		t.Claim(string(worst.Severity), fmt.Sprintf("%s%s (%s)", g.id, g.toll(), worst.Severity))
		for i := range g.worst {
			t.Text(g.worst[i].where())
			t.Note(g.worst[i].proof())
		}
		if more := g.count - int64(len(g.worst)); more > 0 {
			t.Note(fmt.Sprintf("… and %s more", grouped(more)))
		}
		t.Text(worst.Explanation)
		if worst.Advice != "" {
			t.Text("→ " + worst.Advice)
		}
	}
}

// overview lists the conversations, and how several belong together.
func (t *storyteller) overview(d *digest) {
	if len(d.patterns) > 0 {
		t.Heading(2, "", "Over several conversations")
		for i := range d.patterns {
			t.pattern(&d.patterns[i])
		}
	}
	if d.total == 0 {
		return
	}
	if d.shown < d.total {
		t.Heading(2, "conversations", fmt.Sprintf("%s of %s that the filter chose", many(d.shown, "conversation"), grouped(d.total)))
	} else {
		t.Heading(2, "conversations", many(d.total, "conversation"))
	}
	var rows [][]string
	var links []string
	add := func(c *flow.Conversation, link string) {
		rows = append(rows, []string{strconv.Itoa(c.ID), protocols(c), end(&c.Client), end(&c.Server), grouped(c.Packets.Sum()), size(c.Bytes.Sum()), span(time.Duration(c.Duration()))})
		links = append(links, link)
	}
	for i := range d.full {
		add(d.full[i].Conversation, anchor(d.full[i].ID))
	}
	for _, c := range d.rows {
		add(c, "")
	}
	t.Table([]string{"", "protocols", "client", "server", "packets", "bytes", "time"}, rows, links)
	if more := d.shown - int64(len(rows)); more > 0 {
		t.Note(fmt.Sprintf("… and %s more; choose with -Y, or use --json", grouped(more)))
	}
}

func anchor(id int) string { return "conversation-" + strconv.Itoa(id) }
