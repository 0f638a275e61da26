package http2

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// block is a header block: a HEADERS or PUSH_PROMISE frame and the CONTINUATION
// frames behind it (RFC 9113 section 4.3).
type block struct {
	open        bool
	frame       frame // the first
	promised    uint32
	fragments   []byte
	bytes       int64 // of all frames
	first, last layer.PacketRef
	packets     flow.Packets
}

// headers takes a frame that carries part of a header block; b is the frame.
func (d *dissector) headers(out dissect.Sink, h *half, dir layer.Direction, f frame, b []byte) {
	k := &h.block
	if !k.open {
		k.packets.Reset()
		k.fragments, k.bytes, k.frame, k.promised = k.fragments[:0], 0, f, 0
	}
	fragment, ok := fragmentOf(f, b[headerSize:])
	first, last := h.in.Take(len(b), &k.packets)
	if !k.open {
		k.first = first
	}
	k.last, k.bytes = last, k.bytes+int64(len(b))
	d.shown.last = last
	defer d.count(out, f, dir, first, last)
	switch bad := f.fault(); {
	case bad != "" || !ok:
		if bad == "" {
			bad = "more padding than payload (RFC 9113 section 6.1)"
		}
		out.Problem(Name, bad)
		k.open = false
		h.decoder.table.forget()
	case f.kind == frameContinuation && !k.open:
		if !h.late {
			out.Problem(Name, "CONTINUATION frame behind no header block (RFC 9113 section 6.10)")
		}
		h.decoder.table.forget()
	case len(k.fragments)+len(fragment) > maxBlock:
		out.Problem(Name, "header block of more than 256 KiB")
		k.open = false
		h.decoder.table.forget()
	default:
		d.fragment(out, h, dir, f, b, fragment)
		return
	}
	out.Layer(Name, d.describe)
}

// fragment takes a fragment of a header block, and the block with the last one.
func (d *dissector) fragment(out dissect.Sink, h *half, dir layer.Direction, f frame, b, fragment []byte) {
	k := &h.block
	if f.kind == framePushPromise {
		k.promised = binary.BigEndian.Uint32(promiseOf(f, b[headerSize:])) &^ (1 << 31)
	}
	k.open = f.flags&flagEndHeaders == 0
	if k.open || len(k.fragments) > 0 {
		k.fragments = append(k.fragments, fragment...)
		fragment = k.fragments
	}
	if k.open {
		out.Layer(Name, d.describe)
		return
	}
	d.section(out, h, dir, fragment)
	if cap(k.fragments) > maxKeptBlock {
		k.fragments = nil
	}
}

// maxKeptBlock bounds the memory that a direction holds on to for its blocks.
const maxKeptBlock = 16 << 10

// section decodes a whole header block and begins or ends a message with it.
func (d *dissector) section(out dissect.Sink, h *half, dir layer.Direction, fragments []byte) {
	k := &h.block
	d.shown.head = out.Recording()
	hd := d.decode(out, h, fragments)
	s, x := d.message(out, h, dir, hd)
	out.Layer(Name, d.describe)
	d.shown.fields = d.shown.fields[:0]
	if x != nil && !x.said && x.open {
		d.begun = append(d.begun, x)
	}
	if s != nil && k.frame.flags&flagEndStream != 0 && k.frame.kind == frameHeaders && !s.side[dir].ended {
		d.end(out, s, dir)
	}
}

// fragmentOf returns the part of a frame's payload that belongs to the header
// block.
func fragmentOf(f frame, payload []byte) ([]byte, bool) {
	if f.kind == frameContinuation {
		return payload, true
	}
	b, ok := unpad(f, payload)
	if !ok {
		return nil, false
	}
	skip := 0
	if f.kind == framePushPromise {
		skip = 4
	} else if f.flags&flagPriority != 0 {
		skip = prioritySize
	}
	if len(b) < skip {
		return nil, false
	}
	return b[skip:], true
}

// promiseOf returns a PUSH_PROMISE frame's promised stream, in four bytes.
func promiseOf(f frame, payload []byte) []byte {
	b, _ := unpad(f, payload)
	return b[:4]
}
