package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// conversations tells a few in full and some more in a line each.
func (p *page) conversations(d *digest) {
	if d.total == 0 {
		return
	}
	if d.shown < d.total {
		p.title("%s of %s that the filter chose", many(d.shown, "conversation"), grouped(d.total))
	} else {
		p.title("%s", many(d.total, "conversation"))
	}
	for i := range d.full {
		p.conversation(&d.full[i])
	}
	if len(d.rows) > 0 {
		p.title("The others")
	}
	for _, c := range d.rows {
		p.row(c)
	}
	if more := d.shown - int64(len(d.full)+len(d.rows)); more > 0 {
		p.line("%s", p.style.dim.Render(fmt.Sprintf("  … and %s more; choose with -Y, or use --json", grouped(more))))
	}
}

// end names one end of a conversation.
func end(e *flow.Endpoint) string {
	text := e.Addr.String()
	if e.Port > 0 {
		if e.Addr.Is6() {
			text = "[" + text + "]"
		}
		text += fmt.Sprintf(":%d", e.Port)
	}
	if e.Name != "" {
		text += " (" + clip(e.Name, 40) + ")"
	}
	return text
}

// protocols names what a conversation speaks above the network.
func protocols(c *flow.Conversation) string {
	var names []string
	for i, s := range c.Stack {
		if s == c.Transport {
			for _, above := range c.Stack[i:] {
				names = append(names, string(above))
			}
			break
		}
	}
	return strings.Join(names, " ")
}

func (p *page) row(c *flow.Conversation) {
	p.line("  %4d  %s  %s → %s  %s", c.ID, pad(protocols(c), 10), end(&c.Client), end(&c.Server),
		p.style.dim.Render(fmt.Sprintf("%s, %s, %s", many(c.Packets.Sum(), "packet"), size(c.Bytes.Sum()), span(time.Duration(c.Duration())))))
}

func (p *page) conversation(j *judged) {
	c := j.Conversation
	p.b.WriteByte('\n')
	p.line("  %s  %s → %s", p.style.title.Render(fmt.Sprint(c.ID)), end(&c.Client), end(&c.Server))
	p.words(5, "", outline(c, p.begun))
	p.setup(j.claims.Setup)
	p.ledger(j.claims.Ledger)
	p.words(5, "", strings.Join(secured(c), ", "))
	p.words(5, "", strings.Join(repairs(c.TCP), ", "))
	p.exchanges(j)
	for i := range j.claims.Patterns {
		p.pattern(5, &j.claims.Patterns[i])
	}
	p.wrong(j.claims.Findings)
}

// outline tells a conversation in a line.
func outline(c *flow.Conversation, begun int64) string {
	return fmt.Sprintf("%s, %s from +%.3f s, %s, %s to the server and %s back%s", protocols(c), span(time.Duration(c.Duration())),
		flow.Seconds(c.First.Nanos-begun), many(c.Packets.Sum(), "packet"), size(c.Payload[layer.ToServer]), size(c.Payload[layer.ToClient]), closing(c))
}

// wrong names the findings, which are told above.
func (p *page) wrong(list []claim.Finding) {
	var names []string
	for i := range list {
		names = append(names, p.severity(list[i].Severity).Render(list[i].ID))
	}
	if len(names) > 0 {
		p.line("     Here: %s", strings.Join(names, ", "))
	}
}

func closing(c *flow.Conversation) string {
	if c.TCP == nil {
		return ""
	}
	switch c.TCP.ClosedBy {
	case flow.ClosedByClient, flow.ClosedByServer:
		return ", closed by the " + string(c.TCP.ClosedBy)
	case flow.ClosedByReset:
		return ", reset"
	case flow.Open:
		return ", left open"
	}
	return ""
}

