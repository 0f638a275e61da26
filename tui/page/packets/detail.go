package packets

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page"
)

// detail is the packet whose layers and bytes are shown.
type detail struct {
	number  int
	packet  *wiresight.Packet // nil where it could not be read
	loading bool
}

type detailMsg struct {
	page   *Page
	number int
	packet *wiresight.Packet
	err    error
}

// loadDetail returns the command that decodes the selected packet, one
// command at a time: while the cursor runs through the list, the packets that
// it only passes are left out.
func (p *Page) loadDetail() tea.Cmd {
	n := p.selected()
	if p.detail.loading || n == p.detail.number {
		return nil
	}
	if n == 0 {
		p.detail.number, p.detail.packet = 0, nil
		p.tree.Set(nil, nil, nil)
		p.runs, p.run = nil, 0
		p.hex.Set(nil)
		return nil
	}
	p.detail.loading = true
	src := p.src
	return func() tea.Msg {
		k, err := src.Packet(n)
		return detailMsg{p, n, k, err}
	}
}

func (p *Page) takeDetail(m detailMsg) {
	p.detail = detail{number: m.number}
	if m.err != nil || m.packet == nil {
		text := "no such packet"
		if m.err != nil {
			text = layer.Printable(m.err.Error())
		}
		p.tree.Set(nil, nil, []string{text})
		p.runs, p.run = nil, 0
		p.hex.Set(nil)
		return
	}
	p.detail.packet = m.packet
	runs, of := component.BytesOf(m.packet.Data, m.packet.Layers)
	p.runs, p.run = runs, 0
	p.tree.Set(m.packet.Layers, of, p.remarks(m.packet))
	p.hex.Set(m.packet.Data)
	p.light()
}

// remarks tells above the layers what is malformed, and what was written
// about the packet.
func (p *Page) remarks(k *wiresight.Packet) []string {
	var list []string
	for _, q := range k.Problems {
		list = append(list, string(q.Layer)+": "+layer.Printable(q.Text))
	}
	for _, c := range k.Comments {
		list = append(list, "comment: "+layer.Printable(c))
	}
	for _, n := range p.noted[k.Number] {
		if n.Text != "" {
			list = append(list, "note of "+layer.Printable(n.Author)+": "+layer.Printable(n.Text))
		}
	}
	return list
}

// light shows the bytes of the selected field, lit.
func (p *Page) light() {
	source, offset, length := p.tree.Range()
	p.showRun(source)
	p.hex.Light(offset, length)
}

// showRun shows one of the packet's runs of bytes.
func (p *Page) showRun(i int) {
	if i < 0 || i >= len(p.runs) || i == p.run {
		return
	}
	p.run = i
	p.hex.Set(p.runs[i].Data)
}

// turnRun shows the next run of bytes.
func (p *Page) turnRun() {
	if len(p.runs) > 1 {
		p.showRun((p.run + 1) % len(p.runs))
	}
}

// find selects the field of the selected byte, and lights it.
func (p *Page) find() {
	at := p.hex.At()
	if at < 0 || !p.tree.SelectAt(p.run, at) {
		return
	}
	_, offset, length := p.tree.Range()
	p.hex.Light(offset, length)
	p.hex.Jump(at)
}

// takeNotes takes in the notes where they changed.
func (p *Page) takeNotes() {
	v := p.book.Version()
	if v == p.notesOf {
		return
	}
	p.notesOf, p.noted = v, map[int][]notes.Note{}
	for _, n := range p.book.List() {
		if n.Target.Packet > 0 {
			p.noted[n.Target.Packet] = append(p.noted[n.Target.Packet], n)
		}
	}
	if k := p.detail.packet; k != nil {
		_, of := component.BytesOf(k.Data, k.Layers)
		p.tree.Set(k.Layers, of, p.remarks(k))
	}
}

// Note returns the selected packet.
func (p *Page) Note() (page.NoteTarget, bool) {
	n := p.selected()
	return page.NoteTarget{Packet: n, Conversation: p.conversation()}, n > 0
}
