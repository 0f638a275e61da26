package websocket

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
)

// What a field shows of payload.
const (
	maxText = 16 << 10
	maxHex  = 64
)

// layer describes the frame of d.said. Its data are the frame with its payload
// in clear; for the last frame of a message, with all of the message's.
func (d *dissector) layer() layer.Layer {
	h := d.said
	head := &h.header
	payload, whole := h.clear()
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: head.size + len(payload)}
	for _, n := range h.packets.List() {
		l.Packets = append(l.Packets, int(n))
	}
	l.Data = head.append(make([]byte, 0, head.size+len(payload)))
	l.Data = append(l.Data, payload[:min(len(payload), layer.KeepData-head.size)]...)
	l.Fields = append(head.fields(d.agreed.deflate), d.payloadFields(h, payload, whole)...)
	l.Summary = d.summary(h)
	return l
}

// clear returns what is there of the payload that the frame shows, and whether
// it is a whole message's.
func (h *half) clear() (payload []byte, whole bool) {
	m := &h.message
	switch {
	case h.header.opcode().control():
		return h.control, true
	case !h.header.fin() || m.failed != nil:
		return m.payload[max(0, len(m.payload)-int(min(h.header.length, int64(len(m.payload))))):], false
	}
	return m.plain, true
}

func (d *dissector) summary(h *half) string {
	s := "WebSocket " + h.header.opcode().String()
	switch m := &h.message; {
	case h.header.opcode() == closing && len(h.control) >= 2:
		code := binary.BigEndian.Uint16(h.control)
		s += fmt.Sprintf(" %d", code)
		if name := codes[code]; name != "" {
			s += " (" + name + ")"
		}
	case h.header.opcode() == continuation && h.header.fin():
		s += fmt.Sprintf(", ends %s of %d frames", m.opcode, m.frames)
	case !h.header.fin():
		s += ", first of a message"
		if h.header.opcode() == continuation {
			s = "WebSocket continuation"
		}
	}
	s += fmt.Sprintf(", %d bytes", h.header.length)
	if !h.header.opcode().control() && h.header.fin() && h.message.compressed && h.message.failed == nil {
		s += fmt.Sprintf(", inflated %d", len(h.message.plain))
	}
	if h.header.masked {
		s += ", masked"
	}
	return s
}

// append appends the header as it was sent.
func (h *header) append(b []byte) []byte {
	second := byte(0)
	if h.masked {
		second = mask
	}
	b = append(b, h.bits)
	switch h.lengthSize() {
	case 0:
		b = append(b, second|byte(h.length))
	case 2:
		b = binary.BigEndian.AppendUint16(append(b, second|length16), uint16(h.length))
	default:
		b = binary.BigEndian.AppendUint64(append(b, second|length64), uint64(h.length))
	}
	if h.masked {
		b = append(b, h.key[:]...)
	}
	return b
}

// lengthSize is how many bytes the extended payload length has.
func (h *header) lengthSize() int {
	n := h.size - 2
	if h.masked {
		n -= len(h.key)
	}
	return n
}

func (h *header) fields(deflate bool) []layer.Field {
	o := h.opcode()
	fields := []layer.Field{
		{Name: "websocket.fin", Value: boolean(h.fin()), Length: 1},
		{Name: "websocket.rsv", Value: fmt.Sprintf("0x%02x", h.rsv()>>4), Length: 1},
	}
	if deflate && !o.control() && o != continuation {
		fields = append(fields, layer.Field{Name: "websocket.pmc", Value: boolean(h.rsv()&rsv1 != 0), Length: 1})
	}
	short := min(h.length, length16)
	if h.lengthSize() == 8 {
		short = length64
	} else if h.lengthSize() == 2 {
		short = length16
	}
	fields = append(fields,
		layer.Field{Name: "websocket.opcode", Value: strconv.Itoa(int(o)), Length: 1},
		layer.Field{Name: "websocket.mask", Value: boolean(h.masked), Offset: 1, Length: 1},
		layer.Field{Name: "websocket.payload_length", Value: strconv.FormatInt(h.length, 10), Offset: 1, Length: 1},
	)
	switch short {
	case length16:
		fields = append(fields, layer.Field{Name: "websocket.payload_length_ext_16", Value: strconv.FormatInt(h.length, 10), Offset: 2, Length: 2})
	case length64:
		fields = append(fields, layer.Field{Name: "websocket.payload_length_ext_64", Value: strconv.FormatInt(h.length, 10), Offset: 2, Length: 8})
	}
	if h.masked {
		fields = append(fields, layer.Field{Name: "websocket.masking_key", Value: hex.EncodeToString(h.key[:]), Offset: h.size - len(h.key), Length: len(h.key)})
	}
	return fields
}

func boolean(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// payloadFields shows payload as what it is.
func (d *dissector) payloadFields(h *half, payload []byte, whole bool) []layer.Field {
	f := layer.Field{Name: "websocket.payload", Value: fmt.Sprintf("%d bytes", len(payload)), Offset: h.header.size, Length: len(payload)}
	inside := layer.Field{Offset: f.Offset, Length: f.Length}
	o, m := h.header.opcode(), &h.message
	if o == continuation && whole {
		o = m.opcode
	}
	switch o {
	case closing:
		f.Children = closeFields(payload, f.Offset)
		return []layer.Field{f}
	case ping, pong:
		inside.Name, inside.Value = "websocket.payload."+o.String(), inHex(payload)
	case continuation:
		inside.Name, inside.Value = "websocket.payload.continue", inHex(payload)
	case text:
		inside.Name, inside.Value = "websocket.payload.text", layer.Clip(payload, maxText)
		if m.compressed && m.failed != nil {
			inside.Value = inHex(payload)
		}
	default:
		inside.Name, inside.Value = "websocket.payload.unknown", inHex(payload)
	}
	if len(payload) > 0 {
		f.Children = append(f.Children, inside)
	}
	fields := []layer.Field{f}
	if !h.header.opcode().control() && h.header.fin() {
		if m.frames > 1 {
			fields = append(fields, layer.Field{Name: "websocket.fragment.count", Value: strconv.Itoa(m.frames)})
		}
		if m.failed != nil {
			fields = append(fields, layer.Field{Name: "websocket.decompression.failed.expert", Value: "not inflated: " + m.failed.Error()})
		}
	}
	return fields
}

func closeFields(payload []byte, offset int) []layer.Field {
	if len(payload) < 2 {
		return nil
	}
	code := binary.BigEndian.Uint16(payload)
	value := strconv.Itoa(int(code))
	fields := []layer.Field{{Name: "websocket.payload.close.status_code", Value: value, Offset: offset, Length: 2}}
	if reason := payload[2:]; len(reason) > 0 {
		fields = append(fields, layer.Field{Name: "websocket.payload.close.reason", Value: layer.Clip(reason, maxReason), Offset: offset + 2, Length: len(reason)})
	}
	return fields
}

func inHex(b []byte) string {
	if len(b) > maxHex {
		return hex.EncodeToString(b[:maxHex]) + "…"
	}
	return hex.EncodeToString(b)
}
