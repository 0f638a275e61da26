package http1

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// maxTrailer bounds a trailer section.
const maxTrailer = 16 << 10

// pass counts bytes of a body or of a chunk's data; n are there.
func (d *dissector) pass(out dissect.Sink, h *half, dir layer.Direction, n int) bool {
	n = int(min(h.rest, int64(n)))
	h.rest -= int64(n)
	h.content(out, n)
	if h.rest > 0 {
		return false
	}
	if h.phase == chunkData {
		h.phase = chunkEnd
	} else {
		d.done(out, h, dir, flow.Complete)
	}
	return true
}

// chunk reads a chunk's size line.
func (d *dissector) chunk(out dissect.Sink, h *half, dir layer.Direction, b []byte) bool {
	length, size, ok := chunkLine(b)
	if !ok {
		return d.malformed(out, h, dir, "malformed chunk size (RFC 9112 section 7.1)")
	}
	if size == 0 {
		return false
	}
	h.take(size)
	h.phase, h.rest = chunkData, length
	if length == 0 {
		h.phase = inTrailer
	}
	return true
}

// chunkEnd reads the line end behind a chunk's data.
func (d *dissector) chunkEnd(out dissect.Sink, h *half, dir layer.Direction, b []byte) bool {
	size := 1
	if b[0] == '\r' {
		size = 2
		if len(b) < 2 {
			return false
		}
	}
	if b[size-1] != '\n' {
		return d.malformed(out, h, dir, "a chunk's data is longer than its size (RFC 9112 section 7.1)")
	}
	h.take(size)
	h.phase = chunkSize
	return true
}

// trailer reads one line of the trailer section (RFC 9112 section 7.1.2).
func (d *dissector) trailer(out dissect.Sink, h *half, dir layer.Direction, b []byte) bool {
	i := bytes.IndexByte(b, '\n')
	n := i + 1
	if i < 0 {
		n = len(b)
	}
	if h.rest+int64(n) > maxTrailer {
		return d.malformed(out, h, dir, "trailer section of more than 16 KiB")
	}
	if i < 0 {
		return false
	}
	d.trailerField(out, h, b[:n])
	h.take(n)
	h.rest += int64(n)
	if i == 0 || i == 1 && b[0] == '\r' {
		d.done(out, h, dir, flow.Complete)
	}
	return true
}

// trailerField takes what is known of a trailer's line into the message's facts.
func (d *dissector) trailerField(out dissect.Sink, h *half, b []byte) {
	lines := section{rest: b}
	f, colon, ok := lines.next()
	if !ok || !colon {
		return
	}
	if h.rest == 0 {
		h.msg.Facts = append(h.msg.Facts, flow.Fact{Key: "trailers", Value: "present"})
	}
	if k := http.Lookup(f.name); k != nil && len(h.msg.Facts) < http.MaxFacts {
		d.notes.Status(nil)
		d.notes.Field(k, f.value)
		_, facts := d.notes.Take(nil)
		h.msg.Facts = append(h.msg.Facts, facts...)
	}
	if out.Recording() && len(h.trailers) < maxDescribed {
		l := layer.Field{Name: "http.trailer", Value: layer.Clip(f.value, http.MaxName)} // shown beside the head, which has no such bytes
		describeField(&l, f)
		h.trailers = append(h.trailers, l)
	}
}

// skipGap passes over missing bytes. Those of a body do no harm where its
// framing is known beyond them.
func (d *dissector) skipGap(out dissect.Sink, h *half, c dissect.Chunk) {
	gap := int64(c.Gap)
	switch {
	case h.phase == untilClose, (h.phase == inBody || h.phase == chunkData) && gap <= h.rest:
		h.body += gap
		h.missing += gap
		h.innerGap = min(h.innerGap+c.Gap, dissect.UnknownGap)
		h.msg.Bytes += gap
		if h.phase == untilClose {
			return
		}
		if h.rest -= gap; h.rest > 0 {
			return
		}
		if h.phase == chunkData {
			h.phase = chunkEnd
			return
		}
		d.done(out, h, c.Dir, flow.Cut) // its end was not seen
	case d.resumesChunks(h, c):
		h.in.Reset()
		h.body += gap
		h.missing += gap
		h.innerGap = dissect.UnknownGap // chunk lines are among the missing bytes
		h.msg.Bytes += gap
		h.phase, h.rest = chunkSize, 0
	case h.phase == waiting:
		h.missed += c.Gap + h.in.Len()
		h.in.Reset()
	case h.phase == inTunnel:
		h.missed += c.Gap
	default:
		if h.phase == atStart {
			d.cutHead(out, h, c.Dir)
		}
		d.done(out, h, c.Dir, flow.Cut)
		h.lose()
	}
}

// resumesChunks reports whether a chunked response goes on behind missing bytes:
// no other request waits for an answer, which could have begun there, and the
// packet is made of whole chunks. So a stream of events survives.
func (d *dissector) resumesChunks(h *half, c dissect.Chunk) bool {
	switch h.phase {
	case chunkSize, chunkData, chunkEnd:
	default:
		return false
	}
	if c.Dir != layer.ToClient || len(d.half[layer.ToServer].pending) > 0 {
		return false
	}
	b := c.Data
	for len(b) > 0 {
		length, size, ok := chunkLine(b)
		if !ok || size < 2 || b[size-2] != '\r' {
			return false
		}
		b = b[size:]
		if length > int64(len(b)-2) || b[length] != '\r' || b[length+1] != '\n' {
			return false
		}
		if b = b[length+2:]; length == 0 {
			return len(b) == 0
		}
	}
	return len(c.Data) > 0
}
