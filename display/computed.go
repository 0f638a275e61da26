package display

import (
	"strconv"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// computation is a field whose values are in no tree of fields.
type computation struct {
	packet func(*Filter, *wiresight.Packet, visit)
	whole  whole
	family layer.Protocol
}

func (c computation) bind(f *Filter) func(*wiresight.Packet, visit) {
	return func(p *wiresight.Packet, v visit) { c.packet(f, p, v) }
}

// of makes a computation that always has one value.
func of(value func(*wiresight.Packet) string) computation {
	return computation{packet: func(_ *Filter, p *wiresight.Packet, v visit) { v(value(p)) }}
}

var computed = map[string]computation{
	"frame.number":       of(func(p *wiresight.Packet) string { return strconv.Itoa(p.Number) }),
	"frame.len":          of(func(p *wiresight.Packet) string { return strconv.Itoa(p.Length) }),
	"frame.cap_len":      of(func(p *wiresight.Packet) string { return strconv.Itoa(len(p.Data)) }),
	"frame.interface_id": of(func(p *wiresight.Packet) string { return strconv.Itoa(p.Interface) }),
	"frame.time":         of(func(p *wiresight.Packet) string { return p.Time.UTC().Format(time.RFC3339Nano) }),
	"frame.time_epoch":   of(func(p *wiresight.Packet) string { return seconds(p.Time.UnixNano()) }),
	"frame.protocols":    of(protocols),
	"frame.comment":      {packet: comments},
	"frame.time_relative": {packet: func(f *Filter, p *wiresight.Packet, v visit) {
		if begun := f.begun.Load(); begun != 0 {
			v(seconds(p.Time.UnixNano() - begun))
		}
	}},
	"_ws.col.info":     of(func(p *wiresight.Packet) string { return p.Summary }),
	"_ws.col.protocol": of(func(p *wiresight.Packet) string { return string(p.Protocol) }),
	"_ws.malformed": {packet: func(_ *Filter, p *wiresight.Packet, v visit) {
		for i := range p.Problems {
			if !v(p.Problems[i].Text) {
				return
			}
		}
	}, whole: func(c *flow.Conversation, v visit) {
		for i := range c.Problems {
			if !v(c.Problems[i].Text) {
				return
			}
		}
	}},
	"wiresight.conversation": {packet: conversationOf(""), whole: conversationID},
	"tcp.stream":             {packet: conversationOf(layer.TCP), whole: conversationID, family: layer.TCP},
	"udp.stream":             {packet: conversationOf(layer.UDP), whole: conversationID, family: layer.UDP},
}

// seconds writes nanoseconds as seconds.
func seconds(nanos int64) string { return strconv.FormatFloat(float64(nanos)/1e9, 'f', 9, 64) }

func protocols(p *wiresight.Packet) string {
	var b []byte
	for i := range p.Layers {
		if i > 0 {
			b = append(b, ':')
		}
		b = append(b, p.Layers[i].Protocol...)
	}
	return string(b)
}

func comments(_ *Filter, p *wiresight.Packet, v visit) {
	for _, c := range p.Comments {
		if !v(c) {
			return
		}
	}
}

// conversationOf yields the id of the packet's conversation, where it has the
// protocol; any for "".
func conversationOf(protocol layer.Protocol) func(*Filter, *wiresight.Packet, visit) {
	return func(_ *Filter, p *wiresight.Packet, v visit) {
		if p.Conversation > 0 && (protocol == "" || spoken{protocol}.packet(p) == yes) {
			v(strconv.Itoa(p.Conversation))
		}
	}
}

func conversationID(c *flow.Conversation, v visit) { v(strconv.Itoa(c.ID)) }
