package http2

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// window is how much DATA a sender may still send, on a stream or on the whole
// connection (RFC 9113 section 5.2), as far as the capture shows.
type window struct {
	left  int64
	known bool
	// used is the packet whose DATA used up the window while more was to come,
	// opened the one that opened it again.
	used, opened layer.PacketRef
}

// spend takes bytes that were sent; more tells that the sender has not ended
// the stream with them.
func (w *window) spend(n int64, more bool, at layer.PacketRef) {
	w.left -= n
	if w.known && w.left <= 0 && more && n > 0 {
		w.used, w.opened = at, layer.PacketRef{}
	}
}

// open adds what the receiver grants.
func (w *window) open(n int64, at layer.PacketRef) {
	w.left += n
	if w.left > 0 && w.used.Valid() && !w.opened.Valid() {
		w.opened = at
	}
}

// resumed returns the time in which the sender was held up, now that it goes
// on: it had more to send, or it would not.
func (w *window) resumed() (from, to layer.PacketRef, ok bool) {
	if !w.used.Valid() || !w.opened.Valid() {
		return from, to, false
	}
	from, to = w.used, w.opened
	w.used, w.opened = layer.PacketRef{}, layer.PacketRef{}
	return from, to, to.Nanos >= from.Nanos
}

// flowed accounts for a DATA frame. All of its payload counts, padding
// included.
func (d *dissector) flowed(out dissect.Sink, h *half, f frame, dir layer.Direction, at layer.PacketRef) {
	more := f.flags&flagEndStream == 0
	changed := false
	if f.length > 0 {
		changed = d.resume(&h.window, dir, 0)
	}
	h.window.spend(int64(f.length), more, at)
	if s := d.streams[f.stream]; s != nil {
		w := &s.side[dir].window
		if f.length > 0 && d.resume(w, dir, f.stream) {
			changed = true
		}
		w.spend(int64(f.length), more, at)
	}
	if changed {
		out.HTTP2(d.conn)
	}
}

// resume notes a time that a sender was held up.
func (d *dissector) resume(w *window, dir layer.Direction, id uint32) bool {
	from, to, ok := w.resumed()
	if !ok {
		return false
	}
	d.conn.BlockedTotal++
	if len(d.conn.Blocked) < flow.MaxBlocked {
		d.conn.Blocked = append(d.conn.Blocked, flow.FlowBlock{Dir: dir, Stream: uint64(id), From: from, To: to})
	}
	return true
}

// windowUpdate takes a WINDOW_UPDATE frame: it lets the other side send.
func (d *dissector) windowUpdate(out dissect.Sink, f frame, payload []byte, dir layer.Direction, at layer.PacketRef) {
	n := int64(binary.BigEndian.Uint32(payload) &^ (1 << 31))
	if n == 0 {
		out.Problem(Name, "WINDOW_UPDATE of 0 bytes (RFC 9113 section 6.9)")
	}
	if f.stream == 0 {
		d.half[dir.Reverse()].window.open(n, at)
	} else if s := d.streams[f.stream]; s != nil {
		s.side[dir.Reverse()].window.open(n, at)
	}
}

// rewindow applies a new SETTINGS_INITIAL_WINDOW_SIZE to the streams that are
// open (section 6.9.2).
func (d *dissector) rewindow(sender layer.Direction, before, now uint32, at layer.PacketRef) {
	for _, s := range d.streams {
		s.side[sender].window.open(int64(now)-int64(before), at)
	}
}

// newWindow returns a new stream's window for what a direction sends.
func (d *dissector) newWindow(sender layer.Direction) window {
	if s := &d.conn.Settings[sender.Reverse()]; s.Seen {
		return window{left: int64(s.InitialWindow), known: true}
	}
	return window{left: initialWindow, known: !d.midStream}
}
