package nats

import (
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// Bounds of what is kept.
const (
	maxText          = 256
	maxSubscriptions = 16 << 10
	maxCalls         = 4096
	maxPings         = 64
	maxHeaders       = 16
)

// dissector reads both directions of one connection.
type dissector struct {
	units    [2]stream.Units
	out      dissect.Sink
	read     bool
	mayTLS   bool // the server offers TLS, which the client may begin instead of CONNECT
	secured  bool
	queues   map[string]string          // subscription id -> queue group
	calls    map[uint64]layer.Direction // messages that wait for a reply, by reply subject
	pings    [2]struct{ sent, answered uint64 }
	msg      flow.Message
	now      current
	describe func() layer.Layer
}

// current is the operation being described.
type current struct {
	unit      *stream.Unit
	operation operation
}

func newDissector(c dissect.Context) dissect.Dissector {
	d := &dissector{queues: map[string]string{}, calls: map[uint64]layer.Direction{}}
	for i := range d.units {
		d.units[i] = stream.Units{Most: maxLine, Late: c.MidStream}
	}
	d.describe = d.layer
	return d
}

// handshakeRecord is the first byte of a TLS connection.
const handshakeRecord = 0x16

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if d.mayTLS && !d.secured && c.Dir == layer.ToServer && len(c.Data) > 0 && c.Data[0] == handshakeRecord {
		d.secured = true
	}
	if d.secured {
		out.Inner("tls", c)
		return
	}
	d.out = out
	d.units[c.Dir].Feed(c, d)
	d.out = nil
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(_ layer.Direction, b []byte) int64 {
	switch o, enough, ok := parseLine(b); {
	case !enough:
		return 0
	case !ok:
		return -1
	default:
		return o.size()
	}
}

// Begins implements stream.UnitReader.
func (d *dissector) Begins(_ layer.Direction, b []byte) bool {
	_, _, ok := parseLine(b)
	return ok
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(_ layer.Direction, missing bool) {
	switch {
	case missing:
		d.pings = [2]struct{ sent, answered uint64 }{} // those that wait may have been answered
	case d.read:
		d.out.Problem(Name, "no NATS operation where one should begin")
	default:
		d.out.Withdraw()
	}
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	o, _, ok := parseLine(u.Head)
	if !ok {
		return
	}
	d.read = true
	d.msg = flow.Message{Protocol: Name, Kind: strings.ToLower(strings.TrimLeft(o.name, "+-")), Facts: d.msg.Facts[:0]}
	u.Fill(&d.msg)
	d.operation(u, &o)
	if d.msg.State != flow.Complete {
		return
	}
	d.now = current{u, o}
	d.out.Layer(Name, d.describe)
	d.now = current{}
}

func (d *dissector) operation(u *stream.Unit, o *operation) {
	switch o.name {
	case "INFO":
		d.info(o.words[0])
		d.event("")
	case "CONNECT":
		d.mayTLS = false
		d.connect(o.words[0])
		d.event("")
	case "PING":
		p := &d.pings[u.Dir]
		if p.sent-p.answered < maxPings {
			p.sent++
		}
		d.msg.Role, d.msg.Key, d.msg.Name = flow.Request, pingKey(u.Dir, p.sent), "PING"
		d.out.Message(&d.msg)
	case "PONG":
		p := &d.pings[u.Dir.Reverse()]
		if p.answered < p.sent {
			p.answered++
		}
		d.msg.Role, d.msg.Key = flow.Response, pingKey(u.Dir.Reverse(), p.answered)
		d.out.Message(&d.msg)
	case "SUB":
		d.subscribe(o)
	case "UNSUB":
		d.fact("sid", layer.Clip(o.words[0], maxText))
		if len(o.words) > 1 {
			d.fact("max-messages", layer.Clip(o.words[1], maxText))
		} else {
			delete(d.queues, string(o.words[0]))
		}
		d.event("")
	case "-ERR":
		text := ""
		if len(o.words) > 0 {
			text = strings.Trim(layer.Clip(o.words[0], maxText), "'")
		}
		d.fact("error", text)
		d.event(text)
	case "+OK":
		d.out.Message(&d.msg)
	default:
		d.message(u, o)
	}
}

func pingKey(dir layer.Direction, n uint64) uint64 { return uint64(dir)<<32 | n }

func (d *dissector) fact(key, value string) {
	d.msg.Facts = append(d.msg.Facts, flow.Fact{Key: key, Value: value})
}

// event says the operation as a message that is worth looking at by itself.
func (d *dissector) event(name string) {
	d.msg.Keep, d.msg.Name = true, name
	d.out.Message(&d.msg)
}

func (d *dissector) subscribe(o *operation) {
	sid := o.words[len(o.words)-1]
	d.fact("sid", layer.Clip(sid, maxText))
	if len(o.words) == 3 {
		queue := layer.Clip(o.words[1], maxText)
		d.fact("queue", queue)
		if len(d.queues) < maxSubscriptions && len(sid) < maxText {
			d.queues[string(sid)] = queue
		}
	}
	d.event(layer.Clip(o.subject(), maxText))
}
