package decode

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// application is what runs above a conversation's transport, or inside
// another application (a tunnel, an upgrade).
type application struct {
	parent    *application
	protocol  *dissect.Protocol // nil while unknown
	dissector dissect.Dissector
	datagram  bool
	named     bool // its name is in the conversation's stack
	ended     bool
	tries     int
	lastDir   int8
	held      []heldChunk // waiting for enough bytes to tell
	heldBytes int
	children  []*application
	stream    uint64
	asked     layer.Protocol // what the parent announced
}

type heldChunk struct {
	chunk dissect.Chunk
	data  []byte
}

// Bounds of the search for a protocol.
const (
	maxTries     = 256  // turns that may begin with bytes of no known protocol
	maxHeldProbe = 4096 // bytes that may wait for a probe to decide
	maxChildren  = 1024 // protocols inside one conversation
	maxDepth     = 8
)

// Chunk takes bytes of the current conversation in order; package tcp and the
// datagram path call it.
func (s *sink) Chunk(c dissect.Chunk) {
	v := s.conv
	if s.chain.opt.Follow != nil {
		s.chain.opt.Follow(v.m.ID, c)
	}
	if v.app == nil {
		v.app = &application{datagram: v.m.Transport == layer.UDP}
	}
	s.feed(v.app, c)
}

// feed hands a chunk to an application, or finds out first which it is.
func (s *sink) feed(a *application, c dissect.Chunk) {
	if a.ended {
		return
	}
	if a.dissector == nil && !s.detect(a, &c) {
		return
	}
	outer := s.app
	s.app = a
	a.dissector.Feed(s, c)
	s.app = outer
}

// detect reports whether a has a dissector now, which then takes c.
func (s *sink) detect(a *application, c *dissect.Chunk) bool {
	if a.tries >= maxTries {
		return false
	}
	if a.heldBytes == 0 && a.lastDir == int8(c.Dir)+1 && !a.datagram && a.tries > 0 && c.Gap == 0 {
		return false // not the beginning of a turn
	}
	a.lastDir = int8(c.Dir) + 1
	first := c.Data
	if len(a.held) > 0 {
		first = a.joined(c)
	}
	p, verdict, more := s.probe(a, first)
	if p == nil {
		if more && a.heldBytes+len(c.Data) <= maxHeldProbe && !a.datagram {
			a.hold(*c)
			return false
		}
		a.tries++
		a.held, a.heldBytes = nil, 0
		return false
	}
	s.chain.setClientFor(s.conv, a, c, verdict.Client)
	s.start(a, p)
	held := a.held
	a.held, a.heldBytes = nil, 0
	outer := s.app
	s.app = a
	for _, h := range held {
		h.chunk.Data = h.data
		if s.swapped {
			h.chunk.Dir = h.chunk.Dir.Reverse()
		}
		a.dissector.Feed(s, h.chunk)
	}
	s.app = outer
	return true
}

// setClientFor corrects roles for applications directly above the transport
// and turns the chunk around with them.
func (c *Chain) setClientFor(v *conversation, a *application, chunk *dissect.Chunk, who dissect.Client) {
	c.sink.swapped = false
	if a.parent != nil {
		return
	}
	before := v.clientIsB
	c.setClient(v, chunk.Dir, who)
	if v.clientIsB != before {
		c.sink.swapped = true
		chunk.Dir = chunk.Dir.Reverse()
	}
}

// probe asks the registered protocols for the first bytes.
func (s *sink) probe(a *application, first []byte) (found *dissect.Protocol, v dissect.Verdict, more bool) {
	registry := s.chain.registry
	var maybe *dissect.Protocol
	var maybeVerdict dissect.Verdict
	for i := range registry {
		p := &registry[i]
		if p.Probe == nil || a.datagram && !p.Datagram || !a.datagram && !p.Stream {
			continue
		}
		verdict := p.Probe(first, a.datagram)
		if verdict.Match == dissect.No || onPort(p.ExcludePorts, s.conv.m) {
			continue
		}
		switch verdict.Match {
		case dissect.Yes:
			return p, verdict, false
		case dissect.More:
			more = true
		case dissect.Maybe:
			if maybe == nil && a.parent == nil && onPort(p.Ports, s.conv.m) {
				maybe, maybeVerdict = p, verdict
			}
		}
	}
	return maybe, maybeVerdict, more && maybe == nil
}

func (s *sink) start(a *application, p *dissect.Protocol) {
	v := s.conv
	a.protocol = p
	mid := v.tcp != nil && a.parent == nil && v.tcp.MidStream(layer.ToServer)
	a.dissector = p.New(dissect.Context{Datagram: a.datagram, ServerPort: v.m.Server.Port, MidStream: mid})
}

func (a *application) joined(c *dissect.Chunk) []byte {
	var all []byte
	for _, h := range a.held {
		if h.chunk.Dir == c.Dir {
			all = append(all, h.data...)
		}
	}
	return append(all, c.Data...)
}

func (a *application) hold(c dissect.Chunk) {
	data := append([]byte(nil), c.Data...)
	c.Data = nil
	a.held = append(a.held, heldChunk{c, data})
	a.heldBytes += len(data)
}

// child finds or makes the application inside a for a protocol and stream.
func (s *sink) child(a *application, p layer.Protocol, stream uint64) *application {
	for _, k := range a.children {
		if k.asked == p && k.stream == stream {
			return k
		}
	}
	depth := 0
	for up := a; up != nil; up = up.parent {
		depth++
	}
	if len(a.children) >= maxChildren || depth >= maxDepth {
		return nil
	}
	k := &application{parent: a, asked: p, stream: stream, datagram: false}
	a.children = append(a.children, k)
	if p == "" {
		return k
	}
	for i := range s.chain.registry {
		if r := &s.chain.registry[i]; r.Name == p {
			s.start(k, r)
			return k
		}
	}
	k.tries = maxTries // announced, but nobody reads it
	return k
}

// closeApplication tells a conversation's dissector that one direction ended.
func (c *Chain) closeApplication(v *conversation, dir layer.Direction) {
	if v.app == nil || v.app.ended {
		return
	}
	if d, ok := v.app.dissector.(dissect.Closer); ok {
		outer := c.sink.app
		c.sink.conv, c.sink.app = v, v.app
		d.Close(&c.sink, dir)
		c.sink.app = outer
	}
}

// endApplication finishes a conversation's dissectors.
func (c *Chain) endApplication(v *conversation, closed bool) {
	if v.app == nil {
		return
	}
	c.sink.conv = v
	c.finish(v.app, closed)
}

func (c *Chain) finish(a *application, closed bool) {
	if a.ended {
		return
	}
	a.ended = true
	if a.dissector != nil {
		outer := c.sink.app
		c.sink.app = a
		a.dissector.Finish(&c.sink, closed)
		c.sink.app = outer
	}
	for _, k := range a.children {
		c.finish(k, closed)
	}
	a.dissector, a.held, a.children = nil, nil, nil
}

// onPort reports whether one end of the conversation uses one of the ports.
func onPort(ports []uint16, m *flow.Conversation) bool {
	for _, p := range ports {
		if p == m.Server.Port || p == m.Client.Port {
			return true
		}
	}
	return false
}
