package sse

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// maxBlock bounds what is kept of one event while it is read; more is counted
// only.
const maxBlock = layer.KeepData

// dissector reads one stream. The lines of an event gather in block until an
// empty line ends it.
type dissector struct {
	decoder *http.Decoder // nil where the stream is not compressed
	coding  string        // that cannot be undone, "" for none
	broken  bool          // nothing more can be read
	at      layer.PacketRef
	stream  uint64

	block   []byte
	line    int  // where in block the line begins
	length  int  // bytes of the line so far
	cr      bool // the line before ended with CR: an LF belongs to it
	first   bool // no line has ended yet: a byte order mark may stand before the first
	lost    bool // looking for an empty line, behind missing bytes
	clipped bool // block is not all of the event

	msg      flow.Message
	packets  flow.Packets
	facts    []flow.Fact
	describe func() layer.Layer
}

func newDissector(c *dissect.Context) *dissector {
	d := &dissector{first: true, lost: c.MidStream}
	d.describe = d.layer
	if coding := c.Fact("content-encoding"); http.Coded(coding) {
		var err error
		if d.decoder, err = http.NewDecoder(coding); err != nil {
			d.coding = coding
		}
	}
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if c.Dir != layer.ToClient || d.broken {
		return
	}
	d.at, d.stream = c.At, c.Stream
	if c.Gap > 0 {
		d.skip(out)
	}
	switch {
	case d.broken:
	case d.coding != "":
		d.give(out, "an event stream whose content coding is not known: "+d.coding)
	case d.decoder != nil:
		if err := d.decoder.Write(c.Data, func(b []byte) { d.read(out, b) }); err != nil {
			d.cut(out)
			d.give(out, "an event stream that cannot be decoded: "+err.Error())
		}
	default:
		d.read(out, c.Data)
	}
}

// skip passes over missing bytes. What is compressed cannot be read behind
// them.
func (d *dissector) skip(out dissect.Sink) {
	d.cut(out)
	d.lost, d.cr, d.length = true, false, 1 // within a line, for all that is known
	if d.decoder != nil {
		d.give(out, "a compressed event stream cannot be read on where bytes of it are missing")
	}
}

// give gives the stream up.
func (d *dissector) give(out dissect.Sink, why string) {
	d.broken = true
	out.Problem(Name, why)
}

// read takes the stream's next bytes apart into lines, which end with CR, LF or
// both.
func (d *dissector) read(out dissect.Sink, b []byte) {
	for len(b) > 0 {
		if d.cr {
			d.cr = false
			if b[0] == '\n' {
				d.keep(b[:1], false)
				b = b[1:]
				continue
			}
		}
		i := bytes.IndexAny(b, "\r\n")
		if i < 0 {
			d.keep(b, true)
			d.length += len(b)
			return
		}
		d.cr = b[i] == '\r'
		empty := d.length+i == 0
		d.keep(b[:i+1], !empty)
		d.length += i
		b = b[i+1:]
		d.lineEnd(out, empty)
	}
}

// keep appends bytes to the event. Those of a line that is not empty begin one.
func (d *dissector) keep(b []byte, begins bool) {
	if d.lost || len(d.block) == 0 && !d.clipped && !begins {
		return
	}
	if d.msg.Bytes == 0 {
		d.msg.First = d.at
		d.packets.Reset()
	}
	d.msg.Bytes += int64(len(b))
	d.msg.Last = d.at
	d.packets.Add(d.at.Number)
	if n := min(len(b), maxBlock-len(d.block)); n < len(b) {
		d.block, d.clipped = append(d.block, b[:n]...), true
	} else {
		d.block = append(d.block, b...)
	}
}

// lineEnd ends a line; an empty one ends the event.
func (d *dissector) lineEnd(out dissect.Sink, empty bool) {
	d.length = 0
	switch {
	case empty && d.lost:
		d.lost, d.first = false, false
		return
	case empty:
		d.event(out)
		d.reset()
		return
	case d.lost:
		return
	}
	if d.first {
		d.first = false
		d.block = bytes.TrimPrefix(d.block, []byte("\xef\xbb\xbf"))
	}
	if d.line < len(d.block) && d.block[d.line] == ':' {
		d.sayComment(out)
		d.block = d.block[:d.line]
		if d.line == 0 {
			d.reset()
		}
	}
	d.line = len(d.block)
}

// reset makes ready for the next event.
func (d *dissector) reset() {
	d.block, d.line, d.clipped, d.msg.Bytes = d.block[:0], 0, false, 0
	if cap(d.block) > http.MaxText {
		d.block = nil
	}
}

// cut says an event that is not whole, if there is one. The standard lets a
// client discard it.
func (d *dissector) cut(out dissect.Sink) {
	if e := parse(d.block); e.dispatched {
		d.say(out, "event", &e, flow.Cut)
	}
	d.reset()
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	if !d.broken {
		d.cut(out)
	}
	if d.decoder != nil {
		d.decoder.Close()
	}
}
