package packets

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
)

// area is where a pane is on the page; nowhere where it has no width.
type area struct{ x, y, width, height int }

func (a area) holds(x, y int) bool {
	return x >= a.x && x < a.x+a.width && y >= a.y && y < a.y+a.height
}

// The sizes from which on the page has three panes, and the bytes beside the
// layers.
const (
	threePanes = 13
	sideBySide = 110
	hexWidth   = 4 + 2 + 3*16 + 1 + 16
)

// SetSize sets the size in cells.
func (p *Page) SetSize(width, height int) {
	p.width, p.height = width, height
	p.layout()
}

// layout gives each pane its place.
func (p *Page) layout() {
	p.filter.SetWidth(p.width)
	top := p.filter.Height()
	rest := max(0, p.height-top)
	p.areas = [panes]area{}
	switch {
	case rest < threePanes:
		p.areas[p.focus] = area{0, top, p.width, rest}
	case p.width >= sideBySide:
		list := rest * 9 / 20
		below := rest - list - 1
		p.areas[listPane] = area{0, top, p.width, list}
		p.areas[treePane] = area{0, top + list + 1, p.width - hexWidth - 1, below}
		p.areas[hexPane] = area{p.width - hexWidth, top + list + 1, hexWidth, below}
	default:
		list := rest * 2 / 5
		tree := (rest - list - 2) * 3 / 5
		p.areas[listPane] = area{0, top, p.width, list}
		p.areas[treePane] = area{0, top + list + 1, p.width, tree}
		p.areas[hexPane] = area{0, top + list + tree + 2, p.width, rest - list - tree - 2}
	}
	p.list.Columns = p.columns()
	p.list.SetSize(p.areas[listPane].width, p.areas[listPane].height)
	p.tree.SetSize(p.areas[treePane].width, p.areas[treePane].height)
	p.hex.SetSize(p.areas[hexPane].width, p.areas[hexPane].height)
}

// View draws the page.
func (p *Page) View() string {
	p.filter.Note = p.progress()
	lines := p.filter.View()
	list, tree, hex := p.areas[listPane], p.areas[treePane], p.areas[hexPane]
	if list.width > 0 {
		lines = append(lines, pad(p.list.View(), list.width, list.height)...)
	}
	alone := list.width == 0 || tree.width == 0
	switch {
	case alone && tree.width > 0:
		lines = append(lines, p.tree.View()...)
	case alone && hex.width > 0:
		lines = append(lines, p.hex.View()...)
	case !alone && tree.y == hex.y:
		lines = append(lines, p.rules(tree.width, hex.width))
		left, right := pad(p.tree.View(), tree.width, tree.height), pad(p.hex.View(), hex.width, hex.height)
		for i := range left {
			lines = append(lines, left[i]+p.theme.Rule.Render("│")+right[i])
		}
	case !alone:
		lines = append(lines, component.Rule(p.theme, p.width, p.treeTitle(), cmp.Or(p.marks(), p.note()), p.focus == treePane))
		lines = append(lines, pad(p.tree.View(), tree.width, tree.height)...)
		lines = append(lines, p.bytesRule(p.width, p.bytesNote()))
		lines = append(lines, p.hex.View()...)
	}
	return component.Screen(lines, p.width, p.height)
}

// rules titles the panes that stand side by side. The one of the layers is
// narrow: what the marks mean stands over the bytes.
func (p *Page) rules(left, right int) string {
	return component.Rule(p.theme, left, p.treeTitle(), p.note(), p.focus == treePane) + p.theme.Rule.Render("┬") +
		p.bytesRule(right, cmp.Or(p.bytesNote(), p.marks()))
}

func (p *Page) treeTitle() string {
	if p.detail.number == 0 {
		return "packet"
	}
	return fmt.Sprintf("packet %d", p.detail.number)
}

// bytesRule titles the bytes: the runs that there are, the shown one first in
// sight.
func (p *Page) bytesRule(width int, note string) string {
	title := "bytes"
	if len(p.runs) > 1 {
		titles := make([]string, len(p.runs))
		for i, r := range p.runs {
			titles[i] = r.Title
			if i == p.run {
				titles[i] = fmt.Sprintf("[%s (%d bytes)]", r.Title, len(r.Data))
			}
		}
		for n := 0; n < p.run && ansi.StringWidth(strings.Join(titles[n:], " │ ")) > width-6; n++ {
			titles[n] = "…" // the shown one stays in sight
		}
		title = strings.Join(titles, " │ ")
		if p.run > 0 {
			note = cmp.Or(note, "from "+cite(p.runs[p.run].Packets))
		}
	}
	return component.Rule(p.theme, width, title, note, p.focus == hexPane)
}

// cite names packets, the first few of many.
func cite(packets []int) string {
	text := make([]string, 0, 4)
	for i, n := range packets {
		if i == 3 {
			text = append(text, fmt.Sprintf("… #%d", packets[len(packets)-1]))
			break
		}
		text = append(text, fmt.Sprintf("#%d", n))
	}
	return strings.Join(text, " ")
}

// bytesNote tells why no bytes are lit.
func (p *Page) bytesNote() string {
	if p.tree.Elsewhere() {
		return "the selected field is of a stream or decrypted"
	}
	return ""
}

// marks tells what the selected packet is marked for, where nothing more
// urgent is to be told.
func (p *Page) marks() string {
	if p.digits != "" || p.err != nil || !p.isMarked(p.selected()) {
		return ""
	}
	return layer.Printable(p.why)
}

// note tells what the list is narrowed to.
func (p *Page) note() string {
	switch {
	case p.digits != "":
		return "go to " + p.digits
	case p.err != nil:
		return layer.Printable(p.err.Error())
	case p.base.conversation != 0:
		return fmt.Sprintf("conversation %d only (c: all)", p.base.conversation)
	case p.times != sinceStart:
		return p.times.String()
	}
	return ""
}

// pad makes lines exactly so many and so wide.
func pad(lines []string, width, height int) []string {
	padded := make([]string, height)
	for i := range padded {
		if i < len(lines) {
			padded[i] = component.Fit(lines[i], width)
		} else {
			padded[i] = component.Fit("", width)
		}
	}
	return padded
}