// setup draws the phases as bars over the time that they take together.
func (p *page) setup(s *timing.Setup) {
	if s == nil || len(s.Way) == 0 && len(s.Phases) == 0 {
		return
	}
	p.words(5, "", "Set-up: "+strings.Join(began(s), ", "))
	if len(s.Phases) == 0 {
		return
	}
	from, until := s.Phases[0].Start, s.Phases[0].Start
	for i := range s.Phases {
		from = min(from, s.Phases[i].Start)
		until = max(until, s.Phases[i].Start+int64(s.Phases[i].Duration))
	}
	for i := range s.Phases {
		f := &s.Phases[i]
		p.line("       %-9s%9s  %s  %s", f.Name, span(f.Duration), p.style.good.Render(bar(f.Start-from, int64(f.Duration), until-from)), p.style.dim.Render(packets(f.Packets)))
	}
}

// began says how a conversation was set up.
func began(s *timing.Setup) (facts []string) {
	if len(s.Way) > 0 {
		facts = append(facts, s.Way[len(s.Way)-1])
	}
	if s.HasRoundTrips {
		facts = append(facts, many(int64(s.RoundTrips), "round trip")+" before the first request")
	}
	if s.HasRTT {
		facts = append(facts, span(s.RTT)+" a round trip")
	}
	if s.Vantage == timing.AtClient || s.Vantage == timing.AtServer {
		facts = append(facts, "captured near the "+s.Vantage)
	} else if s.Vantage == timing.InMiddle {
		facts = append(facts, "captured on the way")
	}
	return facts
}

// bar draws a phase as its part of the whole.
func bar(start, length, whole int64) string {
	const width = 24
	if whole <= 0 {
		return strings.Repeat(" ", width)
	}
	at := min(int(float64(start)/float64(whole)*width), width-1)
	n := min(max(int(float64(length)/float64(whole)*width+0.5), 1), width-at)
	return strings.Repeat(" ", at) + strings.Repeat("▄", n) + strings.Repeat(" ", width-at-n)
}

// secured says what TLS or QUIC agreed on.
func secured(c *flow.Conversation) (facts []string) {
	fact := func(format, value string) {
		if value != "" {
			facts = append(facts, fmt.Sprintf(format, value))
		}
	}
	if t := c.TLS; t != nil {
		version := t.Version
		if version == "" {
			version = "TLS, no version agreed"
		}
		fact("%s", version)
		fact("for %s", t.SNI)
		fact("speaks %s", t.ALPN)
		fact("%s", t.CipherSuite)
		if t.Resumed {
			fact("resumed by %s", t.ResumedBy)
		}
		fact("early data %s", t.EarlyData)
		for _, c := range t.CertificateProblems {
			fact("certificate %s", string(c))
		}
		if t.Renegotiations > 0 {
			fact("negotiated anew %s", many(int64(t.Renegotiations), "time"))
		}
		if t.KeyUpdates > 0 {
			fact("%s", many(int64(t.KeyUpdates), "key update"))
		}
		if t.ECH == "accepted" {
			fact("encrypted ClientHello %s", t.ECH)
		} else { // what looks like one may be there to be ignored (GREASE)
			fact("encrypted ClientHello or GREASE %s", t.ECH)
		}
		for i := range t.Alerts {
			fact("alert %s", fmt.Sprintf("%s in packet %d", t.Alerts[i].Name, t.Alerts[i].At.Number))
		}
		if t.Decrypted {
			facts = append(facts, "read with keys")
		}
		fact("not read: %s", t.KeyProblem)
	}
	if q := c.QUIC; q != nil {
		fact("QUIC %s", q.Version)
		fact("for %s", q.SNI)
		fact("speaks %s", q.ALPN)
		if q.Retry {
			facts = append(facts, "after a Retry")
		}
		fact("early data %s", q.EarlyData)
		if q.Migrations > 0 {
			facts = append(facts, fmt.Sprintf("moved to other addresses, %d times", q.Migrations))
		}
		if n := q.Lost.Sum(); n > 0 {
			facts = append(facts, fmt.Sprintf("%d packets lost", n))
		}
		if n := q.BlockedTotal; n > 0 {
			facts = append(facts, fmt.Sprintf("held up by flow control, %d times", n))
		}
		if q.StatelessReset != nil {
			facts = append(facts, fmt.Sprintf("reset without state by the %s", sender(q.StatelessReset.By)))
		}
		if q.Close != nil {
			facts = append(facts, fmt.Sprintf("closed by the %s with code %d", sender(q.Close.By), q.Close.Code))
		}
		if q.Decrypted {
			facts = append(facts, "read with keys")
		}
		fact("not read: %s", q.KeyProblem)
	}
	facts = append(facts, http2Facts(c.HTTP2)...)
	if c.Continues > 0 {
		facts = append(facts, fmt.Sprintf("another path of the connection that is conversation %d: its messages are told there", c.Continues))
	}
	return facts
}

