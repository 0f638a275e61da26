package listing

import (
	"fmt"
	"strconv"

	"github.com/charmbracelet/lipgloss"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page/conversation/subject"
	"github.com/wiresight/wiresight/tui/theme"
)

// add appends a cell with what it is sorted by.
func (e *entry) add(text string, number int64, s lipgloss.Style) {
	e.cells = append(e.cells, component.Cell{Text: text, Style: s})
	e.keys = append(e.keys, sortKey{number, text})
}

// word appends a cell that is sorted by its text.
func (e *entry) word(text string, s lipgloss.Style) { e.add(text, 0, s) }

// NewExchanges returns the tab of exchanges.
func NewExchanges(t *theme.Theme) *Page {
	return newPage(t, kind{columns: []component.Column{
		{Title: "#", Width: 5, Right: true}, {Title: "time", Width: 11, Right: true, Need: 60}, {Title: "protocol", Width: 8, Need: 90},
		{Title: "stream", Width: 6, Right: true, Need: 110}, {Title: "request", Width: 16, Flex: 10}, {Title: "status", Width: 10, Flex: 2},
		{Title: "kind", Width: 16, Need: 120}, {Title: "up", Width: 9, Right: true, Need: 100}, {Title: "down", Width: 9, Right: true, Need: 90},
		{Title: "waited", Width: 9, Right: true, Need: 130}, {Title: "service", Width: 9, Right: true, Need: 70}, {Title: "total", Width: 9, Right: true},
	}, count: func(s *subject.Subject) int { return len(s.Exchanges) }, entry: exchange, empty: "no exchanges of question and answer were read in this conversation"})
}

func exchange(t *theme.Theme, s *subject.Subject, i int) entry {
	x, m := &s.Exchanges[i], s.Measured(i)
	e := entry{packets: subject.Numbers(x), why: x.Name, exchange: x.ID, lesson: string(x.Protocol)}
	at := subject.At(x).Nanos - s.Begin
	e.add(strconv.Itoa(x.ID), int64(x.ID), t.Dim)
	e.add(fmt.Sprintf("%.6f", flow.Seconds(at)), at, t.Plain)
	e.word(string(x.Protocol), t.Plain)
	stream := ""
	if x.Stream != 0 {
		stream = strconv.FormatUint(x.Stream, 10)
	}
	e.add(stream, int64(x.Stream), t.Plain)
	name := layer.Printable(x.Name)
	if name == "" {
		name = "(request not seen)"
	}
	e.word(name, t.Sender(x.Dir))
	status, style := layer.Printable(x.Status), t.Good
	switch {
	case !x.Response.Seen():
		status, style = "no answer", t.Error
	case len(status) == 3 && status[0] >= '4':
		style = t.Error
	}
	e.word(status, style)
	e.word(m.Kind, t.Dim)
	e.add(component.Bytes(x.Request.Bytes), x.Request.Bytes, t.Plain)
	e.add(component.Bytes(x.Response.Bytes), x.Response.Bytes, t.Plain)
	waited := ""
	if m.Waited > 0 {
		waited = component.Span(m.Waited)
	}
	e.add(waited, int64(m.Waited), t.Mark)
	e.add(known(m.HasService, int64(m.Service)), int64(m.Service), t.Plain)
	e.add(known(m.HasTotal, int64(m.Total)), int64(m.Total), t.Strong)
	return e
}

func known(is bool, nanos int64) string {
	if !is {
		return "–"
	}
	return component.Nanos(nanos)
}

// NewMessages returns the tab of messages.
func NewMessages(t *theme.Theme) *Page {
	return newPage(t, kind{columns: []component.Column{
		{Title: "#", Width: 5, Right: true}, {Title: "time", Width: 11, Right: true}, {Title: "from", Width: 8}, {Title: "protocol", Width: 9, Need: 60},
		{Title: "stream", Width: 6, Right: true, Need: 110}, {Title: "kind", Width: 14, Need: 80}, {Title: "what", Width: 12, Flex: 10},
		{Title: "bytes", Width: 9, Right: true, Need: 70}, {Title: "packets", Width: 9, Right: true, Need: 100},
	}, count: traced, entry: message, empty: "no messages were read in this conversation"})
}

// traced counts the messages that were read.
func traced(s *subject.Subject) int {
	if s.Trace == nil {
		return 0
	}
	return len(s.Trace.Messages)
}

func message(t *theme.Theme, s *subject.Subject, i int) entry {
	m := &s.Trace.Messages[i]
	e := entry{why: subject.Message(m), lesson: string(m.Protocol)}
	for _, n := range m.Packets.List() {
		e.packets = append(e.packets, int(n))
	}
	if len(e.packets) == 0 && m.First.Valid() {
		e.packets = []int{m.First.Number}
	}
	from := "client"
	if m.Dir == layer.ToClient {
		from = "server"
	}
	at := m.First.Nanos - s.Begin
	style := t.Sender(m.Dir)
	e.add(strconv.Itoa(i+1), int64(i), t.Dim)
	e.add(fmt.Sprintf("%.6f", flow.Seconds(at)), at, t.Plain)
	e.word(from, style)
	e.word(string(m.Protocol), t.Plain)
	stream := ""
	if m.Stream != 0 {
		stream = strconv.FormatUint(m.Stream, 10)
	}
	e.add(stream, int64(m.Stream), t.Plain)
	e.word(layer.Printable(m.Kind), t.Plain)
	e.word(subject.Message(m)+facts(m), style)
	e.add(component.Bytes(m.Bytes), m.Bytes, t.Plain)
	e.add(component.Count(int64(m.Packets.Len())), int64(m.Packets.Len()), t.Plain)
	return e
}

// facts tells what else is known of a message.
func facts(m *flow.Message) string {
	text := ""
	for _, f := range m.Facts {
		text += "  " + layer.Printable(f.Key) + "=" + layer.Printable(f.Value)
	}
	return text
}
