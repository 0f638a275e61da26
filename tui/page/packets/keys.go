package packets

import (
	"slices"
	"strconv"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/keymap"
	"github.com/wiresight/wiresight/tui/page"
)

func (p *Page) key(k tea.KeyMsg) tea.Cmd {
	if p.filter.Typing() {
		return p.typed(k)
	}
	digits := p.digits
	p.digits = ""
	switch {
	case key.Matches(k, keymap.GoTo):
		p.digits = digits + k.String()
		if len(p.digits) > 10 {
			p.digits = ""
		}
	case digits != "" && key.Matches(k, keymap.Last, keymap.Open):
		n, _ := strconv.Atoi(digits)
		p.follow = false
		p.seek(n)
	case key.Matches(k, keymap.NextPane):
		p.turn(1)
	case key.Matches(k, keymap.PrevPane):
		p.turn(-1)
	case key.Matches(k, keymap.Filter):
		p.filter.Begin()
		p.layout()
	case key.Matches(k, keymap.Next):
		p.jump(1)
	case key.Matches(k, keymap.Previous):
		p.jump(-1)
	case key.Matches(k, keymap.NextOfSame):
		p.along(1)
	case key.Matches(k, keymap.PrevOfSame):
		p.along(-1)
	case key.Matches(k, keymap.Reference):
		p.reference()
	case key.Matches(k, keymap.Runs):
		p.turnRun()
	case key.Matches(k, keymap.Lesson) && p.focus != treePane:
		return page.Send(page.OpenLesson{ID: string(p.protocol())})
	case key.Matches(k, keymap.LessonHere):
		return page.Send(page.OpenLesson{ID: string(p.protocol())})
	case key.Matches(k, keymap.Story):
		if id := p.conversation(); id > 0 {
			return page.Send(page.OpenConversation{ID: id})
		}
	case key.Matches(k, keymap.Times):
		p.times = (p.times + 1) % timesCount
		p.layout()
	case key.Matches(k, keymap.Scope):
		return p.scope()
	case key.Matches(k, keymap.Newest):
		p.follow = !p.follow
		p.count()
	case key.Matches(k, keymap.Follow):
		if id := p.conversation(); id > 0 {
			return page.Send(page.OpenConversation{ID: id, Tab: "stream"})
		}
	case key.Matches(k, keymap.Back):
		return p.back()
	default:
		p.inPane(k)
	}
	return nil
}

// inPane gives a key to the pane that has the keys.
func (p *Page) inPane(k tea.KeyMsg) {
	m := keymap.Motion(k)
	switch p.focus {
	case listPane:
		if m != component.NoMotion {
			p.follow = false
			p.list.Do(m)
		} else if key.Matches(k, keymap.Open) {
			p.focus = treePane
			p.layout()
		}
	case treePane:
		switch {
		case m != component.NoMotion:
			p.tree.Do(m)
		case key.Matches(k, keymap.Open) && p.tree.IsOpen(), key.Matches(k, keymap.Collapse):
			p.tree.Expand(false)
		case key.Matches(k, keymap.Expand):
			p.tree.Expand(true)
		}
		p.light()
	case hexPane:
		switch {
		case key.Matches(k, keymap.PanLeft):
			p.hex.Step(-1)
		case key.Matches(k, keymap.PanRight):
			p.hex.Step(1)
		default:
			p.hex.Do(m)
		}
		p.find()
	}
}

// protocol returns the one to learn about: that of the selected layer, else
// the packet's innermost.
func (p *Page) protocol() layer.Protocol {
	if p.focus == treePane {
		return p.tree.Protocol()
	}
	if k := p.detail.packet; k != nil {
		return k.Protocol
	}
	return ""
}

// along goes to the next packet of the selected one's conversation.
func (p *Page) along(n int) {
	id := p.conversation()
	if id == 0 {
		return
	}
	p.follow = false
	at := p.list.Cursor
	p.src.View(func(v wiresight.View) {
		for i := at + n; i >= 0 && i < p.shown(); i += n {
			if k := p.number(i); k >= 1 && k <= len(v.Packets) && v.Packets[k-1].Conversation == uint32(id) {
				at = i
				return
			}
		}
	})
	p.list.Select(at)
}

