// Package pairs is the page of the conversations grouped by client and
// server.
//
//	client      server                stack        conversations packets  bytes  lost
//	▌10.9.0.1   www.example.com:443   tcp·tls·h2              12     812  1.2 MiB 212 ms ▐
//
// Enter goes back to the conversations, filtered by the pair.
package pairs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// Page is the page of pairs.
type Page struct {
	src     page.Source
	theme   *theme.Theme
	gather  *gatherer
	cancel  context.CancelFunc
	running bool
	pairs   []pair
	by      column
	down    bool
	table   component.Table

	width, height int
}

// column is a column of the table.
type column int

const (
	byClient column = iota
	byServer
	byStack
	byConversations
	byPackets
	byBytes
	byLost
	columnCount
)

// New returns the page.
func New(ctx context.Context, src page.Source, t *theme.Theme, judge page.Judge) *Page {
	ctx, cancel := context.WithCancel(ctx)
	p := &Page{src: src, theme: t, cancel: cancel, running: true, by: byBytes, down: true}
	p.gather = &gatherer{ctx: ctx, src: src, judge: judge}
	p.table = component.Table{Theme: t, Focused: true, Row: p.cells, Empty: "  looking …", Columns: []component.Column{
		{Title: "client", Width: 12, Flex: 3}, {Title: "server", Width: 14, Flex: 5}, {Title: "stack", Width: 10, Flex: 2, Need: 70},
		{Title: "conversations", Width: 13, Right: true}, {Title: "packets", Width: 8, Right: true, Need: 90}, {Title: "bytes", Width: 9, Right: true}, {Title: "lost", Width: 9, Right: true, Need: 60},
	}}
	return p
}

type gatheredMsg struct {
	page  *Page
	pairs []pair
}

// Init begins to gather.
func (p *Page) Init() tea.Cmd {
	return func() tea.Msg { return gatheredMsg{p, p.gather.run()} }
}

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.PairsPage }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// Close ends the gathering.
func (p *Page) Close() { p.cancel() }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.table.SetSize(width, max(0, height-1))
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case gatheredMsg:
		if m.page == p {
			p.running, p.pairs = false, m.pairs
			p.table.Count, p.table.Empty = len(p.pairs), "  nothing yet"
			p.sort()
		}
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Sort, keymap.ColumnNext):
		p.sortBy((p.by + 1) % columnCount)
	case key.Matches(k, keymap.ColumnPrev):
		p.sortBy((p.by + columnCount - 1) % columnCount)
	case key.Matches(k, keymap.Reverse):
		p.sortBy(p.by)
	case key.Matches(k, keymap.Back):
		if p.running { // first stop what takes long
			p.cancel()
			return nil
		}
		return page.Send(page.Back{})
	default:
		p.table.Do(keymap.Motion(k))
	}
	return nil
}

func (p *Page) sortBy(c column) {
	if c == p.by {
		p.down = !p.down
	} else {
		p.by, p.down = c, c >= byConversations
	}
	p.sort()
	p.table.Select(0)
}

func (p *Page) sort() {
	slices.SortStableFunc(p.pairs, func(a, b pair) int {
		c := p.compare(&a, &b)
		if p.down {
			c = -c
		}
		return c
	})
	p.table.Sorted, p.table.Down = int(p.by), p.down
}

func (p *Page) compare(a, b *pair) int {
	switch p.by {
	case byClient:
		return a.client.Compare(b.client)
	case byServer:
		return cmp.Or(strings.Compare(a.name, b.name), a.server.Compare(b.server), cmp.Compare(a.port, b.port))
	case byStack:
		return strings.Compare(a.stack, b.stack)
	case byConversations:
		return cmp.Compare(a.conversations, b.conversations)
	case byPackets:
		return cmp.Compare(a.packets, b.packets)
	case byLost:
		return cmp.Compare(a.lost, b.lost)
	}
	return cmp.Compare(a.bytes.Sum(), b.bytes.Sum())
}

func (p *Page) open() tea.Cmd {
	if p.table.Cursor >= len(p.pairs) {
		return nil
	}
	return page.Send(page.FilterConversations{Expression: p.pairs[p.table.Cursor].filter()})
}

func (p *Page) cells(i int) []component.Cell {
	k, t := &p.pairs[i], p.theme
	lost := ""
	if k.lost > 0 {
		lost = component.Span(k.lost)
	}
	return []component.Cell{
		{Text: k.client.String(), Style: t.Client},
		{Text: component.Endpoint(flow.Endpoint{Addr: k.server, Port: k.port, Name: k.name}), Style: t.Server},
		{Text: k.stack, Style: t.Strong}, {Text: strconv.Itoa(k.conversations), Style: t.Plain},
		{Text: component.Count(k.packets), Style: t.Plain}, {Text: component.Bytes(k.bytes.Sum()), Style: t.Plain}, {Text: lost, Style: t.Mark},
	}
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.table.Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.table.Scroll(3)
	case tea.MouseButtonLeft:
		if m.Action != tea.MouseActionPress {
			return nil
		}
		switch row, c := p.table.At(m.X, m.Y-1); {
		case row >= 0 && row == p.table.Cursor:
			return p.open()
		case row >= 0:
			p.table.Select(row)
		case c >= 0:
			p.sortBy(column(c))
		}
	}
	return nil
}

// View draws the page.
func (p *Page) View() string {
	note := ""
	if p.running {
		note = fmt.Sprintf("looked at %s conversations, esc stops", component.Count(p.gather.done.Load()))
	}
	lines := []string{component.Rule(p.theme, p.width, "by client and server", note, true)}
	return component.Screen(append(lines, p.table.View()...), p.width, p.height)
}
