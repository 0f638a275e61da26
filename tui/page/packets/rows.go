package packets

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/lipgloss"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/theme"
)

// times says how the time column reads.
type times int

const (
	sinceStart times = iota
	ofDay
	sinceBefore
	timesCount
)

func (t times) String() string {
	return [...]string{"seconds since the first packet", "time of day (UTC)", "seconds since the row before"}[t]
}

// row is what the list shows of a packet once it was decoded.
type row struct {
	source, destination string
	protocol            layer.Protocol
	length              int
	info                string
	kind                theme.Packet
	problem             bool
}

// head is what the index alone knows of a packet.
type head struct {
	number        int
	nanos, before int64
	protocol      layer.Protocol
	conversation  int
}

// window holds the rows on the screen and around it.
type window struct {
	first   int64 // time stamp of the capture's first packet
	heads   []head
	offset  int // row of heads[0]
	rows    map[int]row
	names   map[uint16]layer.Protocol
	loading bool
}

// keepRows bounds the decoded rows that are remembered.
const keepRows = 5000

// loadFor is how long rows are decoded before those that are ready are shown.
const loadFor = 40 * time.Millisecond

type rowsMsg struct {
	page *Page
	rows map[int]row
}

// refresh reads the rows on the screen from the index, and asks for what is
// missing.
func (p *Page) refresh() tea.Cmd {
	p.heads()
	p.tree.Focused, p.hex.Focused, p.list.Focused = p.focus == treePane, p.focus == hexPane, p.focus == listPane
	return tea.Batch(p.load(), p.loadDetail())
}

func (p *Page) heads() {
	w := &p.window
	w.offset, w.heads = p.list.Offset, w.heads[:0]
	var tops []uint16
	p.src.View(func(v wiresight.View) {
		for r := p.list.Offset; r < p.list.End(); r++ {
			n := p.number(r)
			if n < 1 || n > len(v.Packets) {
				break
			}
			i := v.Packets[n-1]
			h := head{number: n, nanos: i.Nanos, before: i.Nanos, conversation: int(i.Conversation)}
			if b := p.number(r - 1); b > 0 {
				h.before = v.Packets[b-1].Nanos
			}
			w.heads, tops = append(w.heads, h), append(tops, i.Top)
		}
	})
	for i, t := range tops {
		w.heads[i].protocol = p.name(t)
	}
}

// name returns the name of an entry's protocol. The session is asked once for
// each, for while it reads each question waits.
func (p *Page) name(top uint16) layer.Protocol {
	name, known := p.window.names[top]
	if !known {
		name = p.src.ProtocolName(top)
		p.window.names[top] = name
	}
	return name
}