// reference counts the time anew from the selected packet on, or no longer.
func (p *Page) reference() {
	n := p.selected()
	if n == 0 {
		return
	}
	i, found := slices.BinarySearch(p.zeros, n)
	if found {
		p.zeros = slices.Delete(p.zeros, i, i+1)
		return
	}
	p.zeros = slices.Insert(p.zeros, i, n)
}

// typed gives a key to the filter line.
func (p *Page) typed(k tea.KeyMsg) tea.Cmd {
	defer p.layout()
	outcome := p.filter.Key(k)
	f, err := p.compiled()
	p.filter.Error = ""
	if err != nil {
		p.filter.Error = layer.Printable(err.Error())
	}
	switch {
	case outcome == component.Accepted && err != nil:
		p.filter.Begin()
	case outcome == component.Accepted:
		return p.start(f)
	}
	return nil
}

// compiled returns the filter in the line, nil where it is empty.
func (p *Page) compiled() (page.Filter, error) {
	if p.filter.Text() == "" {
		return nil, nil
	}
	return p.compile(p.filter.Text())
}

// back leaves what was entered last: a pane, the filter, the page.
func (p *Page) back() tea.Cmd {
	switch {
	case p.focus != listPane:
		p.focus = listPane
		p.layout()
		return nil
	case p.scan.active():
		p.filter.Set("")
		p.filter.Error = ""
		defer p.layout()
		return p.start(nil)
	}
	return page.Send(page.Back{})
}

func (p *Page) turn(n int) {
	p.focus = (p.focus + pane(n) + panes) % panes
	p.layout()
}

// jump goes to the next packet that is marked, or without marks to the next
// row.
func (p *Page) jump(n int) {
	p.follow = false
	if len(p.marked) == 0 {
		p.list.Move(n)
		return
	}
	i, found := slices.BinarySearch(p.marked, p.selected())
	switch {
	case n < 0:
		i--
	case found:
		i++
	}
	if i >= 0 && i < len(p.marked) {
		p.seek(p.marked[i])
	}
}

// conversation returns the id of the selected packet's conversation.
func (p *Page) conversation() int {
	i := p.list.Cursor - p.window.offset
	if i < 0 || i >= len(p.window.heads) {
		return p.base.conversation
	}
	return p.window.heads[i].conversation
}

// scope narrows the list to the selected packet's conversation, or widens it.
func (p *Page) scope() tea.Cmd {
	at, id := p.selected(), p.conversation()
	if p.base.conversation != 0 {
		id = 0
	} else if id == 0 {
		return nil
	}
	p.base = numbers{conversation: id}
	p.grow()
	p.seek(at)
	if p.scan.active() {
		return p.start(p.scan.filter)
	}
	return nil
}

func (p *Page) mouse(m tea.MouseMsg) tea.Cmd {
	for i, a := range p.areas {
		if !a.holds(m.X, m.Y) {
			continue
		}
		list := [...]*component.List{&p.list.List, &p.tree.List, &p.hex.List}[i]
		switch m.Button {
		case tea.MouseButtonWheelUp:
			list.Scroll(-3)
		case tea.MouseButtonWheelDown:
			list.Scroll(3)
		case tea.MouseButtonLeft:
			if m.Action == tea.MouseActionPress {
				p.click(pane(i), list, m.X-a.x, m.Y-a.y)
			}
		}
		p.follow = p.follow && i != int(listPane)
	}
	return nil
}

// click selects a row; a click on the selected one opens it.
func (p *Page) click(in pane, list *component.List, x, y int) {
	if in == listPane {
		y-- // titles
	}
	row := list.Offset + y
	if y < 0 || row >= list.End() {
		return
	}
	again := list.Cursor == row && p.focus == in
	p.focus = in
	list.Select(row)
	switch {
	case in == treePane && again:
		p.tree.Expand(!p.tree.IsOpen())
	case in == listPane && again:
		p.focus = treePane
	}
	if in == treePane {
		p.light()
	}
	if at := p.hex.ByteAt(x, y); in == hexPane && at >= 0 {
		p.hex.Jump(at)
		p.find()
	}
	p.layout()
}
