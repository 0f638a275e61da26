package mysql

import (
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// Bounds of what is kept.
const (
	maxHead       = 16 << 10 // bytes of a packet that are looked at
	maxText       = 128
	maxStatements = 512
)

// dissector reads both directions of one connection.
type dissector struct {
	units      [2]stream.Units
	out        dissect.Sink
	read       bool
	greeted    bool
	entered    bool // the client has logged in, or the capture begins later
	secured    bool
	compressed bool // what follows the login is compressed, and not read
	server     uint32
	client     uint32 // capabilities
	attributes bool   // both can do query attributes
	goesOn     [2]bool
	asked      uint64
	name       string
	answer     answer
	part       part
	statements map[uint32]string
	msg        flow.Message
	now        current
	describe   func() layer.Layer
}

// part is what was seen of an answer that consists of many packets.
type part struct {
	open    bool
	first   layer.PacketRef
	last    layer.PacketRef
	packets flow.Packets
	bytes   int64
	cut     bool
}

// role tells what a packet is, for its description.
type role byte

const (
	other role = iota
	greets
	logsIn
	commands
	responds
	data // a definition or a row
)

// current is the packet being described.
type current struct {
	unit *stream.Unit
	role role
}

func newDissector(c dissect.Context) dissect.Dissector {
	d := &dissector{entered: c.MidStream, statements: map[uint32]string{}}
	for i := range d.units {
		d.units[i] = stream.Units{Most: maxHead, Late: c.MidStream}
	}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	if d.secured {
		out.Inner("tls", c)
		return
	}
	d.out = out
	d.units[c.Dir].Feed(c, d)
	d.out = nil
	if d.secured {
		for dir := range d.units {
			if c, ok := d.units[dir].Drain(layer.Direction(dir)); ok {
				out.Inner("tls", c)
			}
		}
	}
}

// Finish implements dissect.Dissector: an answer that is open is cut.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
	}
	if d.part.open {
		d.part.cut = true
		d.respond()
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(dir layer.Direction, b []byte) int64 {
	if len(b) < fixed {
		return 0
	}
	length, sequence := header(b)
	if !d.read && (sequence > 2 || length == 0 || length > 1<<20) {
		return -1
	}
	return int64(fixed + length)
}

// Begins implements stream.UnitReader: a client's chunk should be a command, a
// server's the first packet of an answer, or packets up to its end.
func (d *dissector) Begins(dir layer.Direction, b []byte) bool {
	if len(b) < fixed+1 {
		return false
	}
	length, sequence := header(b)
	if dir == layer.ToServer {
		return sequence == 0 && length > 0 && int(b[fixed]) < len(commandNames) && length <= len(b)-fixed
	}
	for n := 0; ; n++ {
		switch {
		case len(b) < fixed:
			return n > 1
		}
		size, next := header(b)
		if n > 0 && next != sequence+1 || size == 0 {
			return false
		}
		if n == 0 && next == 1 && size <= len(b)-fixed {
			return true
		}
		sequence = next
		b = b[min(len(b), fixed+size):]
	}
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(dir layer.Direction, missing bool) {
	switch {
	case missing:
		d.entered = d.entered || d.greeted
		d.part.cut = d.part.cut || d.part.open && dir == layer.ToClient
		d.goesOn[dir] = false
	case d.read:
		d.out.Problem(Name, "no MySQL packet where one should begin")
	default:
		d.out.Withdraw()
	}
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	if d.compressed || len(u.Head) < fixed {
		return
	}
	length, sequence := header(u.Head)
	more := d.goesOn[u.Dir]
	d.goesOn[u.Dir] = length == fullLength
	d.read = true
	d.now = current{unit: u}
	body := u.Head[fixed:]
	switch {
	case more: // of a long packet
		d.grow(u)
	case u.Dir == layer.ToClient:
		d.fromServer(u, sequence, body)
	default:
		d.fromClient(u, sequence, body)
	}
	if !u.Cut && u.Missing == 0 {
		d.out.Layer(Name, d.describe)
	}
	d.now = current{}
}

func (d *dissector) begin(u *stream.Unit, kind string) {
	d.msg = flow.Message{Protocol: Name, Kind: kind, Facts: d.msg.Facts[:0]}
	u.Fill(&d.msg)
}

func (d *dissector) fact(key, value string) {
	if value != "" {
		d.msg.Facts = append(d.msg.Facts, flow.Fact{Key: key, Value: value})
	}
}

// fromClient takes a packet of the client.
func (d *dissector) fromClient(u *stream.Unit, sequence byte, b []byte) {
	switch {
	case !d.entered && sequence > 0 && len(b) > 0:
		d.login(u, b)
	case sequence == 0 && len(b) > 0 && d.answer.phase != authenticate:
		d.entered = true
		d.command(u, b)
	}
	// What else there is belongs to an exchange that is open: an answer to the
	// server's challenge, the data of LOAD DATA LOCAL INFILE.
}

// login takes a handshake response or an SSLRequest.
func (d *dissector) login(u *stream.Unit, b []byte) {
	l, ok := parseLogin(b)
	if !ok && u.Whole() {
		d.out.Problem(Name, "malformed handshake response")
		return
	}
	d.now.role = logsIn
	if l.ssl {
		d.begin(u, "ssl-request")
		d.msg.Keep = true
		d.out.Message(&d.msg)
		d.secured = true
		d.units[0].Stop()
		d.units[1].Stop()
		return
	}
	d.entered = true
	d.client = l.capabilities
	d.attributes = d.agreed(capQueryAttrs)
	d.begin(u, "login")
	d.fact("user", layer.Clip(l.user, maxText))
	d.fact("database", layer.Clip(l.database, maxText))
	d.fact("authentication", layer.Clip(l.plugin, maxText))
	if l.password > 0 {
		d.fact("password", "given")
	}
	d.ask(strings.TrimSpace("login "+layer.Clip(l.database, maxText)), answer{phase: authenticate})
}

// agreed reports whether both sides have a capability, as far as they were seen.
func (d *dissector) agreed(capability uint32) bool {
	return d.client&capability != 0 && (d.server == 0 || d.server&capability != 0)
}

// command takes a command. It ends the answer to the one before, should that be
// open: a server answers one at a time.
func (d *dissector) command(u *stream.Unit, b []byte) {
	if d.part.open {
		d.respond()
	}
	c := b[0]
	d.now.role = commands
	d.begin(u, strings.ToLower(commandName(c)))
	name := d.title(c, b[1:], u.Whole())
	a := answer{phase: first, command: c, noEOF: d.agreed(capDeprecateEOF), optional: d.agreed(capOptionalMeta)}
	switch c {
	case comQuit, comSendLongData, comClose: // not answered
		d.msg.Keep, d.msg.Name = true, name
		d.out.Message(&d.msg)
		return
	case comStatistics:
		a.phase = one
	case comFieldList:
		a.phase = definitions
	case comFetch, comBinlogDump, comBinlogGTID:
		a.phase = rows
	case comChangeUser:
		a.phase = authenticate
	}
	d.ask(name, a)
}

// ask says a request.
func (d *dissector) ask(name string, a answer) {
	a.facts = d.answer.facts[:0]
	d.asked++
	d.answer, d.name = a, name
	d.msg.Role, d.msg.Key, d.msg.Name = flow.Request, d.asked, name
	d.out.Message(&d.msg)
}

// fromServer takes a packet of the server.
func (d *dissector) fromServer(u *stream.Unit, sequence byte, b []byte) {
	if !d.entered && !d.greeted {
		d.greet(u, b)
		return
	}
	d.now.role = responds
	if d.answer.phase == idle {
		if sequence != 1 || len(b) == 0 {
			d.begin(u, "packet")
			d.out.Message(&d.msg)
			return
		}
		d.asked++ // an answer whose command was not seen
		d.answer = answer{phase: first, facts: d.answer.facts[:0]}
	}
	d.grow(u)
	if p := d.answer.phase; (p == definitions || p == behind || p == rows) && len(b) > 0 && b[0] != errPacket && !isEOF(b, u.Size-fixed) {
		d.now.role = data
	}
	if d.answer.take(b, u.Size-fixed) {
		d.respond()
	}
}

// grow takes a packet into the answer.
func (d *dissector) grow(u *stream.Unit) {
	if u.Dir != layer.ToClient {
		return
	}
	p := &d.part
	if !p.open {
		p.packets.Reset()
		*p = part{open: true, first: u.First, packets: p.packets}
	}
	p.last = u.Last
	for _, n := range u.Packets.List() {
		p.packets.Add(int(n))
	}
	p.bytes += u.Size - u.Missing
	p.cut = p.cut || u.Cut || u.Missing > 0
}

// respond says the answer.
func (d *dissector) respond() {
	a, p := &d.answer, &d.part
	if a.prepared != 0 && len(d.statements) < maxStatements {
		d.statements[a.prepared] = d.name
	}
	login := a.phase == authenticate
	d.msg = flow.Message{
		Protocol: Name, Kind: "response", Dir: layer.ToClient, Role: flow.Response, Key: d.asked, Status: a.status,
		First: p.first, Last: p.last, Packets: p.packets, Bytes: p.bytes, Facts: a.summary(),
	}
	if p.cut {
		d.msg.State = flow.Cut
	}
	d.out.Message(&d.msg)
	a.phase, a.facts, p.open = idle, d.msg.Facts[:0], false
	d.msg.Facts = nil
	if both := d.client & d.server; login && both&(capCompress|capZstd) != 0 && a.status == "OK" {
		d.compressed = true
	}
}

// greet takes the server's first packet.
func (d *dissector) greet(u *stream.Unit, b []byte) {
	d.greeted = true
	d.now.role = greets
	d.begin(u, "greeting")
	d.msg.Keep = true
	g, ok := parseGreeting(b)
	switch {
	case ok:
		d.server = g.capabilities
		d.msg.Name = layer.Clip(g.version, maxText)
		d.fact("version", d.msg.Name)
		d.fact("authentication", layer.Clip(g.plugin, maxText))
	case len(b) > 0 && b[0] == errPacket:
		var a answer
		a.failure(b)
		d.now.role = responds
		d.msg.Kind = "refusal"
		d.msg.Facts = append(append(d.msg.Facts, flow.Fact{Key: "error-code", Value: a.status}), a.facts...)
	case u.Whole():
		d.out.Problem(Name, "malformed greeting")
	}
	d.out.Message(&d.msg)
}
