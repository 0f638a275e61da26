package decode

import (
	"net/netip"
	"slices"

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
	withdrawn bool    // its dissector says that the bytes are none of its protocol
	done      [2]bool // directions that have ended
	tries     int
	lastDir   int8
	held      []heldChunk // waiting for enough bytes to tell
	heldBytes int
	children  []*application
	stream    uint64
	serial    uint32         // Chunk.Connection
	asked     layer.Protocol // what the parent announced
	facts     []flow.Fact    // what it said with it
	rejected  []*dissect.Protocol
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
	maxShared    = 8 // protocols between the same addresses and ports
	maxExpected  = 65536
)

// Chunk takes bytes of the current conversation in order; package tcp and the
// datagram path call it.
func (s *sink) Chunk(c dissect.Chunk) {
	v := s.conv
	if s.chain.opt.Follow != nil {
		s.chain.opt.Follow(v.m.ID, v.m.Transport, c)
	}
	if v.app == nil {
		v.app = &application{datagram: v.m.Transport == layer.UDP}
	}
	s.feed(s.sharing(v, &c), c)
}

// sharing returns the application that a chunk is for. Only protocols that
// share their addresses and ports need a look at each datagram.
func (s *sink) sharing(v *conversation, c *dissect.Chunk) *application {
	a := v.app
	if a.protocol == nil || !a.protocol.Shares || !a.datagram {
		return a
	}
	p := s.shared(a, c.Data)
	if p == nil || p == a.protocol {
		return a
	}
	for _, other := range v.shared {
		if other.protocol == p {
			return other
		}
	}
	if len(v.shared) >= maxShared {
		return a
	}
	other := &application{datagram: true}
	v.shared = append(v.shared, other)
	s.start(other, p)
	return other
}

// shared returns the sharing protocol that a datagram is of.
func (s *sink) shared(a *application, first []byte) (maybe *dissect.Protocol) {
	for i := range s.chain.registry {
		p := &s.chain.registry[i]
		if !p.Shares || p.Probe == nil {
			continue
		}
		switch p.Probe(first, true).Match {
		case dissect.Yes:
			return p
		case dissect.Maybe:
			if maybe == nil {
				maybe = p
			}
		}
	}
	return maybe
}

// feed hands a chunk to an application, or finds out first which it is.
func (s *sink) feed(a *application, c dissect.Chunk) {
	for tries := 0; tries < 4; tries++ {
		if a.ended || a.dissector == nil && !s.detect(a, &c) {
			return
		}
		outer := s.app
		s.app = a
		a.dissector.Feed(s, c)
		s.app = outer
		if !a.withdrawn {
			return
		}
		s.withdraw(a)
	}
}

// withdraw undoes a wrong guess: the protocol is not tried again, and its name
// leaves the stack.
func (s *sink) withdraw(a *application) {
	if a.named {
		stack := slices.Clone(s.conv.m.Stack)
		s.conv.m.Stack = slices.DeleteFunc(stack, func(p layer.Protocol) bool { return p == a.protocol.Name })
	}
	a.rejected = append(a.rejected, a.protocol)
	a.protocol, a.dissector, a.named, a.withdrawn, a.lastDir = nil, nil, false, false, 0
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
	if p := s.foretold(a, first); p != nil {
		return p, dissect.Verdict{Match: dissect.Yes}, false
	}
	registry := s.chain.registry
	var maybe *dissect.Protocol
	var maybeVerdict dissect.Verdict
	for i := range registry {
		p := &registry[i]
		if p.Probe == nil || a.datagram && !p.Datagram || !a.datagram && !p.Stream || slices.Contains(a.rejected, p) {
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

// foretold returns the protocol that the user says a conversation speaks, or
// that another conversation announced.
func (s *sink) foretold(a *application, first []byte) *dissect.Protocol {
	c, m := s.chain, s.conv.m
	if a.parent != nil {
		return nil
	}
	for _, end := range [2]*flow.Endpoint{&m.Server, &m.Client} {
		if p := c.registered(c.opt.DecodeAs[Port{m.Transport, end.Port}]); p != nil && !slices.Contains(a.rejected, p) {
			return p
		}
	}
	if m.Foretold == "" && len(c.expected) > 0 {
		for _, end := range [2]*flow.Endpoint{&m.Server, &m.Client} {
			if name := c.expected[netip.AddrPortFrom(end.Addr, end.Port)]; name != "" {
				m.Foretold = name
			}
		}
	}
	p := c.registered(m.Foretold)
	if p == nil || slices.Contains(a.rejected, p) || p.Probe != nil && p.Probe(first, a.datagram).Match == dissect.No {
		return nil
	}
	return p
}

// registered returns the registry's entry of a protocol, or nil.
func (c *Chain) registered(name layer.Protocol) *dissect.Protocol {
	if name == "" {
		return nil
	}
	for i := range c.registry {
		if c.registry[i].Name == name {
			return &c.registry[i]
		}
	}
	return nil
}

func (s *sink) start(a *application, p *dissect.Protocol) {
	v := s.conv
	a.protocol = p
	mid := v.tcp != nil && a.parent == nil && v.tcp.MidStream(layer.ToServer)
	a.dissector = p.New(dissect.Context{
		Datagram: a.datagram, Server: v.m.Server.Addr, ServerPort: v.m.Server.Port, MidStream: mid, Secrets: s.chain.opt.Secrets, Schema: s.chain.opt.Schema, Facts: a.facts,
	})
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
func (s *sink) child(a *application, p layer.Protocol, serial uint32, stream uint64, facts []flow.Fact) *application {
	for _, k := range slices.Backward(a.children) { // the newest streams are the busiest
		if k.asked == p && k.serial == serial && (k.stream == stream || k.multistream()) {
			return k
		}
	}
	depth := 0
	for up := a; up != nil; up = up.parent {
		depth++
	}
	if depth >= maxDepth {
		return nil
	}
	if len(a.children) >= maxChildren {
		s.chain.finish(a.children[0], false)
		a.children = append(a.children[:0], a.children[1:]...)
	}
	k := &application{parent: a, asked: p, serial: serial, stream: stream, facts: facts}
	a.children = append(a.children, k)
	if p == "" {
		return k
	}
	if r := s.chain.registered(p); r != nil {
		k.datagram = !r.Stream
		s.start(k, r)
	} else {
		k.tries = maxTries // announced, but nobody reads it
	}
	return k
}

// multistream reports whether a takes all of its parent's streams.
func (a *application) multistream() bool { return a.protocol != nil && a.protocol.Multistream }

// endOf ends one direction of a stream inside parent; with both, the
// application on it is finished.
func (s *sink) endOf(parent, k *application, dir layer.Direction) {
	if k.done[dir] {
		return
	}
	k.done[dir] = true
	if closer, ok := k.dissector.(dissect.Closer); ok && !k.ended {
		outer := s.app
		s.app = k
		closer.Close(s, dir)
		s.app = outer
	}
	if !k.done[dir.Reverse()] {
		return
	}
	s.chain.finish(k, true)
	if i := slices.Index(parent.children, k); i >= 0 {
		parent.children = slices.Delete(parent.children, i, i+1)
	}
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
	for _, a := range v.shared {
		c.finish(a, closed)
	}
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
