package named

import (
	"bytes"
	"net/netip"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// dialect is a protocol of command lines and reply lines.
type dialect struct {
	name layer.Protocol
	// command reads a line of the client's.
	command func(line []byte) command
	// reply reads a line of the server's.
	reply func(line []byte, waiting *command) reply
	// address tells where a connection that was asked for will go; nil where the
	// protocol asks for none.
	address func(c *command, line []byte, server netip.Addr) (expected, bool)
}

// command is a client's line.
type command struct {
	name   string // as it is shown: arguments that are secrets left out
	verb   string // upper case
	tag    string // IMAP's
	secret bool   // credentials stand in the line
	skip   int    // bytes that follow the line and belong to it
	// What the server's answer may begin.
	upgrade bool // TLS
	data    bool // lines until one with a full stop alone
	login   bool // lines of credentials
	listing bool // an answer of lines until one with a full stop alone
}

// reply is a server's line.
type reply struct {
	status   string
	tag      string // IMAP: of the command that it answers
	more     bool   // further lines of the same answer follow
	alone    bool   // answers nothing: a greeting, an event
	goOn     bool   // asks the client for more: 354, 334, "+"
	positive bool
	skip     int
}

// Bounds of what a dissector of lines keeps.
const (
	maxLine    = 8 << 10
	maxWaiting = 256
)

type lines struct {
	*dialect
	server   netip.Addr
	half     [2]lineHalf
	waiting  []question
	count    uint64
	tls      bool // what follows is TLS
	inData   bool // the client sends lines that are no commands
	inLogin  bool
	inListed bool // the server does
	said     bool
}

type question struct {
	command
	key uint64
}

type lineHalf struct {
	in      stream.Buffer
	skip    int
	lost    bool // within a line of which a part is missing
	packets flow.Packets
}

func (x *dialect) entry(about string, ports []uint16, probe func([]byte, bool) dissect.Verdict) dissect.Protocol {
	return dissect.Protocol{
		Name: x.name, OSI: 7, About: about, Stream: true, Ports: ports, Probe: probe, Announced: []string{string(x.name)},
		New: func(c dissect.Context) dissect.Dissector { return &lines{dialect: x, server: c.Server} },
	}
}

// Feed implements dissect.Dissector.
func (d *lines) Feed(out dissect.Sink, c dissect.Chunk) {
	if d.tls {
		out.Inner("tls", c)
		return
	}
	h := &d.half[c.Dir]
	if c.Gap > 0 {
		if h.in.Len() == 0 && c.Gap <= h.skip {
			h.skip -= c.Gap
		} else {
			h.in.Reset()
			h.skip, h.lost = 0, true
		}
	}
	h.in.Append(c)
	for d.next(out, h, c) {
	}
	h.in.Keep()
}

// next reads a line.
func (d *lines) next(out dissect.Sink, h *lineHalf, c dissect.Chunk) bool {
	b := h.in.Bytes()
	if len(b) == 0 {
		return false
	}
	if d.tls {
		c.Data, c.Gap, c.Offset = b, 0, h.in.Offset()
		h.in.Take(len(b), nil)
		out.Inner("tls", c)
		return false
	}
	if h.skip > 0 {
		n := min(h.skip, len(b))
		h.in.Take(n, nil)
		h.skip -= n
		return true
	}
	end := bytes.IndexByte(b, '\n')
	if end < 0 {
		if len(b) > maxLine {
			if !d.said {
				out.Withdraw()
			}
			h.in.Reset()
			h.lost = true
		}
		return false
	}
	line := bytes.TrimRight(b[:end], "\r")
	h.packets.Reset()
	first, last := h.in.Take(end+1, &h.packets)
	if h.lost {
		h.lost = false
		return true
	}
	m := flow.Message{Dir: c.Dir, First: first, Last: last, Packets: h.packets, Bytes: int64(end + 1)}
	if c.Dir == layer.ToServer {
		d.asked(out, h, line, m)
	} else {
		d.answered(out, h, line, m)
	}
	return true
}

// asked takes a client's line.
func (d *lines) asked(out dissect.Sink, h *lineHalf, line []byte, m flow.Message) {
	switch {
	case d.inData:
		d.inData = !bytes.Equal(line, []byte{'.'})
		if !d.inData {
			u := unit{kind: "message", text: "end of message"}
			d.say(out, &u, m)
		}
		return
	case d.inLogin:
		u := unit{kind: "credentials", facts: []flow.Fact{{Key: "credentials", Value: "in the clear"}}, text: "credentials (not shown)"}
		d.say(out, &u, m)
		return
	case len(line) == 0:
		return
	}
	c := d.command(line)
	d.count++
	if len(d.waiting) >= maxWaiting {
		d.waiting = d.waiting[:copy(d.waiting, d.waiting[1:])]
	}
	d.waiting = append(d.waiting, question{c, d.count})
	h.skip = c.skip
	u := unit{kind: "command", role: flow.Request, key: d.count, name: c.name}
	if c.secret {
		u.facts = []flow.Fact{{Key: "credentials", Value: "in the clear"}}
	}
	d.say(out, &u, m)
}

// answered takes a server's line.
func (d *lines) answered(out dissect.Sink, h *lineHalf, line []byte, m flow.Message) {
	if d.inListed {
		d.inListed = !bytes.Equal(line, []byte{'.'})
		return
	}
	i := 0
	var asked *command
	if len(d.waiting) > 0 {
		asked = &d.waiting[0].command
	}
	r := d.reply(line, asked)
	if r.tag != "" {
		for i = 0; i < len(d.waiting) && d.waiting[i].tag != r.tag; i++ {
		}
	}
	h.skip = r.skip
	if r.alone || i >= len(d.waiting) {
		u := unit{kind: "reply", status: r.status}
		d.say(out, &u, m)
		return
	}
	q := d.waiting[i]
	if d.address != nil && r.positive {
		if e, ok := d.address(&q.command, line, d.server); ok {
			out.Expect(e.at, e.protocol)
		}
	}
	if r.more {
		return
	}
	u := unit{kind: "reply", role: flow.Response, key: q.key, status: r.status}
	d.inLogin = r.goOn && q.login
	if r.goOn {
		d.inData = q.data
		u.role, u.key = flow.Single, 0
		d.say(out, &u, m)
		return
	}
	d.waiting = append(d.waiting[:i], d.waiting[i+1:]...)
	d.inListed = q.listing && r.positive
	d.say(out, &u, m)
	d.tls = q.upgrade && r.positive
}

func (d *lines) say(out dissect.Sink, u *unit, m flow.Message) {
	d.said = true
	u.say(out, d.name, 7, m)
}

// Finish implements dissect.Dissector.
func (d *lines) Finish(dissect.Sink, bool) {}

// word cuts the first word off a line.
func word(line []byte) (first, rest []byte) {
	first, rest, _ = bytes.Cut(bytes.TrimLeft(line, " "), []byte{' '})
	return first, rest
}
