package ladder

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/lipgloss"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/theme"
)

func (p *Page) title() string {
	title := "packet"
	if a := p.arrow(); a != nil {
		title = fmt.Sprintf("packet %d", a.packet)
	}
	if text := p.progress(); text != "" {
		title += " · " + text
	}
	return title
}

// explain tells in words what the selected arrow is.
func (p *Page) explain(width, height int) []string {
	a := p.arrow()
	if a == nil {
		return nil
	}
	w := writer{width: width}
	t := p.theme
	if p.width >= beside {
		w.add(t.Header, p.title())
	}
	w.add(t.Strong, a.label)
	if k := p.packet(a); k != nil && p.view == packets && layer.Printable(k.Summary) != a.label {
		w.add(t.Dim, layer.Printable(k.Summary))
	}
	sender := "the client"
	if a.dir == layer.ToClient {
		sender = "the server"
	}
	w.add(t.Sender(a.dir), fmt.Sprintf("%s, sent by %s %s after the conversation began", a.protocol, sender, p.since(a.at)))
	if text := p.meaning(a); text != "" {
		w.add(t.Plain, text)
	}
	for _, m := range a.marks {
		w.add(t.Severity(m.Severity), theme.Sign(m.Severity)+" "+layer.Printable(m.Title))
		if m.Shows != "" {
			w.add(t.Plain, "  "+layer.Printable(m.Shows))
		}
	}
	for _, n := range p.subject.Noted[a.packet] {
		w.add(t.Color(n.Color), "✎ "+layer.Printable(strings.TrimSpace(n.Author+": "+n.Text)))
	}
	if a.again > 0 {
		w.add(t.Error, fmt.Sprintf("The same bytes were sent again in packet %d: this one, or its acknowledgment, did not arrive in time.", a.again))
	}
	if k := p.packet(a); k != nil && k.RTT > 0 {
		w.add(t.Dim, "It acknowledges data after "+component.Span(k.RTT)+".")
	}
	if len(a.packets) > 1 {
		w.add(t.Dim, fmt.Sprintf("It spans %d packets, #%d to #%d.", len(a.packets), a.packets[0], a.packets[len(a.packets)-1]))
	}
	if p.width >= beside {
		w.lines = append(w.lines, "")
		w.add(t.Dim, p.legend())
	}
	return w.lines[:min(len(w.lines), max(0, height))]
}

// legend says how the diagram is to be read.
func (p *Page) legend() string {
	if p.plan.slants {
		return fmt.Sprintf("Arrows slant by the way between the ends, %s each direction; captured at the %s. ⋮ folds time.",
			component.Span(p.plan.path.RTT/2), p.plan.path.Vantage)
	}
	return "The capture does not tell the way between the ends, or it is too short to draw: arrows are level. ⋮ folds time."
}

func (p *Page) packet(a *arrow) *wiresight.TracePacket {
	if a.index < 0 || p.subject.Trace == nil || a.index >= len(p.subject.Trace.Packets) {
		return nil
	}
	return &p.subject.Trace.Packets[a.index]
}

// writer breaks text into lines of a width.
type writer struct {
	width int
	lines []string
}

func (w *writer) add(s lipgloss.Style, text string) {
	if text == "" {
		return
	}
	lead := strings.Repeat(" ", len(text)-len(strings.TrimLeft(text, " ")))
	for _, l := range component.Wrap(strings.TrimLeft(text, " "), w.width-len(lead)-1) {
		w.lines = append(w.lines, s.Render(component.Fit(" "+lead+l, w.width)))
	}
}

// meaning says what a segment is for, to somebody who meets it for the first
// time.
func (p *Page) meaning(a *arrow) string {
	k := p.packet(a)
	if k == nil || k.TCP == nil || p.view != packets {
		return ""
	}
	s := k.TCP
	for _, n := range analyses {
		if s.Analysis&n.flag != 0 {
			return n.text
		}
	}
	switch {
	case s.Flags&flow.RST != 0:
		return "RST: this end gives the connection up at once. What was under way is lost."
	case s.Flags&(flow.SYN|flow.ACK) == flow.SYN:
		return "SYN: the client asks for a connection. Its sequence numbers begin here, and options tell what it can do."
	case s.Flags&flow.SYN != 0:
		return "SYN, ACK: the server agrees and begins its own sequence numbers. One round trip after the SYN the connection stands."
	case s.Flags&flow.FIN != 0:
		return "FIN: this end has nothing more to send. The other may still send until it closes, too."
	case s.Length > 0 && s.InFlight > int64(s.Length):
		return fmt.Sprintf("Data: %d bytes. With it %d bytes are on their way without acknowledgment.", s.Length, s.InFlight)
	case s.Length > 0:
		return fmt.Sprintf("Data: %d bytes. Nothing else of this end waits for an acknowledgment.", s.Length)
	case s.Flags&flow.ACK != 0:
		base, known := p.subject.Base(a.dir.Reverse())
		if !known {
			return fmt.Sprintf("ACK: what was sent has arrived; there is room for %d bytes more.", s.Window)
		}
		return fmt.Sprintf("ACK: everything up to sequence number %d has arrived; there is room for %d bytes more.", s.Ack-base, s.Window)
	}
	return ""
}

var analyses = []struct {
	flag flow.Analysis
	text string
}{
	{flow.FastRetransmission, "Fast retransmission: duplicate ACKs told the sender that a segment is missing, and it sent it again at once."},
	{flow.SpuriousRetransmission, "Sent again in vain: the bytes had been acknowledged already. The acknowledgment came late or was lost."},
	{flow.Retransmission, "Retransmission: bytes that were sent before and not acknowledged in time."},
	{flow.ZeroWindowProbe, "Zero window probe: the receiver said it has no room; the sender asks with one byte whether that changed."},
	{flow.ZeroWindow, "Zero window: the receiver's buffer is full. The sender must stop until the application there reads."},
	{flow.OutOfOrder, "Out of order: the segment arrived behind one that was sent after it."},
	{flow.LostSegment, "A segment before this one was not captured: it was lost on the way, or the capture missed it."},
	{flow.ACKedUnseen, "This acknowledges bytes that the capture never saw."},
	{flow.WindowFull, "Window full: the sender has used all the room that the receiver offered, and must wait."},
	{flow.DuplicateACK, "Duplicate ACK: the receiver got something out of order and tells again what it waits for. Three of them make the sender repeat it."},
	{flow.WindowUpdate, "Window update: the receiver has room again and says so."},
	{flow.KeepAliveACK, "The answer to a keep-alive: the other end is still there."},
	{flow.KeepAlive, "Keep-alive: nothing to send, but is the other end still there?"},
	{flow.ReusedPorts, "The same addresses and ports as an earlier connection: this is a new one."},
}