// load returns the command that decodes the rows that are missing, one
// command at a time.
func (p *Page) load() tea.Cmd {
	if p.window.loading {
		return nil
	}
	var missing []int
	for _, h := range p.window.heads {
		if _, ok := p.window.rows[h.number]; !ok {
			missing = append(missing, h.number)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	p.window.loading = true
	src := p.src
	return func() tea.Msg {
		begun, rows := time.Now(), map[int]row{}
		for _, n := range missing {
			rows[n] = decode(src.Packets(n, 1))
			if time.Since(begun) > loadFor {
				break
			}
		}
		return rowsMsg{p, rows}
	}
}

func decode(packets []wiresight.Packet, err error) row {
	if err != nil {
		return row{info: layer.Printable(err.Error()), problem: true}
	}
	if len(packets) == 0 {
		return row{info: "this packet is no longer there", problem: true}
	}
	k := &packets[0]
	return row{
		source: layer.Printable(k.Source), destination: layer.Printable(k.Destination), protocol: k.Protocol,
		length: k.Length, info: layer.Printable(k.Summary), kind: kindOf(k), problem: len(k.Problems) > 0,
	}
}

func (w *window) take(m rowsMsg) {
	w.loading = false
	if len(w.rows) > keepRows {
		w.rows = map[int]row{}
	}
	for n, r := range m.rows {
		w.rows[n] = r
	}
}

func (p *Page) columns() []component.Column {
	digits := max(3, len(strconv.Itoa(p.total))+1)
	return []component.Column{
		{Title: "#", Width: digits, Right: true}, {Title: "Time", Width: p.timeWidth(), Right: true},
		{Title: "Source", Width: 12, Flex: 3}, {Title: "Destination", Width: 12, Flex: 3, Need: 50},
		{Title: "Protocol", Width: 8, Flex: 1}, {Title: "Length", Width: 6, Right: true, Need: 90}, {Title: "Info", Width: 10, Flex: 16, Need: 60},
	}
}

func (p *Page) timeWidth() int {
	if p.times == ofDay {
		return 15
	}
	return 11
}

// cells draws a row: what the index knows at once, the rest when it came.
func (p *Page) cells(at int) []component.Cell {
	i := at - p.window.offset
	if i < 0 || i >= len(p.window.heads) {
		return nil
	}
	h := p.window.heads[i]
	r, known := p.window.rows[h.number]
	style := p.theme.Plain
	number := strconv.Itoa(h.number)
	if known {
		style = p.theme.Packet(r.kind)
	} else {
		r.protocol, r.info = h.protocol, "…"
	}
	if r.problem {
		style = p.theme.Error
	}
	for _, n := range p.noted[h.number] {
		sign := "✎"
		if n.Color != "" {
			style, sign = p.theme.Color(n.Color), "●"
		}
		number = sign + strings.TrimLeft(number, "✎●")
	}
	if p.isMarked(h.number) {
		style, number = p.theme.Mark, "▶"+number
	}
	length := ""
	if known {
		length = strconv.Itoa(r.length)
	}
	texts := []string{number, p.time(h), r.source, r.destination, string(r.protocol), length, r.info}
	return styled(texts, style)
}

func styled(texts []string, s lipgloss.Style) []component.Cell {
	cells := make([]component.Cell, len(texts))
	for i, t := range texts {
		cells[i] = component.Cell{Text: t, Style: s}
	}
	return cells
}

func (p *Page) time(h head) string {
	zero := p.window.first
	if i := sort.SearchInts(p.zeros, h.number+1) - 1; i >= 0 && p.times == sinceStart {
		if p.zeros[i] == h.number {
			return "*REF*"
		}
		zero = p.zeroAt(p.zeros[i])
	}
	switch p.times {
	case ofDay:
		return time.Unix(0, h.nanos).UTC().Format("15:04:05.000000")
	case sinceBefore:
		return fmt.Sprintf("%.6f", float64(h.nanos-h.before)/1e9)
	}
	return fmt.Sprintf("%.6f", float64(h.nanos-zero)/1e9)
}

// zeroAt returns the time of a packet.
func (p *Page) zeroAt(number int) (nanos int64) {
	p.src.View(func(v wiresight.View) {
		if number >= 1 && number <= len(v.Packets) {
			nanos = v.Packets[number-1].Nanos
		}
	})
	return nanos
}

// kindOf sorts a packet as Wireshark's colouring rules do.
func kindOf(k *wiresight.Packet) theme.Packet {
	kind := theme.OtherPacket
	for i := range k.Layers {
		switch l := &k.Layers[i]; l.Protocol {
		case layer.ARP:
			kind = theme.ARPPacket
		case layer.ICMP, layer.ICMPv6:
			return theme.ICMPPacket
		case layer.UDP:
			kind = theme.UDPPacket
		case layer.TCP:
			if kind = tcpKind(l); kind != theme.TCPPacket {
				return kind
			}
		case "http1", "http2", "http3", "websocket", "grpc":
			kind = theme.HTTPPacket
		}
	}
	return kind
}

// quietAnalysis are the analysis fields that tell of no trouble.
var quietAnalysis = []string{"tcp.analysis.bytes_in_flight", "tcp.analysis.window_update", "tcp.analysis.keep_alive", "tcp.analysis.keep_alive_ack"}

func tcpKind(l *layer.Layer) theme.Packet {
	kind := theme.TCPPacket
	for i := range l.Fields {
		f := &l.Fields[i]
		switch {
		case strings.HasPrefix(f.Name, "tcp.analysis.") && !slices.Contains(quietAnalysis, f.Name):
			return theme.BadPacket
		case f.Name == "tcp.flags":
			kind = flagKind(f.Children)
		}
	}
	return kind
}

// flagKind tells the segments that begin or end a connection.
func flagKind(flags []layer.Field) theme.Packet {
	kind := theme.TCPPacket
	for i := range flags {
		switch f := &flags[i]; {
		case f.Value != "Set":
		case f.Name == "tcp.flags.reset":
			return theme.ResetPacket
		case f.Name == "tcp.flags.syn", f.Name == "tcp.flags.fin":
			kind = theme.EdgePacket
		}
	}
	return kind
}
