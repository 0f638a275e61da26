package tui

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/display"
	"github.com/wiresight/wiresight/learn"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/page/compare"
	"github.com/wiresight/wiresight/tui/page/conversation"
	"github.com/wiresight/wiresight/tui/page/conversations"
	reader "github.com/wiresight/wiresight/tui/page/learn"
	"github.com/wiresight/wiresight/tui/page/notebook"
	"github.com/wiresight/wiresight/tui/page/overview"
	"github.com/wiresight/wiresight/tui/page/packets"
	"github.com/wiresight/wiresight/tui/page/pairs"
	"github.com/wiresight/wiresight/tui/page/present"
)

// request does what a page asked for.
func (a *app) request(m tea.Msg) (cmd tea.Cmd, mine bool) {
	switch m := m.(type) {
	case page.Back:
		return a.back(), true
	case page.OpenConversation:
		return a.push(conversation.New(a.ctx, a.src, a.theme, a.judge, a.book, m)), true
	case page.OpenCapture:
		return a.push(overview.New(a.ctx, a.src, a.theme, a.judge, a.whole)), true
	case page.OpenPairs:
		return a.push(pairs.New(a.ctx, a.src, a.theme, a.judge)), true
	case page.OpenNotes:
		return a.push(notebook.New(a.src, a.theme, a.book)), true
	case page.FilterConversations:
		return a.narrow(m.Expression), true
	case page.OpenPackets:
		return a.push(packets.New(a.src, a.theme, a.compile, a.book, m)), true
	case page.OpenLesson:
		if l, ok := learn.Find(m.ID); ok {
			return a.push(reader.New(a.theme, l.Title, l.Markdown())), true
		}
		return nil, true
	case page.Compare:
		return a.compare(m.ID), true
	case page.Present:
		if l, ok := wiresight.FindLesson(m.Lesson); ok {
			return a.push(present.New(a.ctx, a.theme, l, present.Examples)), true
		}
		return nil, true
	case page.OpenExample:
		return a.example(m.Name), true
	case page.Opened:
		a.title, a.own = m.Title, m.Session
		m.Session.Start()
		a.look(m.Session, m.Notes)
		return tea.Batch(a.top().Init(), a.tick(firstTick)), true
	}
	return nil, false
}

// narrow goes back to the conversations page and filters it.
func (a *app) narrow(expression string) tea.Cmd {
	for len(a.pages) > 1 {
		if c, ok := a.top().(*conversations.Page); ok {
			return c.Narrow(expression)
		}
		a.back()
	}
	if c, ok := a.top().(*conversations.Page); ok {
		return c.Narrow(expression)
	}
	return nil
}

// compare remembers the first of two conversations, and shows it beside the
// second.
func (a *app) compare(id int) tea.Cmd {
	if a.compared == 0 || a.compared == id {
		a.compared = id
		a.told = fmt.Sprintf("conversation %d will be compared with that on which you press c next", id)
		return nil
	}
	first := a.compared
	a.compared = 0
	return a.push(compare.New(a.ctx, a.theme, compare.Side{Name: a.title, Source: a.src, ID: first}, compare.Side{Name: a.title, Source: a.src, ID: id}))
}

// judges returns what runs the classifiers over one session's model.
func judges() page.Judge {
	var classifier *classify.Classifier
	return func(m *flow.Model, c *flow.Conversation) classify.Conversation {
		if classifier == nil {
			classifier = classify.New(m)
		}
		return classifier.Conversation(c)
	}
}

// whole runs the classifiers that need several conversations.
func whole(m *flow.Model) classify.Conversation {
	patterns, findings := classify.New(m).Capture()
	return classify.Conversation{Patterns: patterns, Findings: findings}
}

func compile(expression string) (page.Filter, error) { return display.Compile(expression) }
