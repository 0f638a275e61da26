package packets

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
)

// detail is the packet whose layers and bytes are shown.
type detail struct {
	number  int
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
		p.detail.number = 0
		p.tree.Set(nil, nil)
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
		p.tree.Set(nil, []string{text})
		p.hex.Set(nil)
		return
	}
	var notes []string
	for _, q := range m.packet.Problems {
		notes = append(notes, string(q.Layer)+": "+layer.Printable(q.Text))
	}
	for _, c := range m.packet.Comments {
		notes = append(notes, "comment: "+layer.Printable(c))
	}
	p.tree.Set(m.packet.Layers, notes)
	p.hex.Set(m.packet.Data)
	p.light()
}

// light lights the bytes of the selected field.
func (p *Page) light() { p.hex.Light(p.tree.Range()) }
