package redis

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// maxPending bounds the commands that wait for replies; the oldest are
// forgotten beyond it.
const maxPending = 16 << 10

// dissector reads both directions of one connection.
type dissector struct {
	units      [2]stream.Units
	values     [2]value
	out        dissect.Sink
	read       bool // a value was read
	commands   uint64
	pending    []asked
	answered   int  // of pending
	unsure     bool // commands or replies may have been lost
	pipelining bool
	subscribed bool
	monitored  bool
	skip       int // commands to come that are not answered; -1: all
	msg        flow.Message
	now        *value // being described
	secret     int    // index of its first argument that must not be shown
	describe   func() layer.Layer
}

// asked is a command that waits for its reply.
type asked struct {
	key     uint64
	answers answers
	left    int64 // confirmations to come
	part    *part
}

// part is what was seen of a reply that consists of several values.
type part struct {
	first   layer.PacketRef
	packets flow.Packets
	bytes   int64
}

func newDissector(c dissect.Context) dissect.Dissector {
	d := &dissector{}
	for i := range d.units {
		d.units[i] = stream.Units{Most: maxLine, Late: c.MidStream}
	}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.out = out
	d.units[c.Dir].Feed(c, d)
	if d.values[c.Dir].open {
		out.Layer(Name, continuation)
	}
	d.out = nil
}

// continuation describes a packet within an array that goes on.
func continuation() layer.Layer {
	return layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Summary: layer.Continuation}
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
		d.cut(layer.Direction(dir))
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(dir layer.Direction, b []byte) int64 {
	return measure(b, dir == layer.ToServer && !d.values[dir].open)
}

