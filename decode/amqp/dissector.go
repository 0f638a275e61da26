package amqp

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// Bounds of what is kept.
const (
	maxHead     = 16 << 10 // bytes of a frame that are looked at
	maxText     = 128
	maxNames    = 16   // entries of a table that are named
	maxChannels = 2048 // of one connection
	maxOpen     = 4096 // confirms and replies that are waited for, each
	maxBody     = 1024 // bytes of a body that its digest is made of
)

// dissector reads both directions of one connection.
type dissector struct {
	units    [2]stream.Units
	out      dissect.Sink
	read     bool
	dialect  dialect
	channels map[uint16]*channel
	calls    map[uint64]layer.Direction // replies that are waited for, by correlation id
	msg      flow.Message
	now      current
	describe func() layer.Layer
}

// current is the frame being described.
type current struct {
	unit    *stream.Unit
	channel uint16
	method  *method
}

func newDissector(c dissect.Context) dissect.Dissector {
	d := &dissector{channels: map[uint16]*channel{}, calls: map[uint64]layer.Direction{}}
	for i := range d.units {
		d.units[i] = stream.Units{Most: maxHead, Late: c.MidStream}
	}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.out = out
	d.units[c.Dir].Feed(c, d)
	d.out = nil
}

// Finish implements dissect.Dissector: messages whose bodies are not complete
// are cut.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
	}
	for _, c := range sorted(d.channels) {
		for dir := range c.content {
			d.cut(&c.content[dir])
		}
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(_ layer.Direction, b []byte) int64 { return measure(b, d.dialect) }

// Begins implements stream.UnitReader.
func (d *dissector) Begins(_ layer.Direction, b []byte) bool {
	if d.dialect == dialect10 {
		return measure10(b) > 0 && (measure10(b) <= int64(len(b)) || b[4] == 2)
	}
	return wholeFrame(b)
}

// Lost implements stream.UnitReader: with frames, parts of messages may be
// missing.
func (d *dissector) Lost(dir layer.Direction, missing bool) {
	if !missing && !d.read {
		d.out.Withdraw()
		return
	}
	if !missing {
		d.out.Problem(Name, "no AMQP frame where one should begin")
	}
	for _, c := range sorted(d.channels) {
		d.cut(&c.content[dir])
		if dir == layer.ToServer {
			c.confirming = false // they are counted, and nobody knows how far
		}
	}
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	if isProtocolHeader(u.Head) {
		d.protocolHeader(u)
		return
	}
	if len(u.Head) < frame1Fixed {
		return
	}
	if d.dialect == dialect10 {
		d.frame10(u)
		return
	}
	if last := len(u.Head) - 1; u.Whole() && u.Head[last] != frameEnd {
		d.out.Problem(Name, "a frame does not end with 0xce")
		return
	}
	d.frame(u)
}

func (d *dissector) say(u *stream.Unit) {
	if u.Cut || u.Missing > 0 {
		return
	}
	d.now.unit = u
	d.out.Layer(Name, d.describe)
	d.now = current{}
}

func (d *dissector) begin(u *stream.Unit, kind string) {
	d.msg = flow.Message{Protocol: Name, Kind: kind, Facts: d.msg.Facts[:0]}
	u.Fill(&d.msg)
}

func (d *dissector) fact(key, value string) {
	d.msg.Facts = append(d.msg.Facts, flow.Fact{Key: key, Value: value})
}

func (d *dissector) protocolHeader(u *stream.Unit) {
	if len(u.Head) < protocolHeader {
		return
	}
	d.read = true
	d.dialect = dialectOf(u.Head)
	d.begin(u, "protocol-header")
	d.msg.Keep, d.msg.Name = true, versionName(u.Head)
	d.out.Message(&d.msg)
	d.say(u)
}

// frame reads a frame of AMQP 0-9-1.
func (d *dissector) frame(u *stream.Unit) {
	d.read = true
	r := wire.NewReader(u.Head)
	kind, channel := r.U8(), r.U16()
	r.U32()
	if u.Whole() {
		r.Limit(r.Len() - 1)
	}
	d.now.channel = channel
	switch c := d.channel(channel); {
	case kind == frameHeartbeat:
		d.begin(u, "heartbeat")
		d.out.Message(&d.msg)
	case c == nil:
	case kind == frameMethod:
		d.method(u, c, &r)
	case kind == frameHeader:
		d.header(u, c, &r)
	case kind == frameBody:
		d.body(u, c, r.Peek())
	}
	d.say(u)
}

// channel returns what is known of a channel, or nil where there are too many.
func (d *dissector) channel(number uint16) *channel {
	c := d.channels[number]
	if c == nil && len(d.channels) < maxChannels {
		c = &channel{number: number}
		d.channels[number] = c
	}
	return c
}

// method says a method, or begins the message that follows it.
func (d *dissector) method(u *stream.Unit, c *channel, r *wire.Reader) {
	m := methodID(r.U16(), r.U16())
	known := methods[m]
	if known == nil {
		d.begin(u, "method")
		d.out.Message(&d.msg)
		return
	}
	d.now.method = known
	d.cut(&c.content[u.Dir])
	d.begin(u, known.title())
	d.msg.Stream = uint64(c.number)
	a := arguments{r: r, list: known.arguments}
	var read methodArguments
	for v, ok := a.next(); ok; v, ok = a.next() {
		read.take(&v)
		if f, ok := v.fact(); ok {
			d.msg.Facts = append(d.msg.Facts, f)
		}
	}
	if !r.OK() && u.Whole() {
		d.out.Problem(Name, "malformed "+known.title()+" method")
	}
	switch {
	case m == basicPublish || m == basicDeliver || m == basicGetOk || m == basicReturn:
		c.content[u.Dir].begin(m, known, &d.msg, &read)
	case m == basicAck || m == basicNack || m == basicReject:
		d.acknowledge(c, m, &read)
	case known.asks && read.nowait:
		d.single()
	case known.asks:
		d.msg.Role, d.msg.Key = flow.Request, methodKey(c.number, m)
		d.msg.Name = read.title(known)
		d.out.Message(&d.msg)
	case known.answers != 0:
		d.msg.Role, d.msg.Key, d.msg.Status = flow.Response, methodKey(c.number, known.answers), known.name
		d.out.Message(&d.msg)
	default:
		d.single()
	}
	switch {
	case m == confirmSelectOk, m == confirmSelect && read.nowait:
		c.confirming = true
	case known.class == "channel" && (known.name == "open" || known.name == "close-ok"):
		*c = channel{number: c.number}
	}
}

// single says the message by itself.
func (d *dissector) single() {
	d.msg.Keep = true
	d.out.Message(&d.msg)
}

// methodKey names the exchange of a method with its answer: a channel is
// synchronous, one method of a kind at a time.
func methodKey(channel uint16, m id) uint64 { return uint64(channel)<<32 | uint64(m) }
