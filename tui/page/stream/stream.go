// Package stream is the page of the bytes that a conversation's two ends got,
// in the order they got them.
//
//	── conversation 3 · 1.2 KiB · text ────────────────────────────────────────
//	> GET /a HTTP/1.1\r
//	> Host: www.example.com\r
//	> \r
//	< HTTP/1.1 200 OK\r
//	<
//
// What the client sent begins with ">", what the server sent with "<", and
// each has its colour. Nothing reaches the terminal as it was captured:
// control characters are shown as escapes.
package stream

import (
	"fmt"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
	"github.com/wiresight/wiresight/tui/theme"
)

// limit is how many bytes of a conversation are shown.
const limit = 1 << 20

// Page is the stream page.
type Page struct {
	src    page.Source
	theme  *theme.Theme
	id     int
	chunks []wiresight.StreamChunk
	bytes  int
	loaded bool
	err    error
	hex    bool

	lines         []line
	list          component.List
	width, height int
}

// loaded carries the bytes.
type loadedMsg struct {
	page   *Page
	chunks []wiresight.StreamChunk
	err    error
}

// New returns the page of a conversation.
func New(src page.Source, t *theme.Theme, id int) *Page { return &Page{src: src, theme: t, id: id} }

// Init asks for the bytes.
func (p *Page) Init() tea.Cmd {
	return func() tea.Msg {
		chunks, err := p.src.Stream(p.id, limit)
		return loadedMsg{p, chunks, err}
	}
}

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Stream }

// Typing reports false: nothing is typed here.
func (p *Page) Typing() bool { return false }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.list.Height = max(0, height-1)
	p.build()
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case loadedMsg:
		if m.page == p {
			p.take(m)
		}
	case tea.KeyMsg:
		return p.key(m)
	case tea.MouseMsg:
		return p.mouse(m)
	}
	return nil
}

func (p *Page) take(m loadedMsg) {
	p.chunks, p.err, p.loaded, p.bytes = m.chunks, m.err, true, 0
	for _, c := range m.chunks {
		p.bytes += len(c.Data)
	}
	p.hex = binary(m.chunks)
	p.build()
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case key.Matches(k, keymap.Hex):
		p.toggle()
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Back):
		return page.Send(page.Back{})
	default:
		p.list.Do(keymap.Motion(k))
	}
	return nil
}

// toggle changes between text and codes and stays at the same packet.
func (p *Page) toggle() {
	packet := 0
	if p.list.Cursor < len(p.lines) {
		packet = p.lines[p.list.Cursor].packet
	}
	p.hex = !p.hex
	p.build()
	for i, l := range p.lines {
		if l.packet == packet {
			p.list.Select(i)
			return
		}
	}
}

// open goes to the packet that carried the selected line.
func (p *Page) open() tea.Cmd {
	if p.list.Cursor >= len(p.lines) {
		return nil
	}
	n := p.lines[p.list.Cursor].packet
	return page.Send(page.OpenPackets{Conversation: p.id, Marked: []int{n}, Why: "carried the selected line of the stream"})
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	switch m.Button {
	case tea.MouseButtonWheelUp:
		p.list.Scroll(-3)
	case tea.MouseButtonWheelDown:
		p.list.Scroll(3)
	case tea.MouseButtonLeft:
		row := p.list.Offset + m.Y - 1
		if m.Action != tea.MouseActionPress || m.Y < 1 || row >= p.list.End() {
			return nil
		}
		if row == p.list.Cursor {
			return p.open()
		}
		p.list.Select(row)
	}
	return nil
}

// View draws the page.
func (p *Page) View() string {
	lines := []string{component.Rule(p.theme, p.width, fmt.Sprintf("conversation %d", p.id), p.note(), true)}
	for i := p.list.Offset; i < p.list.End(); i++ {
		lines = append(lines, p.line(i))
	}
	return component.Screen(lines, p.width, p.height)
}

func (p *Page) line(i int) string {
	l := p.lines[i]
	text := component.Fit(l.text, p.width)
	if i == p.list.Cursor {
		return p.theme.Cursor.Render(text)
	}
	if l.gap {
		return p.theme.Error.Render(text)
	}
	return p.theme.Sender(l.dir).Render(text)
}

func (p *Page) note() string {
	switch {
	case p.err != nil:
		return layer.Printable(p.err.Error())
	case !p.loaded:
		return "reading …"
	case p.bytes == 0:
		return "no payload"
	}
	form := "text"
	if p.hex {
		form = "hex"
	}
	if p.bytes >= limit {
		return fmt.Sprintf("the first %s · %s", component.Bytes(limit), form)
	}
	return fmt.Sprintf("%s · %s", component.Bytes(int64(p.bytes)), form)
}