// repairs says what TCP had to repair.
func repairs(t *flow.TCP) (facts []string) {
	if t == nil {
		return nil
	}
	for _, c := range []struct {
		n    int64
		noun string
	}{
		{t.Retransmissions, "retransmission"}, {t.FastRetransmissions, "fast retransmission"},
		{t.SpuriousRetransmissions, "spurious retransmission"}, {t.OutOfOrder, "out-of-order segment"},
		{t.DuplicateACKs, "duplicate ACK"}, {t.LostInCapture, "gap in the capture"}, {t.ZeroWindows, "zero window"},
		{t.WindowFull, "full window"}, {t.KeepAlives, "keep-alive"}, {t.Resets, "reset"},
	} {
		if c.n > 0 {
			text := many(c.n, c.noun)
			if c.noun == "gap in the capture" && c.n > 1 {
				text = grouped(c.n) + " gaps in the capture"
			}
			facts = append(facts, text)
		}
	}
	return facts
}

// exchanges lists the first ones, and the slowest of the rest.
func (p *page) exchanges(j *judged) {
	list := j.Exchanges
	if len(list) == 0 {
		return
	}
	name := 4
	for i := range list[:min(len(list), told)] {
		name = max(name, len([]rune(list[i].Name)))
	}
	name = min(name, p.width-46)
	for i := range list[:min(len(list), told)] {
		p.exchange(j, i, name)
	}
	more := j.ExchangesTotal - int64(min(len(list), told))
	if more <= 0 {
		return
	}
	text := fmt.Sprintf("       … and %s", many(more, "more exchange"))
	slowest := -1
	for i := told; i < len(list) && i < len(j.claims.Exchanges); i++ {
		if x := &j.claims.Exchanges[i]; x.HasTotal && (slowest < 0 || x.Total > j.claims.Exchanges[slowest].Total) {
			slowest = i
		}
	}
	if slowest < 0 {
		p.line("%s", p.style.dim.Render(text))
		return
	}
	p.line("%s", p.style.dim.Render(text+", the slowest:"))
	p.exchange(j, slowest, name)
}

func (p *page) exchange(j *judged, i, name int) {
	e := j.Exchanges[i]
	status := clip(e.Status, 12)
	switch {
	case !e.Response.Seen():
		status = p.style.warn.Render("no answer")
	case len(e.Status) == 3 && e.Status[0] >= '4':
		status = p.style.bad.Render(status)
	}
	total := ""
	if i < len(j.claims.Exchanges) && j.claims.Exchanges[i].HasTotal {
		total = span(j.claims.Exchanges[i].Total)
	}
	where := ""
	for _, part := range []*flow.Part{&e.Request, &e.Response} {
		if !part.Seen() {
			continue
		}
		if where != "" {
			where += " → "
		}
		where += fmt.Sprint(part.First.Number)
		if part.Last.Number > part.First.Number {
			where += fmt.Sprintf("-%d", part.Last.Number)
		}
	}
	title := e.Name
	if title == "" {
		title = "request not captured"
	}
	p.line("       %s  %s %9s  %s", pad(clip(title, name), name), pad(status, 10), total, p.style.dim.Render(where))
}
