package rtp

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// media reads RTP packets. It is fast rather than thorough: a call has fifty of
// them a second in each direction.
type media struct {
	out     flow.RTP
	sources []*source // parallel to out.Streams
	last    *source
	news    int
	// The packet at hand, for describe, which is bound once so that a packet
	// costs no allocation.
	now      header
	data     []byte
	describe func() layer.Layer
}

func newMedia() *media {
	d := &media{}
	d.describe = func() layer.Layer { return describe(&d.now, d.data) }
	return d
}

// tellEvery is after how many packets what is measured is handed out anew.
const tellEvery = 64

// Feed implements dissect.Dissector.
func (d *media) Feed(out dissect.Sink, c dissect.Chunk) {
	h, ok := parse(c.Data)
	if !ok {
		out.Problem(Name, "no RTP packet where one should be")
		return
	}
	s := d.source(h.ssrc, c.Dir)
	if s != nil {
		s.packet(&h, c.At, len(c.Data)+c.Cut)
		if d.news++; d.news == 1 || d.news%tellEvery == 0 {
			d.tell(out)
		}
	}
	d.now, d.data = h, c.Data
	out.Layer(Name, d.describe)
	d.data = nil
}

// source finds a stream, or begins one; nil where there are too many.
func (d *media) source(ssrc uint32, dir layer.Direction) *source {
	if s := d.last; s != nil && s.ssrc == ssrc && s.dir == dir {
		return s
	}
	for _, s := range d.sources {
		if s.ssrc == ssrc && s.dir == dir {
			d.last = s
			return s
		}
	}
	if len(d.sources) >= flow.MaxRTPStreams {
		d.out.Omitted++
		return nil
	}
	d.last = &source{ssrc: ssrc, dir: dir}
	d.sources = append(d.sources, d.last)
	return d.last
}

// tell hands out what was measured.
func (d *media) tell(out dissect.Sink) {
	told := flow.RTP{Omitted: d.out.Omitted, Streams: make([]flow.RTPStream, len(d.sources))}
	for i, s := range d.sources {
		told.Streams[i] = s.measured()
	}
	out.RTP(&told)
}

// Finish implements dissect.Dissector.
func (d *media) Finish(out dissect.Sink, _ bool) {
	if len(d.sources) > 0 {
		d.tell(out)
	}
}

// describe builds the layer of a packet.
func describe(h *header, b []byte) layer.Layer {
	kind := payloads[h.payloadType].name
	if kind == "" {
		kind = "type " + strconv.Itoa(int(h.payloadType))
	}
	l := layer.Layer{
		Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(b), Data: bytes.Clone(b),
		Summary: fmt.Sprintf("%s, SSRC 0x%08x, seq %d, time %d", kind, h.ssrc, h.sequence, h.stamp),
		Fields: []layer.Field{
			{Name: "rtp.version", Value: "2", Length: 1},
			{Name: "rtp.padding", Value: strconv.FormatBool(h.padding), Length: 1},
			{Name: "rtp.ext", Value: strconv.FormatBool(h.extension), Length: 1},
			{Name: "rtp.cc", Value: strconv.Itoa(h.csrcs), Length: 1},
			{Name: "rtp.marker", Value: strconv.FormatBool(h.marker), Offset: 1, Length: 1},
			{Name: "rtp.p_type", Value: strconv.Itoa(int(h.payloadType)), Offset: 1, Length: 1},
			{Name: "rtp.seq", Value: strconv.Itoa(int(h.sequence)), Offset: atSequence, Length: 2},
			{Name: "rtp.timestamp", Value: strconv.FormatUint(uint64(h.stamp), 10), Offset: atStamp, Length: 4},
			{Name: "rtp.ssrc", Value: fmt.Sprintf("0x%08x", h.ssrc), Offset: atSSRC, Length: 4},
		},
	}
	if h.marker {
		l.Summary += ", mark"
	}
	for i := range h.csrcs {
		if at := fixedSize + 4*i; at+4 <= len(b) {
			l.Fields = append(l.Fields, layer.Field{Name: "rtp.csrc.item", Value: "0x" + hex.EncodeToString(b[at:at+4]), Offset: at, Length: 4})
		}
	}
	if at := min(h.size, len(b)); at < len(b) {
		l.Fields = append(l.Fields, layer.Field{Name: "rtp.payload", Value: strconv.Itoa(len(b)-at) + " bytes", Offset: at, Length: len(b) - at})
	}
	return l
}