// Begins implements stream.UnitReader.
func (d *dissector) Begins(dir layer.Direction, b []byte) bool {
	m := probe(b, false)
	return m.Match == dissect.Yes || m.Match == dissect.Maybe && (dir == layer.ToClient) == (m.Client == dissect.Receiver)
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(dir layer.Direction, missing bool) {
	if !missing && !d.read {
		d.out.Withdraw()
		return
	}
	if !missing {
		d.out.Problem(Name, "no RESP value where one should begin")
	}
	d.cut(dir)
	d.unsure = true
	if dir == layer.ToClient && !d.pipelining { // what comes next answers the last command
		d.answered = max(d.answered, len(d.pending)-1)
	}
}

// cut says what was read of a value that is not complete.
func (d *dissector) cut(dir layer.Direction) {
	v := &d.values[dir]
	if v.open && (len(v.args) > 0 || dir == layer.ToClient) {
		v.missing = true
		d.say(dir, v)
	}
	v.open = false
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	v := &d.values[u.Dir]
	t, ok := parseToken(u.Head)
	if !ok || t.kind == inline && len(t.line) == 0 {
		return
	}
	complete, ok := v.add(&t, u, d.out.Recording())
	if t.kind == inline {
		v.text = append(v.text, t.line[:min(len(t.line), maxElement)]...)
	}
	switch {
	case !ok:
		d.out.Problem(Name, "a RESP value that may not stand here, or too deep in others")
		v.open = false
	case u.Cut: // cut says it
	case complete:
		d.read = true
		d.say(u.Dir, v)
		v.open = false
	}
}

// say says a value that is complete, or cut.
func (d *dissector) say(dir layer.Direction, v *value) {
	d.msg = flow.Message{
		Protocol: Name, Dir: dir, First: v.first, Last: v.last, Packets: v.packets, Bytes: v.bytes, Facts: d.msg.Facts[:0],
	}
	if v.missing {
		d.msg.State = flow.Cut
	}
	d.secret = maxElements
	if dir == layer.ToServer {
		d.command(v)
	} else {
		d.reply(v)
	}
	if v.missing {
		return
	}
	d.now = v
	d.out.Layer(Name, d.describe)
	d.now = nil
}

func (d *dissector) command(v *value) {
	c := readCommand(v)
	d.secret = c.secretFrom()
	d.msg.Name = c.name
	d.msg.Facts = c.facts(v, d.msg.Facts)
	if c.name == "PUBLISH" || c.name == "SPUBLISH" {
		d.published(v)
	}
	d.commands++
	d.msg.Kind, d.msg.Role, d.msg.Key = "command", flow.Request, d.commands
	silent := d.skip != 0 && c.answers != replyOn
	if d.skip > 0 {
		d.skip--
	}
	switch c.answers {
	case replyOff:
		d.skip, silent = -1, true
	case replySkip:
		d.skip, silent = 1, true
	case replyOn:
		d.skip = 0
	}
	if silent { // nothing answers it
		d.msg.Role, d.msg.Key, d.msg.Keep = flow.Single, 0, true
		d.out.Message(&d.msg)
		return
	}
	d.ask(asked{key: d.commands, answers: c.answers, left: max(1, v.size-int64(c.first))})
	d.out.Message(&d.msg)
}

// published says a PUBLISH also as a message by itself, as its deliveries are.
func (d *dissector) published(v *value) {
	m := d.msg
	m.Kind, m.Name, m.Keep = "publish", layer.Clip(v.arg(1), maxText), true
	m.Facts = payloadFacts(v, 2, nil)
	d.out.Message(&m)
}

// ask makes a command wait for its reply. Unless the client was seen to send
// ahead, it sent this command after the replies to all earlier ones.
func (d *dissector) ask(a asked) {
	open := len(d.pending) - d.answered
	if d.unsure && !d.pipelining || open == 0 {
		d.pending, d.answered, d.unsure = d.pending[:0], 0, false
	} else if open >= maxPending {
		d.answered++
	}
	if d.answered > maxPending {
		d.pending, d.answered = append(d.pending[:0], d.pending[d.answered:]...), 0
	}
	d.pending = append(d.pending, a)
}

// oldest returns the command that the next reply answers, or nil.
func (d *dissector) oldest() *asked {
	if d.answered == len(d.pending) {
		return nil
	}
	return &d.pending[d.answered]
}

func (d *dissector) reply(v *value) {
	a := d.oldest()
	if kind, ok := delivery(v, d.subscribed, a != nil); ok {
		d.pushed(v, kind)
		return
	}
	if a == nil && d.monitored && v.kind == simpleString {
		d.msg.Kind = "monitor"
		d.out.Message(&d.msg)
		return
	}
	confirms := isConfirmation(v)
	if confirms {
		d.subscribed = true
		if a == nil || a.answers != perChannel && a.answers != unsubscribe {
			d.pushed(v, layer.Clip(v.arg(0), maxText))
			return
		}
	}
	d.msg.Kind, d.msg.Role, d.msg.Status = "reply", flow.Response, v.status()
	d.msg.Facts = replyFacts(v, d.msg.Facts)
	if a == nil {
		d.commands++
		d.msg.Key = d.commands
		d.out.Message(&d.msg)
		return
	}
	d.msg.Key = a.key
	if len(d.pending)-d.answered > 1 {
		d.pipelining = true
	}
	switch a.answers {
	case monitor:
		d.monitored = true
	case transaction:
		if v.kind == array && !v.null {
			d.msg.Facts = append(d.msg.Facts, flow.Fact{Key: "commands", Value: strconv.FormatInt(v.size, 10)})
		}
	}
	if confirms && !d.confirm(a) {
		return
	}
	d.answered++
	d.out.Message(&d.msg)
}

// confirm adds a confirmation to the reply that is made of one for each
// channel. It reports whether that is the last.
func (d *dissector) confirm(a *asked) bool {
	d.msg.Facts = d.msg.Facts[:0]
	if a.part == nil {
		a.part = &part{first: d.msg.First}
	}
	p := a.part
	for _, n := range d.msg.Packets.List() {
		p.packets.Add(int(n))
	}
	p.bytes += d.msg.Bytes
	d.msg.First, d.msg.Packets, d.msg.Bytes = p.first, p.packets, p.bytes
	if a.left--; a.left > 0 {
		d.msg.State = flow.Head
		d.out.Message(&d.msg)
		return false
	}
	return true
}

// pushed says a value that nobody asked for.
func (d *dissector) pushed(v *value, kind string) {
	d.msg.Kind, d.msg.Keep = kind, true
	channel := 1
	if kind == "pmessage" {
		d.msg.Facts = append(d.msg.Facts, flow.Fact{Key: "pattern", Value: layer.Clip(v.arg(1), maxText)})
		channel = 2
	}
	d.msg.Name = layer.Clip(v.arg(channel), maxText)
	if kind == "message" || kind == "pmessage" || kind == "smessage" {
		d.subscribed = true
		d.msg.Facts = payloadFacts(v, channel+1, d.msg.Facts)
	}
	d.out.Message(&d.msg)
}
