package http2

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// lose is called when it is not known where a direction's next frame begins,
// nor what frames were missed: header blocks among them have changed the table,
// and a stream may have ended.
func (d *dissector) lose(h *half) {
	h.phase, h.scanned, h.late = lost, 0, true
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
			d.missFrame(h, f, rest)
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
func (d *dissector) missFrame(h *half, f frame, rest int64) {
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
// may be missing. Windows that the direction's frames open are not known any
// more.
func (d *dissector) doubt(dir layer.Direction) {
	d.half[dir.Reverse()].window.known = false
	for _, s := range d.streams {
		s.side[dir].missing = true
		for i := range s.side {
			s.side[i].window.known = false
		}
	}
}

// search looks for a place where frames begin, byte by byte: where several in a
// row look like frames. It reports whether one was found.
func (d *dissector) search(h *half, dir layer.Direction, b []byte) bool {
	most := d.most(dir)
	for h.scanned < len(b) {
		m, _ := chain(b[h.scanned:], most)
		if m == dissect.Yes {
			h.in.Take(h.scanned, nil)
			h.scanned, h.phase = 0, atFrame
			return true
		}
		if m == dissect.More && len(b)-h.scanned < maxSearch {
			break
		}
		h.scanned++
	}
	h.in.Take(h.scanned, nil)
	h.scanned = 0
	return false
}
