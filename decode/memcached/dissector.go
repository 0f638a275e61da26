package memcached

import (
	"bytes"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// maxPending bounds the commands that wait for replies.
const maxPending = 4096

// dissector reads both directions of one connection.
type dissector struct {
	units    [2]stream.Units
	out      dissect.Sink
	read     bool
	asked    uint64
	pending  []asked
	ahead    bool // the client was seen to send commands ahead
	unsure   bool // commands or replies may have been lost
	reply    reply
	msg      flow.Message
	now      *stream.Unit
	describe func() layer.Layer
}

// asked is a command that waits for its reply.
type asked struct {
	key  uint64
	form form
}

// reply is a reply as far as it came.
type reply struct {
	open    bool
	first   layer.PacketRef
	last    layer.PacketRef
	packets flow.Packets
	bytes   int64
	cut     bool
	hits    int
	data    int64
	stats   int
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
	d.out = nil
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
	}
	if d.reply.open {
		d.reply.cut = true
		d.respond("")
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(dir layer.Direction, b []byte) int64 {
	switch t, enough, ok := parseLine(dir, b); {
	case !enough:
		return 0
	case ok:
		return t.whole()
	case dir == layer.ToServer && len(t.words) > 0: // one that nobody knows is answered with ERROR
		if !d.read || !printable(b[:t.size]) {
			return -1
		}
		return int64(t.size)
	}
	return -1
}

func printable(b []byte) bool {
	for _, c := range bytes.TrimRight(b, "\r\n") {
		if c < ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}

// Begins implements stream.UnitReader.
func (d *dissector) Begins(dir layer.Direction, b []byte) bool {
	_, _, ok := parseLine(dir, b)
	return ok
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(dir layer.Direction, missing bool) {
	switch {
	case missing:
		d.reply.cut = d.reply.cut || d.reply.open && dir == layer.ToClient
		d.unsure = true
	case d.read:
		d.out.Problem(Name, "no memcached line where one should begin")
	default:
		d.out.Withdraw()
	}
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	t, enough, _ := parseLine(u.Dir, u.Head)
	if !enough || len(t.words) == 0 {
		return
	}
	d.read = true
	if u.Dir == layer.ToServer {
		d.command(u, &t)
	} else {
		d.line(u, &t)
	}
	if !u.Cut && u.Missing == 0 {
		d.now = u
		d.out.Layer(Name, d.describe)
		d.now = nil
	}
}

func (d *dissector) fact(key, value string) {
	d.msg.Facts = append(d.msg.Facts, flow.Fact{Key: key, Value: value})
}

// settle is called before a command where something may have been lost. A
// client that does not send ahead has had the replies to all earlier ones.
func (d *dissector) settle() {
	if d.unsure && !d.ahead {
		if d.reply.open {
			d.respond("")
		}
		d.pending = d.pending[:0]
	}
	d.unsure = false
}

// command says a command.
func (d *dissector) command(u *stream.Unit, t *text) {
	d.settle()
	name := layer.Clip(t.words[0], maxKey)
	d.msg = flow.Message{Protocol: Name, Kind: "command", Name: name, Facts: d.msg.Facts[:0]}
	u.Fill(&d.msg)
	c := commands[string(t.words[0])]
	if c.key > 0 {
		d.fact("key", layer.Clip(t.word(c.key), maxKey))
	}
	if keys := len(t.words) - c.key; c.form == values && keys > 1 {
		d.fact("keys", strconv.Itoa(keys))
	}
	if t.data >= 0 {
		d.fact("bytes", strconv.FormatInt(t.data, 10))
	}
	if c.form == nothing || quiet(c.form, t) {
		d.msg.Keep = true
		d.out.Message(&d.msg)
		return
	}
	d.asked++
	d.msg.Role, d.msg.Key = flow.Request, d.asked
	if len(d.pending) >= maxPending {
		d.pending = append(d.pending[:0], d.pending[1:]...)
	}
	d.pending = append(d.pending, asked{d.asked, c.form})
	d.out.Message(&d.msg)
}

// quiet reports whether a command asks not to be answered: noreply, or the flag
// q of a meta command.
func quiet(f form, t *text) bool {
	if f != meta {
		return string(t.words[len(t.words)-1]) == "noreply"
	}
	for _, w := range t.words[2:] {
		if string(w) == "q" {
			return true
		}
	}
	return false
}

// line takes a line of the server into the reply that it belongs to.
func (d *dissector) line(u *stream.Unit, t *text) {
	first := string(t.words[0])
	waits := line
	if len(d.pending) > 0 {
		waits = d.pending[0].form
	}
	if waits != meta && len(first) == 2 && first != "MN" && first != "ME" && first != "OK" && !number(t.words[0]) {
		d.msg = flow.Message{Protocol: Name, Kind: "reply", Name: first, Facts: d.msg.Facts[:0]} // to a quiet command
		u.Fill(&d.msg)
		d.out.Message(&d.msg)
		return
	}
	r := &d.reply
	if !r.open {
		r.packets.Reset()
		*r = reply{open: true, first: u.First, packets: r.packets}
	}
	r.last = u.Last
	for _, n := range u.Packets.List() {
		r.packets.Add(int(n))
	}
	r.bytes += u.Size - u.Missing
	r.cut = r.cut || u.Cut || u.Missing > 0
	switch first {
	case "VALUE", "VA":
		r.hits++
		r.data += t.data
		if first == "VALUE" {
			return
		}
	case "STAT":
		r.stats++
		return
	}
	status := first
	switch {
	case number(t.words[0]):
		status = ""
	case first == "CLIENT_ERROR" || first == "SERVER_ERROR" || first == "VERSION":
		status = layer.Clip(bytes.TrimRight(u.Head[:t.size], "\r\n"), maxKey)
	}
	d.respond(status)
}

// respond says the reply to the oldest command.
func (d *dissector) respond(status string) {
	r := &d.reply
	r.open = false
	d.msg = flow.Message{
		Protocol: Name, Kind: "reply", Dir: layer.ToClient, Role: flow.Response, Status: status,
		First: r.first, Last: r.last, Packets: r.packets, Bytes: r.bytes, Facts: d.msg.Facts[:0],
	}
	if r.cut {
		d.msg.State = flow.Cut
	}
	waits := line
	d.ahead = d.ahead || len(d.pending) > 1
	if len(d.pending) > 0 {
		d.msg.Key, waits = d.pending[0].key, d.pending[0].form
		d.pending = append(d.pending[:0], d.pending[1:]...)
	} else {
		d.asked++
		d.msg.Key = d.asked
	}
	if waits == values || r.hits > 0 {
		d.fact("hits", strconv.Itoa(r.hits))
		d.fact("bytes", strconv.FormatInt(r.data, 10))
	}
	if r.stats > 0 {
		d.fact("statistics", strconv.Itoa(r.stats))
	}
	d.out.Message(&d.msg)
}
