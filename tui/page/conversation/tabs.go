package conversation

import (
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/conversation/graph"
	"github.com/wiresight/wiresight/tui/page/conversation/ladder"
	"github.com/wiresight/wiresight/tui/page/conversation/listing"
	"github.com/wiresight/wiresight/tui/page/conversation/waterfall"
	"github.com/wiresight/wiresight/tui/page/conversation/why"
	"github.com/wiresight/wiresight/tui/page/stream"
)

// Stream is the title of the tab of a conversation's bytes.
const Stream = "stream"

// tab is one way to look at the conversation.
type tab struct {
	title string
	page  page.Page
	begun bool // its Init was called
}

func (p *Page) all() []tab {
	return []tab{
		{title: "why", page: why.New(p.src, p.theme)},
		{title: "ladder", page: ladder.New(p.theme)},
		{title: "waterfall", page: waterfall.New(p.theme)},
		{title: "exchanges", page: listing.NewExchanges(p.theme)},
		{title: "messages", page: listing.NewMessages(p.theme)},
		{title: Stream, page: stream.New(p.src, p.theme, p.id)},
		{title: "graph", page: graph.New(p.theme)},
	}
}

func (p *Page) index(title string) int {
	for i := range p.tabs {
		if p.tabs[i].title == title {
			return i
		}
	}
	return 0
}

// headHeight is how many lines the page's head has.
const headHeight = 2

// head draws who talks, and the tabs.
func (p *Page) head() []string {
	return []string{p.theme.Strong.Render(component.Fit(p.about(), p.width)), p.bar()}
}

// about tells the conversation in a line.
func (p *Page) about() string {
	title := " conversation " + strconv.Itoa(p.id)
	s := p.subject
	if s == nil {
		return title
	}
	parts := []string{" " + strconv.Itoa(p.id) + "  " + component.Endpoint(s.Client) + " → " + component.Endpoint(s.Server), component.Stack(s.Transport, s.Stack)}
	parts = append(parts, component.Count(s.Packets)+" packets in "+component.Span(time.Duration(max(0, s.Last-s.First))))
	if u := s.Verdict.Setup; u != nil && u.HasRTT {
		parts = append(parts, "RTT "+component.Span(u.RTT))
	}
	return strings.Join(parts, " · ")
}

// bar draws the titles of the tabs, that of the open one reversed. Where the
// page is narrow, only the open one has its name.
func (p *Page) bar() string {
	var b strings.Builder
	whole := 0
	for i := range p.tabs {
		whole += len(p.tabs[i].title) + 4
	}
	for i := range p.tabs {
		text := " " + strconv.Itoa(i+1) + " " + p.tabs[i].title + " "
		switch {
		case i == p.at:
			b.WriteString(p.theme.Tab.Render(text))
		case whole > p.width:
			b.WriteString(p.theme.Dim.Render(" " + strconv.Itoa(i+1) + " "))
		default:
			b.WriteString(p.theme.Dim.Render(text))
		}
	}
	text := b.String()
	if p.subject != nil && p.subject.Loading != "" {
		room := p.width - ansi.StringWidth(text) - 3
		if room > 10 {
			text += "  " + p.theme.Mark.Render(ansi.Truncate(p.subject.Loading, room, "…"))
		}
	}
	return component.Fit(text, p.width)
}

// click opens the tab whose title was clicked.
func (p *Page) click(m tea.MouseMsg) tea.Cmd {
	if m.Y != 1 || m.Button != tea.MouseButtonLeft || m.Action != tea.MouseActionPress {
		return nil
	}
	at := 0
	for i := range p.tabs {
		at += len(p.tabs[i].title) + 4
		if m.X < at {
			return p.open(i)
		}
	}
	return nil
}

// View draws the page.
func (p *Page) View() string {
	return component.Screen(p.head(), p.width, min(headHeight, p.height)) + "\n" + p.top().View()
}
