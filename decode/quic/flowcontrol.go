package quic

import (
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// flowLimit follows one limit of flow control (RFC 9000 section 4) and the times
// in which it kept its sender from sending.
type flowLimit struct {
	limit    uint64
	known    bool            // limit was declared: by a transport parameter or a frame
	since    layer.PacketRef // the limit was reached, or said to block
	at       uint64          // the limit that was reached then
	declared bool            // the sender said so
	raised   layer.PacketRef // since then the limit was raised
}

// blocks collects the times in which flow control blocked.
type blocks struct {
	q      *flow.QUIC
	dir    layer.Direction
	what   flow.QUICLimit
	stream uint64
}

func (b *blocks) add(l *flowLimit, to layer.PacketRef, open bool) {
	b.q.BlockedTotal++
	if len(b.q.Blocked) < flow.MaxQUICBlocks {
		b.q.Blocked = append(b.q.Blocked, flow.QUICBlock{
			Dir: b.dir, What: b.what, Stream: b.stream, Limit: l.at, Declared: l.declared, From: l.since, To: to, Open: open,
		})
	}
}

func (l *flowLimit) clear() {
	l.since, l.raised, l.declared = layer.PacketRef{}, layer.PacketRef{}, false
}

// start sets the limit of a transport parameter.
func (l *flowLimit) start(limit uint64) {
	if !l.known || limit > l.limit {
		l.limit, l.known = limit, true
	}
}

// sent takes note that the sender has used so much of its limit; last tells that
// it has no more to send.
func (l *flowLimit) sent(used uint64, at layer.PacketRef, last bool, b blocks) {
	if l.raised.Valid() && used > l.at { // it had waited for that
		b.add(l, l.raised, false)
		l.clear()
	}
	if l.known && used >= l.limit && !last && !l.since.Valid() {
		l.since, l.at = at, l.limit
	}
}

// block takes a frame by which the sender says that it is blocked.
func (l *flowLimit) block(limit uint64, at layer.PacketRef) {
	if l.known && limit < l.limit { // raised meanwhile
		return
	}
	if !l.since.Valid() {
		l.since = at
	}
	l.at, l.declared = limit, true
}

// raise takes a frame by which the receiver raises the limit.
func (l *flowLimit) raise(limit uint64, at layer.PacketRef, b blocks) {
	if l.known && limit <= l.limit {
		return
	}
	l.limit, l.known = limit, true
	if !l.since.Valid() || limit <= l.at || l.raised.Valid() {
		return
	}
	if l.declared {
		b.add(l, at, false)
		l.clear()
		return
	}
	l.raised = at
}

// finish says a block that nobody ended.
func (l *flowLimit) finish(last layer.PacketRef, b blocks) {
	if l.declared && l.since.Valid() {
		b.add(l, last, true)
	}
	l.clear()
}
