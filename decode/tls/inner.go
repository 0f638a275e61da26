package tls

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// inner is the stream of application data inside the connection.
type inner struct {
	protocol layer.Protocol // what ALPN announced, "" for nothing
	begun    bool
	offset   [2]int64 // of the next byte
	gap      [2]int64 // bytes lost before it
	ended    [2]bool
	early    []earlyData // that the server may still refuse
	earlySum int
	settled  bool // the server will not say what became of it
}

// earlyData is application data that the client sent before the server answered
// (RFC 8446 section 2.3).
type earlyData struct {
	data []byte
	at   layer.PacketRef
}

// maxEarlyData bounds what waits for the server's decision. Servers rarely take
// more than 16 KiB.
const maxEarlyData = 64 << 10

// applicationData hands the content of a record to the protocol inside.
func (d *dissector) applicationData(out dissect.Sink, dir layer.Direction, data []byte, at layer.PacketRef) {
	in := &d.inner
	s := &d.keys.side[dir]
	in.gap[dir] += s.lost
	s.lost = 0
	if s.epoch == epochEarly && !in.settled && !d.facts.earlyDecided() {
		if in.earlySum += len(data); in.earlySum <= maxEarlyData {
			in.early = append(in.early, earlyData{bytes.Clone(data), at})
			return
		}
		in.settled = true
	}
	if s.epoch == epochEarly && d.facts.out.EarlyData == "rejected" {
		return // the client sends it again
	}
	d.decideEarly(out)
	d.inside(out, dir, data, at)
}

func (d *dissector) inside(out dissect.Sink, dir layer.Direction, data []byte, at layer.PacketRef) {
	in := &d.inner
	if in.ended[dir] || len(data) == 0 {
		return
	}
	d.choose(out)
	gap := in.gap[dir]
	in.gap[dir] = 0
	in.offset[dir] += gap
	c := dissect.Chunk{Dir: dir, Data: data, At: at, Offset: in.offset[dir], Gap: int(gap)}
	in.offset[dir] += int64(len(data))
	out.Inner(in.protocol, c)
}

// choose settles which protocol is inside. Where the server has not chosen yet,
// a single offer is what it can choose.
func (d *dissector) choose(out dissect.Sink) {
	in := &d.inner
	if in.begun {
		return
	}
	in.begun = true
	t := d.facts.out
	alpn := t.ALPN
	if alpn == "" && t.EarlyData != "" && len(t.OfferedALPN) == 1 && !d.facts.chosen {
		alpn = t.OfferedALPN[0]
	}
	if alpn != "" {
		in.protocol = out.Announced(alpn)
	}
}

// decideEarly hands on early data that the server took, and forgets what it
// refused.
func (d *dissector) decideEarly(out dissect.Sink) {
	in := &d.inner
	if len(in.early) == 0 || !in.settled && !d.facts.earlyDecided() {
		return
	}
	early := in.early
	in.early = nil
	if d.facts.out.EarlyData == "rejected" {
		return
	}
	for i := range early {
		d.inside(out, d.facts.client, early[i].data, early[i].at)
	}
}

// endData ends one direction of the stream: close_notify (RFC 8446 section 6.1),
// or the transport's end.
func (d *dissector) endData(out dissect.Sink, dir layer.Direction, at layer.PacketRef) {
	in := &d.inner
	if in.ended[dir] || !d.keys.opened {
		return
	}
	d.decideEarly(out)
	in.ended[dir] = true
	if !in.begun {
		return
	}
	out.Inner(in.protocol, dissect.Chunk{Dir: dir, At: at, Offset: in.offset[dir], End: true})
}
