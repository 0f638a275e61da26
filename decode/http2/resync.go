package http2

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// lose is called when it is not known where a direction's next frame begins,
// nor what frames were missed: header blocks among them have changed the table,
// and a stream may have ended.
func (d *dissector) lose(h *half) {
	h.phase, h.scanned, h.candidates, h.late = lost, 0, h.candidates[:0], true
	h.decoder.table.forget()
	h.block.open = false
	h.window.known = false
	h.sent = nil
}

// skipGap passes over missing bytes. Within a frame whose length is known they
// harm that frame only.
func (d *dissector) skipGap(out dissect.Sink, h *half, c dissect.Chunk) {
	gap := int64(c.Gap)
	switch {
	case h.phase == inData && gap <= h.rest:
		d.missData(out, h, c.Dir, gap)
		return
	case h.phase == skipping && gap <= h.rest:
		if h.rest -= gap; h.rest == 0 {
			h.phase = atFrame
		}
		return
	case h.phase == atFrame && h.in.Len() >= headerSize:
		f := parseFrame(h.in.Bytes())
		if rest := int64(headerSize+f.length-h.in.Len()) - gap; rest >= 0 {
			d.missFrame(h, c.Dir, f, rest)
			return
		}
	}
	if h.sent != nil {
		h.sent.missing = true
	}
	h.in.Reset()
	d.lose(h)
	d.doubt(c.Dir)
}

// missFrame passes over the rest of a frame of which bytes are missing.
func (d *dissector) missFrame(h *half, dir layer.Direction, f frame, rest int64) {
	h.in.Reset()
	h.late = true
	switch f.kind {
	case frameHeaders, frameContinuation, framePushPromise:
		h.decoder.table.forget()
		h.block.open = false
		if s := d.streams[f.stream]; s != nil {
			for i := range s.side {
				s.side[i].missing = true
			}
		}
	case frameData:
		if s := d.streams[f.stream]; s != nil {
			s.side[dir].missing = true
			s.lose(dir)
		}
	case frameWindowUpdate, frameSettings:
		for dir := range d.half {
			d.half[dir].window.known = false
		}
	}
	h.data, h.rest, h.phase = f, rest, skipping
	if rest == 0 {
		h.phase = atFrame
	}
}

// doubt marks the open messages of a direction as incomplete: frames of theirs
// may be missing, and whoever reads their bodies must find its place again.
// Windows that the direction's frames open are not known any more.
func (d *dissector) doubt(dir layer.Direction) {
	d.half[dir.Reverse()].window.known = false
	for _, s := range d.streams {
		s.side[dir].missing = true
		s.lose(dir)
		for i := range s.side {
			s.side[i].window.known = false
		}
	}
}

// lose tells who reads a body that nobody knows how much of it is missing.
func (s *exchange) lose(dir layer.Direction) {
	s.side[dir].gap = dissect.UnknownGap
	if dir == layer.ToServer {
		s.waiting = nil
	}
	if s.call != nil {
		s.call.Lost(dir)
	}
}

// maxCandidates bounds the places that look like a frame so far.
const maxCandidates = 32

// search looks for a place where frames begin, byte by byte: where several in a
// row look like frames. Places where more bytes must come to tell are asked
// again; a later one that is certain does not wait for them. It reports whether
// one was found.
func (d *dissector) search(h *half, dir layer.Direction, b []byte) bool {
	most := d.most(dir)
	waiting := h.candidates[:0]
	for _, at := range h.candidates {
		switch m, _ := chain(b[at:], most); m {
		case dissect.Yes:
			return h.resume(at)
		case dissect.More:
			waiting = append(waiting, at)
		}
	}
	for ; h.scanned < len(b); h.scanned++ {
		switch m, _ := chain(b[h.scanned:], most); m {
		case dissect.Yes:
			return h.resume(h.scanned)
		case dissect.More:
			waiting = append(waiting, h.scanned)
		}
	}
	for len(waiting) > 0 && (len(waiting) > maxCandidates || len(b)-waiting[0] > maxSearch) {
		waiting = waiting[1:]
	}
	first := h.scanned
	if len(waiting) > 0 {
		first = waiting[0]
	}
	h.in.Take(first, nil)
	h.scanned -= first
	h.candidates = h.candidates[:0]
	for _, at := range waiting {
		h.candidates = append(h.candidates, at-first)
	}
	return false
}

// resume goes on at a place where frames begin.
func (h *half) resume(at int) bool {
	h.in.Take(at, nil)
	h.candidates, h.scanned, h.phase = h.candidates[:0], 0, atFrame
	return true
}
