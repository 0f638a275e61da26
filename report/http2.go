package report

import (
	"fmt"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// http2 says what HTTP/2's frames told of the connection itself.
func (e *encoder) http2(h *flow.HTTP2) {
	if h == nil {
		return
	}
	e.object("http2")
	if h.Settings[layer.ToServer].Seen || h.Settings[layer.ToClient].Seen {
		e.object("settings")
		for dir := range h.Settings {
			e.http2Settings(layer.Direction(dir), &h.Settings[dir])
		}
		e.close('}')
	}
	e.counts("streams", h.Streams)
	if h.Resets.Sum() > 0 {
		e.counts("resets", h.Resets)
	}
	if len(h.GoAways) > 0 {
		e.array("goaways")
		for _, g := range h.GoAways {
			e.open('{')
			e.text("by", sender(g.Dir))
			e.key("packet")
			e.int(int64(g.At.Number))
			e.key("last_stream")
			e.int(int64(g.LastStream))
			e.text("code", g.Code)
			e.close('}')
		}
		e.close(']')
	}
	e.flowBlocks(h)
	e.count("header_fields_unknown", h.HeadersHidden)
	e.close('}')
}

// http2Settings writes one side's SETTINGS, those that it left out with the
// values that hold then.
func (e *encoder) http2Settings(dir layer.Direction, s *flow.HTTP2Settings) {
	if !s.Seen {
		return
	}
	e.object(dir.String())
	e.key("header_table_size")
	e.int(int64(s.HeaderTableSize))
	e.bool("enable_push", s.EnablePush)
	if s.LimitsStreams {
		e.key("max_concurrent_streams")
		e.int(int64(s.MaxStreams))
	}
	e.key("initial_window_size")
	e.int(int64(s.InitialWindow))
	e.key("max_frame_size")
	e.int(int64(s.MaxFrameSize))
	e.count("max_header_list_size", int64(s.MaxHeaderList))
	e.yes("enable_connect_protocol", s.ConnectProtocol)
	e.yes("no_rfc7540_priorities", s.NoPriorities)
	e.count("acknowledged_in", int64(s.Acknowledged.Number))
	e.close('}')
}

// flowBlocks writes when flow control held up a sender.
func (e *encoder) flowBlocks(h *flow.HTTP2) {
	if len(h.Blocked) == 0 {
		return
	}
	e.array("blocked")
	for _, b := range h.Blocked {
		e.open('{')
		e.text("sender", sender(b.Dir))
		e.count("stream", int64(b.Stream))
		e.ints("packets", []int{b.From.Number, b.To.Number})
		e.duration("duration_s", b.To.Since(b.From))
		e.close('}')
	}
	e.close(']')
	e.count("blocked_omitted", h.BlockedTotal-int64(len(h.Blocked)))
}

// http2Facts tells in words what happened to an HTTP/2 connection.
func http2Facts(h *flow.HTTP2) (facts []string) {
	if h == nil {
		return nil
	}
	if h.BlockedTotal > 0 {
		var held time.Duration
		for _, b := range h.Blocked {
			held += b.To.Since(b.From)
		}
		text := fmt.Sprintf("held up by HTTP/2 flow control %s", many(h.BlockedTotal, "time"))
		if h.BlockedTotal == int64(len(h.Blocked)) {
			text += fmt.Sprintf(" for %v in all", held.Round(100*time.Microsecond))
		}
		facts = append(facts, text)
	}
	if n := h.Resets.Sum(); n > 0 {
		facts = append(facts, many(n, "stream")+" reset")
	}
	for _, g := range h.GoAways {
		if g.Code != "NO_ERROR" {
			facts = append(facts, fmt.Sprintf("GOAWAY of the %s with %s", sender(g.Dir), g.Code))
		}
	}
	if h.HeadersHidden > 0 {
		facts = append(facts, many(h.HeadersHidden, "header field")+" not known, as the capture begins late or has gaps")
	}
	return facts
}
