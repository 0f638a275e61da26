package http2

import (
	"encoding/binary"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// errorName returns an error code's name (RFC 9113 section 7).
func errorName(code uint32) string {
	if int64(code) < int64(len(errorNames)) {
		return errorNames[code]
	}
	return "0x" + strconv.FormatUint(uint64(code), 16)
}

// control takes a frame without content. It returns the facts of one that is
// worth keeping.
func (d *dissector) control(out dissect.Sink, f frame, payload []byte, dir layer.Direction, first, last layer.PacketRef) []flow.Fact {
	switch f.kind {
	case frameSettings:
		d.settings(out, f, payload, dir, last)
	case frameWindowUpdate:
		d.windowUpdate(out, f, payload, dir, last)
	case frameReset:
		d.reset(out, f, binary.BigEndian.Uint32(payload), dir, last)
	case frameGoAway:
		return d.goAway(out, payload, dir, last)
	case frameData:
		out.Problem(Name, "DATA frame on no stream (RFC 9113 section 6.1)")
	}
	return nil
}

// goAway takes a GOAWAY frame (section 6.8): the sender opens no more streams
// and acts on none beyond the last one that it names.
func (d *dissector) goAway(out dissect.Sink, payload []byte, dir layer.Direction, at layer.PacketRef) []flow.Fact {
	g := flow.GoAway{
		Dir: dir, At: at, LastStream: uint64(binary.BigEndian.Uint32(payload) &^ (1 << 31)), Code: errorName(binary.BigEndian.Uint32(payload[4:])),
	}
	if len(d.conn.GoAways) < flow.MaxGoAways {
		d.conn.GoAways = append(d.conn.GoAways, g)
	}
	out.HTTP2(d.conn)
	facts := []flow.Fact{{Key: "code", Value: g.Code}, {Key: "last-stream", Value: strconv.FormatUint(g.LastStream, 10)}}
	if debug := payload[8:]; len(debug) > 0 {
		const longest = 256
		facts = append(facts, flow.Fact{Key: "debug-data", Value: layer.Clip(debug, longest)})
	}
	return facts
}

// reset ends a stream by an RST_STREAM frame (section 6.4): what is open of it
// is cut off.
func (d *dissector) reset(out dissect.Sink, f frame, code uint32, dir layer.Direction, at layer.PacketRef) {
	d.conn.Resets[dir]++
	out.HTTP2(d.conn)
	s := d.streams[f.stream]
	if s == nil {
		return
	}
	by := "client"
	if dir == layer.ToClient {
		by = "server"
	}
	facts := []flow.Fact{{Key: "reset", Value: errorName(code)}, {Key: "reset-by", Value: by}}
	if s.call.IsGRPC() && dir == layer.ToServer {
		facts = d.cancelled(s, facts, code, at)
	}
	answer := &s.side[layer.ToClient]
	unanswered := !answer.final && !answer.ended
	for side := range s.side {
		if x := &s.side[side]; x.open {
			x.msg.Facts = append(x.msg.Facts, facts...)
			d.finish(out, s, layer.Direction(side), flow.Cut)
		}
	}
	if unanswered && (s.side[layer.ToServer].final || s.name != "") {
		d.unanswered(out, s, facts, dir, at)
	}
	d.forget(s)
}

// unanswered tells that no response comes: the reset stands for it. One that
// the client sent is no packet of the server's.
func (d *dissector) unanswered(out dissect.Sink, s *exchange, facts []flow.Fact, by layer.Direction, at layer.PacketRef) {
	m := flow.Message{
		Protocol: s.protocol, Kind: "response", Dir: layer.ToClient, Role: flow.Response, State: flow.Cut, Key: uint64(s.id), Stream: uint64(s.id),
		Facts: facts, Status: http.CallStatus(facts),
	}
	if !s.side[layer.ToServer].final {
		m.Name = s.name
	}
	if by == layer.ToClient {
		m.First, m.Last, m.Bytes = at, at, headerSize+4
		m.Packets.Add(at.Number)
	}
	out.Message(&m)
}

// cancelled adds what a client's CANCEL says of a call: the call's status is
// then the client's own, and a deadline that has passed is the likely reason.
func (d *dissector) cancelled(s *exchange, facts []flow.Fact, code uint32, at layer.PacketRef) []flow.Fact {
	const cancel = 8
	request := &s.side[layer.ToServer].msg
	if code != cancel || !request.First.Valid() {
		return facts
	}
	status := "1" // CANCELLED
	if limit, ok := http.Timeout(http.Fact(request.Facts, "grpc-timeout")); ok && at.Since(request.First) >= limit-limit/tolerance {
		status = "4" // DEADLINE_EXCEEDED
	}
	return append(facts, flow.Fact{Key: "status-basis", Value: "the client's RST_STREAM"}, flow.Fact{Key: "grpc-status", Value: status})
}

// tolerance is the part of a deadline by which a client may be early: it took
// the time before the request left.
const tolerance = 20
