package postgresql

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// Bounds of what is kept.
const (
	maxHead       = 16 << 10 // bytes of a message that are looked at
	maxText       = 128
	maxPending    = 4096
	maxStatements = 512
)

// dissector reads both directions of one connection.
type dissector struct {
	units      [2]stream.Units
	out        dissect.Sink
	read       bool
	started    bool // a StartupMessage was seen, or the capture begins later
	asking     bool // an SSLRequest waits for its byte
	secured    bool
	asked      uint64
	request    exchange // the batch that the client is sending
	pending    []uint64 // keys of requests that wait for their answers
	ahead      bool     // the client was seen to send requests ahead
	unsure     bool     // requests or answers may have been lost
	answer     exchange // to the oldest of them
	tag        string
	code       string // of an error
	rows       int64
	copied     int64
	copyBytes  int64
	statements map[string]string // prepared ones, by name
	msg        flow.Message
	now        *stream.Unit
	start      bool // now has no type
	describe   func() layer.Layer
}

// exchange gathers the messages of a request, or of an answer.
type exchange struct {
	open    bool
	key     uint64
	name    string
	kind    string
	first   layer.PacketRef
	last    layer.PacketRef
	packets flow.Packets
	bytes   int64
	cut     bool
	facts   []flow.Fact
}

func newDissector(c dissect.Context) dissect.Dissector {
	d := &dissector{started: c.MidStream, statements: map[string]string{}}
	for i := range d.units {
		d.units[i] = stream.Units{Most: maxHead, Late: c.MidStream}
	}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if !d.secured {
		d.out = out
		d.units[c.Dir].Feed(c, d)
		d.out = nil
		if !d.secured {
			return
		}
		for dir := range d.units {
			if c, ok := d.units[dir].Drain(layer.Direction(dir)); ok {
				out.Inner("tls", c)
			}
		}
		return
	}
	out.Inner("tls", c)
}

// Finish implements dissect.Dissector: what is open is cut.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
	}
	if d.request.open {
		d.request.cut = true
		d.ask()
	}
	if d.answer.open {
		d.answer.cut = true
		d.respond()
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(dir layer.Direction, b []byte) int64 {
	switch {
	case dir == layer.ToClient && d.asking && (b[0] == 'S' || b[0] == 'N' || b[0] == 'G'):
		return 1
	case dir == layer.ToServer && (!d.started || b[0] == 0):
		return measureStart(b)
	}
	return measure(dir, b)
}

// Begins implements stream.UnitReader.
func (d *dissector) Begins(dir layer.Direction, b []byte) bool {
	if dir == layer.ToServer && len(b) > 0 && b[0] == 0 {
		return measureStart(b) > 0
	}
	ok, _, _ := chain(dir, b)
	return ok && len(b) >= fixed
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(dir layer.Direction, missing bool) {
	switch {
	case missing:
		d.started, d.unsure = true, true
		d.answer.cut = d.answer.cut || d.answer.open && dir == layer.ToClient
		d.request.cut = d.request.cut || d.request.open && dir == layer.ToServer
	case d.read:
		d.out.Problem(Name, "no PostgreSQL message where one should begin")
	default:
		d.out.Withdraw()
	}
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	d.read = true
	d.start = false
	switch {
	case u.Dir == layer.ToServer && (!d.started || u.Head[0] == 0):
		d.start = true
		d.begin(u)
	case u.Dir == layer.ToClient && d.asking && len(u.Head) == 1:
		d.start = true
		d.granted(u)
	case len(u.Head) < fixed:
		return
	case u.Dir == layer.ToServer:
		d.frontend(u, u.Head[0], wire.NewReader(u.Head[fixed:]))
	default:
		d.asking = false // an old server answers an SSLRequest with an error
		d.backend(u, u.Head[0], wire.NewReader(u.Head[fixed:]))
	}
	if !u.Cut && u.Missing == 0 {
		d.now = u
		d.out.Layer(Name, d.describe)
		d.now = nil
	}
}

// single says a message by itself.
func (d *dissector) single(u *stream.Unit, kind, name string, keep bool, facts ...flow.Fact) {
	d.msg = flow.Message{Protocol: Name, Kind: kind, Name: name, Keep: keep, Facts: facts}
	u.Fill(&d.msg)
	d.out.Message(&d.msg)
}

// add takes a message into an exchange.
func (x *exchange) add(u *stream.Unit) {
	if !x.open {
		x.packets.Reset()
		*x = exchange{open: true, first: u.First, packets: x.packets, facts: x.facts[:0]}
	}
	x.last = u.Last
	for _, n := range u.Packets.List() {
		x.packets.Add(int(n))
	}
	x.bytes += u.Size - u.Missing
	x.cut = x.cut || u.Cut || u.Missing > 0
}

func (x *exchange) fact(key, value string) {
	const most = 16
	if len(x.facts) < most {
		x.facts = append(x.facts, flow.Fact{Key: key, Value: value})
	}
}

// message is an exchange's side as a message.
func (x *exchange) message(dir layer.Direction, role flow.Role) flow.Message {
	m := flow.Message{
		Protocol: Name, Dir: dir, Role: role, Key: x.key, Kind: x.kind, Name: x.name, First: x.first, Last: x.last,
		Packets: x.packets, Bytes: x.bytes, Facts: x.facts,
	}
	if x.cut {
		m.State = flow.Cut
	}
	return m
}

// ask says a request that is complete.
func (d *dissector) ask() {
	q := &d.request
	q.open = false
	d.number()
	m := q.message(layer.ToServer, flow.Request)
	d.out.Message(&m)
}

// number gives the request a key, under which it waits for its answer.
func (d *dissector) number() {
	if d.request.key != 0 {
		return
	}
	if d.unsure && !d.ahead { // the client has had the answers to all earlier ones
		if d.answer.open {
			d.respond()
		}
		d.pending = d.pending[:0]
	}
	d.unsure = false
	d.asked++
	d.request.key = d.asked
	if len(d.pending) >= maxPending {
		d.pending = append(d.pending[:0], d.pending[1:]...)
	}
	d.pending = append(d.pending, d.asked)
}

// respond says the answer to the oldest request.
func (d *dissector) respond() {
	a := &d.answer
	a.open = false
	d.ahead = d.ahead || len(d.pending) > 1
	if len(d.pending) > 0 {
		a.key = d.pending[0]
		d.pending = append(d.pending[:0], d.pending[1:]...)
	} else {
		d.asked++
		a.key = d.asked
	}
	a.kind = "response"
	m := a.message(layer.ToClient, flow.Response)
	if m.Status = d.tag; d.code != "" {
		m.Status = d.code
	}
	if d.rows > 0 {
		m.Facts = append(m.Facts, flow.Fact{Key: "rows", Value: strconv.FormatInt(d.rows, 10)})
	}
	if d.copied > 0 {
		m.Facts = append(m.Facts, flow.Fact{Key: "copied-messages", Value: strconv.FormatInt(d.copied, 10)}, flow.Fact{Key: "copied-bytes", Value: strconv.FormatInt(d.copyBytes, 10)})
	}
	d.out.Message(&m)
	a.facts = m.Facts[:0]
	d.tag, d.code, d.rows, d.copied, d.copyBytes = "", "", 0, 0, 0
}
