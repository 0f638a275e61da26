package sse

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of what is kept of an event.
const (
	maxName  = 128
	maxValue = 256
	maxShown = 16 << 10 // of a field that is described
)

// event is what the lines of a block say (section 9.2.6). Its slices borrow
// the block.
type event struct {
	name, id, retry []byte
	data            int // bytes, of all data lines joined by line feeds
	dispatched      bool
}

// line is one field line: name, then the value from byte value on.
type line struct {
	name, value []byte
	at, from    int // where in the block the line and its value begin
	size        int // without its end
}

// lines calls each for the field lines of a block.
func lines(block []byte, each func(line)) {
	for at := 0; at < len(block); {
		n := bytes.IndexAny(block[at:], "\r\n")
		size := n
		if n < 0 {
			n, size = len(block)-at, len(block)-at
		}
		l := line{name: block[at : at+size], at: at, from: at + size, size: size}
		if i := bytes.IndexByte(l.name, ':'); i >= 0 {
			l.from = at + i + 1
			if l.from < at+size && block[l.from] == ' ' {
				l.from++
			}
			l.name, l.value = l.name[:i], block[l.from:at+size]
		}
		if size > 0 {
			each(l)
		}
		at += n + 1
	}
}

// parse reads a block.
func parse(block []byte) (e event) {
	lines(block, func(l line) {
		switch string(l.name) {
		case "event":
			e.name = l.value
		case "data":
			if e.dispatched {
				e.data++
			}
			e.data += len(l.value)
			e.dispatched = true
		case "id":
			if bytes.IndexByte(l.value, 0) < 0 {
				e.id = l.value
			}
		case "retry":
			if len(l.value) > 0 && len(bytes.Trim(l.value, "0123456789")) == 0 {
				e.retry = l.value
			}
		}
	})
	return e
}

// join returns the data of a block's lines.
func join(block []byte) []byte {
	var data [][]byte
	lines(block, func(l line) {
		if string(l.name) == "data" {
			data = append(data, l.value)
		}
	})
	if len(data) == 1 {
		return data[0]
	}
	return bytes.Join(data, []byte("\n"))
}

// event says the event that the block holds. One without data only sets the
// time to reconnect, or the last event's id.
func (d *dissector) event(out dissect.Sink) {
	e := parse(d.block)
	kind := "event"
	if !e.dispatched {
		if kind = "retry"; e.retry == nil {
			return
		}
	}
	d.say(out, kind, &e, flow.Complete)
	out.Layer(Name, d.describe)
}

func (d *dissector) say(out dissect.Sink, kind string, e *event, s flow.State) {
	name, facts := "", d.facts[:0]
	if e.dispatched {
		if name = "message"; len(e.name) > 0 {
			name = layer.Clip(e.name, maxName)
		}
	}
	if len(e.id) > 0 {
		facts = append(facts, flow.Fact{Key: "id", Value: layer.Clip(e.id, maxValue)})
	}
	if len(e.retry) > 0 {
		facts = append(facts, flow.Fact{Key: "retry", Value: layer.Clip(e.retry, maxName)})
	}
	if e.dispatched && !d.clipped {
		facts = append(facts, flow.Fact{Key: "data-bytes", Value: strconv.Itoa(e.data)})
		if s == flow.Complete {
			method := ""
			if method, facts = http.Text(join(d.block), facts); method != "" {
				facts = append(facts, flow.Fact{Key: "method", Value: method})
			}
		}
	}
	d.facts = facts
	d.msg = flow.Message{
		Protocol: Name, Kind: kind, Dir: layer.ToClient, Stream: d.stream, State: s, Name: name, Facts: facts,
		First: d.msg.First, Last: d.msg.Last, Packets: d.packets, Bytes: d.msg.Bytes, Keep: true,
	}
	out.Message(&d.msg)
}

// sayComment says the comment that is the block's last line. Servers send them
// to keep the connection from being closed (section 9.2.7).
func (d *dissector) sayComment(out dissect.Sink) {
	size := int64(len(d.block) - d.line)
	out.Message(&flow.Message{
		Protocol: Name, Kind: "comment", Dir: layer.ToClient, Stream: d.stream,
		First: d.at, Last: d.at, Bytes: size, Keep: true,
	})
	block := d.block[d.line:]
	out.Layer(Name, func() layer.Layer {
		text := bytes.TrimRight(block, "\r\n")
		return layer.Layer{
			Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(block), Data: bytes.Clone(block),
			Summary: "Event stream: comment",
			Fields:  []layer.Field{{Name: "sse.comment", Value: layer.Clip(text[1:], maxShown), Offset: 1, Length: len(text) - 1}},
		}
	})
}

// layer describes the event in block. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: int(d.msg.Bytes), Data: bytes.Clone(d.block)}
	for _, n := range d.packets.List() {
		l.Packets = append(l.Packets, int(n))
	}
	lines(d.block, func(n line) {
		f := layer.Field{Name: "sse.field", Value: layer.Clip(n.value, maxShown), Offset: n.from, Length: len(n.value)}
		switch string(n.name) {
		case "event", "data", "id", "retry":
			f.Name = "sse." + string(n.name)
		default:
			f.Value, f.Offset, f.Length = layer.Clip(n.name, maxName)+": "+f.Value, n.at, n.size
		}
		l.Fields = append(l.Fields, f)
	})
	l.Summary = "Event stream: retry after " + http.Fact(d.msg.Facts, "retry") + " ms"
	if d.msg.Kind == "event" {
		l.Summary = fmt.Sprintf("Event stream: %s", d.msg.Name)
		if n := http.Fact(d.msg.Facts, "data-bytes"); n != "" {
			l.Summary += ", " + n + " bytes"
		}
	}
	return l
}
