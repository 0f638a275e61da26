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
	"strings"

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
	building      bool // in the background
	stale         bool // the lines are of another width or form
	list          component.List
	search        *component.FilterLine
	found         int // lines that hold what is searched for
	width, height int
}

// loaded carries the bytes.
type loadedMsg struct {
	page   *Page
	chunks []wiresight.StreamChunk
	err    error
}

// New returns the page of a conversation.
func New(src page.Source, t *theme.Theme, id int) *Page {
	return &Page{src: src, theme: t, id: id, search: component.NewFilterLine(t, "text to search for, as it is shown")}
}

// Init asks for the bytes.
func (p *Page) Init() tea.Cmd {
	return func() tea.Msg {
		chunks, err := p.src.Stream(p.id, limit)
		return loadedMsg{p, chunks, err}
	}
}

// Keys returns the page's keys.
func (p *Page) Keys() keymap.Group { return keymap.Stream }

// Typing reports whether a search is being typed.
func (p *Page) Typing() bool { return p.search.Typing() }

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.search.SetWidth(width)
	p.layout()
	p.stale = true
	if p.bytes < soon {
		p.build()
	}
}

func (p *Page) layout() {
	p.list.Height = max(0, p.height-1-p.search.Height())
	p.list.Show()
}

// Update takes a message in.
func (p *Page) Update(m tea.Msg) tea.Cmd {
	cmd := p.update(m)
	return tea.Batch(cmd, p.rebuild())
}

func (p *Page) update(m tea.Msg) tea.Cmd {
	switch m := m.(type) {
	case loadedMsg:
		if m.page == p {
			p.take(m)
		}
	case builtMsg:
		if m.page == p {
			p.built(m)
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
	p.stale = true
}

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	if p.search.Typing() {
		p.typed(k)
		return nil
	}
	switch {
	case key.Matches(k, keymap.Hex):
		p.toggle()
	case key.Matches(k, keymap.Open):
		return p.open()
	case key.Matches(k, keymap.Search):
		p.search.Begin()
		p.layout()
	case key.Matches(k, keymap.NextMatch):
		p.seek(1)
	case key.Matches(k, keymap.PrevMatch):
		p.seek(-1)
	default:
		p.list.Do(keymap.Motion(k))
	}
	return nil
}

// typed gives a key to the search.
func (p *Page) typed(k tea.KeyMsg) {
	if p.search.Key(k) == component.Accepted {
		p.list.Move(-1) // a match on the selected line counts
		p.seek(1)
	}
	p.count()
	p.layout()
}

// count counts the lines that match.
func (p *Page) count() {
	p.found = 0
	for i := range p.lines {
		if p.matches(i) {
			p.found++
		}
	}
}

func (p *Page) matches(i int) bool {
	text := p.search.Text()
	return text != "" && strings.Contains(strings.ToLower(p.lines[i].text), strings.ToLower(text))
}

// seek goes to the next line in a direction that matches, round the ends.
func (p *Page) seek(direction int) {
	n := len(p.lines)
	for i := 1; i <= n; i++ {
		at := ((p.list.Cursor+direction*i)%n + n) % n
		if p.matches(at) {
			p.list.Select(at)
			return
		}
	}
}

// Back ends the search; it reports whether there was one.
func (p *Page) Back() bool {
	if p.search.Text() == "" {
		return false
	}
	p.search.Set("")
	p.layout()
	return true
}

// toggle changes between text and codes and stays at the same packet.
func (p *Page) toggle() {
	p.hex = !p.hex
	p.stale = true
}

// soon is how many bytes are made into lines at once; more in the background.
const soon = 64 << 10

// builtMsg carries the lines of a form and a width.
type builtMsg struct {
	page  *Page
	hex   bool
	width int
	lines []line
}

// rebuild makes the lines anew where they are not of the page's form and
// width.
func (p *Page) rebuild() tea.Cmd {
	if !p.stale || p.building || p.width == 0 {
		return nil
	}
	if p.bytes < soon {
		p.build()
		return nil
	}
	p.building, p.stale = true, false
	b := builder{chunks: p.chunks, width: p.width, hex: p.hex}
	return func() tea.Msg { return builtMsg{p, b.hex, b.width, b.build()} }
}

// build makes the lines now.
func (p *Page) build() {
	b := builder{chunks: p.chunks, width: p.width, hex: p.hex}
	p.built(builtMsg{p, b.hex, b.width, b.build()})
}

// built shows new lines, and stays at the same packet.
func (p *Page) built(m builtMsg) {
	packet := 0
	if p.list.Cursor < len(p.lines) {
		packet = p.lines[p.list.Cursor].packet
	}
	p.building, p.lines = false, m.lines
	p.stale = m.hex != p.hex || m.width != p.width
	p.list.Count = len(p.lines)
	p.list.Show()
	p.count()
	if p.list.Cursor < len(p.lines) && p.lines[p.list.Cursor].packet == packet {
		return
	}
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
		top := 1 + p.search.Height()
		row := p.list.Offset + m.Y - top
		if m.Action != tea.MouseActionPress || m.Y < top || row >= p.list.End() {
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
	p.search.Note = ""
	if p.search.Text() != "" {
		p.search.Note = component.Plural(p.found, "line")
	}
	lines := append(p.search.View(), component.Rule(p.theme, p.width, "stream", p.note(), true))
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
	if p.matches(i) {
		return p.theme.Mark.Render(text)
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
