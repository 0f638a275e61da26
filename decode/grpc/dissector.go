package grpc

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/protobuf"
	"github.com/wiresight/wiresight/decode/stream"
)

// dissector reads both directions of one call.
type dissector struct {
	half   [2]half
	style  http.Style
	call   string // "/package.Service/Method", "" where it was not seen
	coding string // of compressed messages, as the request names it
	json   bool   // messages are JSON
	schema *protobuf.Schema

	out      dissect.Sink // while Feed and Finish run
	stream   uint64
	facts    []flow.Fact
	unit     *stream.Unit // that describe describes
	describe func() layer.Layer
}

// half is one direction.
type half struct {
	units   stream.Units
	text    http.Base64
	decoded []byte
	offset  int64
	broken  bool // nothing more can be read
}

func newDissector(c dissect.Context) *dissector {
	contentType := c.Fact("content-type")
	d := &dissector{
		style: http.StyleOf(contentType), call: http.CallName(c.Fact("request")), coding: http.MessageEncoding(c.Facts),
		json: isJSON(contentType), schema: c.Schema,
	}
	d.describe = d.layer
	for dir := range d.half {
		d.half[dir].units.Most = http.PrefixSize
	}
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	h := &d.half[c.Dir]
	if h.broken {
		return
	}
	d.out, d.stream = out, c.Stream
	h.units.Most = http.PrefixSize
	if out.Recording() || reflects(d.call) {
		h.units.Most = layer.KeepData
	}
	if d.style == http.GRPCWebText {
		if c.Gap > 0 { // it is not known where a group of four begins
			h.broken = true
			h.units.Finish(c.Dir, d)
			return
		}
		h.decoded = h.text.Append(h.decoded[:0], c.Data)
		c.Data, c.Offset = h.decoded, h.offset
		h.offset += int64(len(h.decoded))
	}
	if len(c.Data) > 0 || c.Gap > 0 {
		h.units.Feed(c, d)
	}
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.half {
		if h := &d.half[dir]; !h.broken {
			h.units.Finish(layer.Direction(dir), d)
		}
	}
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(_ layer.Direction, b []byte) int64 {
	if b[0]&^d.flags() != 0 {
		return -1
	}
	if len(b) < http.PrefixSize {
		return 0
	}
	return http.PrefixSize + int64(binary.BigEndian.Uint32(b[1:]))
}

// flags are those that a prefix of the call's style may have.
func (d *dissector) flags() byte {
	switch d.style {
	case http.GRPC:
		return http.Compressed
	case http.Connect:
		return http.Compressed | http.EndStream
	}
	return http.Compressed | http.Trailers
}

// Begins implements stream.UnitReader: a chunk begins with a message where its
// messages end with it.
func (d *dissector) Begins(dir layer.Direction, b []byte) bool {
	for len(b) >= http.PrefixSize {
		n := d.Measure(dir, b)
		if n < 0 || n > int64(len(b)) {
			return false
		}
		if b = b[n:]; len(b) == 0 {
			return true
		}
	}
	return false
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(dir layer.Direction, missing bool) {
	if !missing {
		d.out.Problem(Name, "no message's prefix where one should stand")
	}
}

// Unit implements stream.UnitReader: it takes a message.
func (d *dissector) Unit(u *stream.Unit) {
	if len(u.Head) < http.PrefixSize {
		return // of one that was cut off nothing is known yet
	}
	m := flow.Message{Protocol: Name, Kind: "message", Stream: d.stream, Name: d.call, Keep: true}
	u.Fill(&m)
	flags := u.Head[0]
	switch {
	case flags&http.Trailers != 0:
		m.Kind, m.Keep = "trailers", false
	case d.style == http.Connect && flags&http.EndStream != 0:
		m.Kind, m.Keep = "end-stream", false
	}
	if flags&http.Compressed != 0 {
		d.facts = append(d.facts[:0], flow.Fact{Key: "compressed", Value: d.codingName()})
		m.Facts = d.facts
	}
	d.out.Message(&m)
	if m.State != flow.Complete {
		return
	}
	if reflects(d.call) && m.Kind == "message" && u.Dir == layer.ToClient && u.Whole() {
		d.learn(u)
	}
	d.unit = u
	d.out.Layer(Name, d.describe)
	d.unit = nil
}

func (d *dissector) codingName() string {
	if d.coding == "" || d.coding == "identity" {
		return "present"
	}
	return d.coding
}
