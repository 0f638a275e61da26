package http1

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// request opens an exchange.
func (d *dissector) request(out dissect.Sink, h *half, hd *head) asked {
	d.exchanges++
	a := asked{key: d.exchanges}
	switch string(hd.method) {
	case "HEAD":
		a.kind = headRequest
	case "CONNECT":
		a.kind = connectRequest
	}
	if hd.upgrade != nil {
		a.upgrade = http.Tunnel(out.Announced, hd.upgrade)
	}
	h.msg.Kind, h.msg.Role, h.msg.Key = "request", flow.Request, a.key
	h.msg.Name, h.msg.Facts = d.notes.Take(h.msg.Facts)
	a.call = http.CallOf(h.msg.Facts)
	if a.call.IsGRPC() {
		h.msg.Protocol, h.msg.Name = http.RPC, http.CallName(h.msg.Name)
	}
	a.name = h.msg.Name
	h.ask(a)
	if a.kind != connectRequest && hd.target[0] == '/' {
		if name := http.HostName(hd.host); len(name) > 0 && string(name) != d.host {
			d.host = string(name)
			out.ServerName(d.host)
		}
	}
	return a
}

// respond answers the oldest request that waits, or opens an exchange whose
// request was not seen.
func (d *dissector) respond(h, requests *half, hd *head) asked {
	interim := hd.status < 200 && hd.status != 101
	switch {
	case h.skipped:
		d.skipAnswers(requests)
	case len(requests.pending) > 1:
		d.pipelining = true
	}
	h.skipped = false
	a, ok := requests.answered(interim)
	if !ok && !interim {
		d.exchanges++
		a.key = d.exchanges
	}
	h.msg.Kind, h.msg.Role, h.msg.Key = "response", flow.Response, a.key
	if interim {
		h.msg.Kind, h.msg.Role, h.msg.Keep, h.msg.Stream = "interim", flow.Single, true, a.key
	}
	h.msg.Status, h.msg.Facts = d.notes.Take(h.msg.Facts)
	if !interim {
		a.call = h.answer(a.call, ok)
	}
	return a
}

// body prepares for what follows the header section.
func (d *dissector) body(out dissect.Sink, h *half, dir layer.Direction, hd *head, a asked) {
	switch {
	case hd.response && hd.status == 101:
		d.done(out, h, dir, flow.Complete)
		p := http.Tunnel(out.Announced, hd.upgrade)
		if p != "" {
			out.Announce(p, 0, http.Announcement(h.msg.Facts, a.name))
		}
		d.upgrade(out, p)
		return
	case hd.response && a.kind == connectRequest && hd.status >= 200 && hd.status < 300:
		d.done(out, h, dir, flow.Complete)
		d.upgrade(out, "")
		return
	case hd.response && a.kind == connectRequest && hd.status >= 300:
		d.refuse(out, dir.Reverse())
	}
	p, length := d.bodyPhase(out, hd, a.kind == headRequest)
	h.phase, h.rest, h.framed = p, length, p != atStart
	d.beginInner(out, h, a)
	if p != atStart {
		return
	}
	d.done(out, h, dir, flow.Complete)
	if !hd.response && a.kind == connectRequest {
		h.phase = waiting
	}
}
