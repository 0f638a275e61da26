package websocket

import (
	"encoding/binary"
	"strconv"
	"unicode/utf8"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

const maxReason = maxControl - 2 // bytes of a Close frame's reason

// judge names what is wrong with a frame's header.
func (d *dissector) judge(out dissect.Sink, h *half, dir layer.Direction) {
	o, rsv, m := h.header.opcode(), h.header.rsv(), &h.message
	if d.agreed.deflate && !o.control() && o != continuation {
		rsv &^= rsv1
	}
	switch {
	case o.reserved():
		out.Problem(Name, "a frame with an opcode that is not assigned (RFC 6455 section 5.2)")
	case rsv != 0 && !d.agreed.other:
		out.Problem(Name, "a frame with reserved bits that no extension was agreed on for (RFC 6455 section 5.2)")
	case o.control() && (!h.header.fin() || h.header.length > maxControl):
		out.Problem(Name, "a control frame that is fragmented or longer than 125 bytes (RFC 6455 section 5.5)")
	case h.header.longer:
		out.Problem(Name, "a frame whose length is said in more bytes than needed (RFC 6455 section 5.2)")
	case h.header.masked != (dir == layer.ToServer):
		out.Problem(Name, "a frame of a client that is not masked, or one of a server that is (RFC 6455 section 5.1)")
	case !o.control() && (o == continuation) != m.open && !h.resumed:
		out.Problem(Name, "a fragment out of order (RFC 6455 section 5.4)")
	}
	if h.closed && !h.complained {
		h.complained = true
		out.Problem(Name, "a frame behind a Close frame (RFC 6455 section 5.5.1)")
	}
}

// frameDone ends a frame: it is said, described, and its payload handed on.
func (d *dissector) frameDone(out dissect.Sink, h *half, dir layer.Direction) {
	h.phase = atHeader
	m := &h.message
	data := !h.header.opcode().control()
	if data {
		m.frames++
		m.bytes += h.bytes
		m.size += h.header.length
		if h.header.fin() {
			d.undo(h)
		}
	}
	d.say(out, h, dir, flow.Complete)
	d.said = h
	out.Layer(Name, d.describe)
	d.said = nil
	if !data {
		h.closed = h.closed || h.header.opcode() == closing
		return
	}
	d.pour(out, h, dir, m.payload)
	if h.header.fin() {
		if m.compressed && d.inside != "" {
			d.pourPlain(out, h, dir)
		}
		m.open, m.plain = false, nil
		if cap(m.payload) > keepBuffer {
			m.payload = nil
		}
	}
}

// undo inflates a whole message.
func (d *dissector) undo(h *half) {
	m := &h.message
	m.plain, m.failed = m.payload, nil
	if !m.compressed {
		return
	}
	switch {
	case !d.agreed.deflate:
		m.plain, m.failed = nil, errAgreement
	case m.headless || h.missing > 0 || !m.whole:
		m.plain, m.failed = nil, errIncomplete
		if m.whole = false; m.bytes > maxCompressed {
			m.failed = errLarge
		}
		h.inflater.lose()
	default:
		m.plain, m.failed = h.inflater.inflate(d.scratch, m.payload)
	}
}

// pourPlain hands an inflated message to the protocol inside.
func (d *dissector) pourPlain(out dissect.Sink, h *half, dir layer.Direction) {
	if h.message.failed != nil {
		h.gap += max(1, int(min(h.message.bytes, maxInflated)))
		return
	}
	if len(h.message.plain) > 0 {
		d.inner(out, h, dir, h.message.plain)
	}
}

// say says the frame; the last one of a message stands for all of it.
func (d *dissector) say(out dissect.Sink, h *half, dir layer.Direction, s flow.State) {
	o := h.header.opcode()
	msg := &h.said
	*msg = flow.Message{
		Protocol: Name, Kind: o.String(), Dir: dir, Stream: d.stream, State: s,
		First: h.first, Last: h.last, Packets: h.packets, Bytes: h.bytes, Keep: true,
	}
	h.facts = h.facts[:0]
	m := &h.message
	switch {
	case o == closing:
		msg.Name = h.closeFacts(out)
	case o.control():
	case s == flow.Cut:
		m.frames, m.bytes = m.frames+1, m.bytes+h.bytes
		m.into(msg)
	case !h.header.fin():
		msg.Keep = false
	default:
		m.into(msg)
		msg.Name = d.messageFacts(out, h)
	}
	if msg.Keep && m.frames > 1 && !o.control() {
		h.facts = append(h.facts, flow.Fact{Key: "frames", Value: strconv.Itoa(m.frames)})
	}
	if h.missing > 0 {
		h.facts = append(h.facts, flow.Fact{Key: "missing", Value: strconv.FormatInt(h.missing, 10)})
	}
	msg.Facts = h.facts
	out.Message(msg)
}

// into makes msg, the last frame's, stand for the whole message.
func (m *message) into(msg *flow.Message) {
	msg.First, msg.Bytes, msg.KeepAs = m.first, m.bytes, m.opcode.String()
	if m.headless {
		msg.State = flow.Cut
	}
}

// messageFacts tells what a whole message is, and its name if it has one.
func (d *dissector) messageFacts(out dissect.Sink, h *half) (name string) {
	m := &h.message
	switch {
	case !m.compressed:
	case m.failed != nil:
		h.facts = append(h.facts, flow.Fact{Key: "compressed", Value: "not undone: " + m.failed.Error()})
		return ""
	default:
		m.size = int64(len(m.plain))
		h.facts = append(h.facts, flow.Fact{Key: "compressed", Value: "permessage-deflate"})
	}
	h.facts = append(h.facts, flow.Fact{Key: "payload-bytes", Value: strconv.FormatInt(m.size, 10)})
	if m.opcode != text || !m.whole || len(m.plain) > http.MaxText {
		return ""
	}
	if !utf8.Valid(m.plain) {
		out.Problem(Name, "a text message that is not UTF-8 (RFC 6455 section 8.1)")
		return ""
	}
	name, h.facts = http.Text(m.plain, h.facts)
	return name
}

// closeFacts tells why the sender closes. It returns the code.
func (h *half) closeFacts(out dissect.Sink) (code string) {
	if len(h.control) < 2 {
		if h.header.length == 1 {
			out.Problem(Name, "a Close frame with half a status code (RFC 6455 section 5.5.1)")
		}
		return ""
	}
	n := binary.BigEndian.Uint16(h.control)
	if neverSent(n) {
		out.Problem(Name, "a Close frame with a status code that must not be sent (RFC 6455 section 7.4.1)")
	}
	code = strconv.Itoa(int(n))
	h.facts = append(h.facts, flow.Fact{Key: "code", Value: code})
	if reason := h.control[2:]; len(reason) > 0 {
		h.facts = append(h.facts, flow.Fact{Key: "reason", Value: layer.Clip(reason, maxReason)})
	}
	return code
}
