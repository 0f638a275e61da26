package conversation

import (
	"fmt"
	"sort"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// NewCapture returns the page of the whole capture: what only several
// conversations together show, and the protocols. It is read once, when it is
// opened, for that takes as long as there are conversations.
func NewCapture(src page.Source, t *theme.Theme, whole page.JudgeAll) *Page {
	p := New(src, t, nil, 0)
	p.whole = whole
	return p
}

type allMsg struct {
	page  *Page
	facts facts
}

// readAll returns the command that reads the whole capture.
func (p *Page) readAll() tea.Cmd {
	return func() tea.Msg {
		m := allMsg{page: p}
		p.src.View(func(v wiresight.View) {
			if v.Model != nil {
				m.facts = all(v.Model)
				m.facts.verdict = p.whole(v.Model)
			}
		})
		return m
	}
}

// maxProblems bounds the problems that are listed of a capture.
const maxProblems = 200

func all(m *flow.Model) facts {
	f := facts{
		first:     m.First.Nanos,
		problems:  append([]layer.Problem(nil), m.Problems[:min(len(m.Problems), maxProblems)]...),
		protocols: append([]flow.ProtocolCount(nil), m.Protocols...),
	}
	f.header = []fact{
		{"holds", fmt.Sprintf("%s packets, %s in %s conversations, over %s", component.Count(m.Packets), component.Bytes(m.Bytes),
			component.Count(int64(len(m.Conversations))), component.Span(time.Duration(m.Last.Nanos-m.First.Nanos)))},
		{"from", m.First.Time().Format("2006-01-02 15:04:05.000000") + " UTC"},
	}
	if len(m.LinkTypes) > 0 {
		f.header = append(f.header, fact{"links", layer.Printable(strings.Join(m.LinkTypes, ", "))})
	}
	if n := m.PacketsOmitted; n > 0 {
		f.header = append(f.header, fact{"left out", component.Count(n) + " packets of further conversations, for there are too many"})
	}
	sort.SliceStable(f.protocols, func(i, j int) bool { return f.protocols[i].Bytes > f.protocols[j].Bytes })
	return f
}

func (b *builder) protocols() {
	list := b.page.facts.protocols
	if len(list) == 0 {
		return
	}
	t := b.page.theme
	b.part("Protocols")
	for _, k := range list {
		b.text(t.OSI(k.OSI), fmt.Sprintf("  L%d %s %10s packets %12s", k.OSI, component.Fit(string(k.Protocol), 16), component.Count(k.Packets), component.Bytes(k.Bytes)))
	}
}
