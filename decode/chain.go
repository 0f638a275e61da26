// Package decode is the chain: it takes frames, walks their headers, keeps the
// conversations, puts byte streams together, finds out which protocol is
// spoken, drives the dissectors and fills the model of package flow. It bounds
// what it keeps and counts what it drops. It knows nothing of patterns,
// reports or screens.
package decode

import (
	"fmt"
	"net/netip"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/ip"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/protobuf"
	"github.com/wiresight/wiresight/decode/secrets"
	"github.com/wiresight/wiresight/decode/tcp"
)

// Options say what a chain keeps. The zero value of each limit means the
// default.
type Options struct {
	// Record makes the chain describe each packet in full: Result.Layers.
	Record bool
	// Follow receives the payload of each conversation in order, with the
	// conversation's id and the protocol that carried it: its transport, and each
	// protocol that handed bytes to one inside, such as TLS that was decrypted. nil
	// for none.
	Follow func(conversation int, carrier layer.Protocol, c dissect.Chunk)
	// Message receives each message that is read, whole or as far as it was
	// captured; nil for none. It copies what it keeps.
	Message func(m *flow.Message)
	// NewTracker makes what follows a conversation's packets for the
	// classifiers; nil for none.
	NewTracker func() flow.Tracker

	// FirstID numbers the first conversation, where one is replayed alone; 0 is 1.
	FirstID int

	// Secrets are the keys that the user gave; nil for none.
	Secrets *secrets.Store
	// Schema knows the messages of remote procedure calls, and learns from servers
	// that describe theirs; nil for nothing.
	Schema *protobuf.Schema
	// DecodeAs names the protocols that the user says are spoken, by the
	// transport and port of one end.
	DecodeAs map[Port]layer.Protocol
	// Foretold is the protocol that another conversation said this one would
	// speak, where one conversation is replayed alone.
	Foretold layer.Protocol

	MaxConversations int // kept in the model; further ones are counted
	MaxExchanges     int // stored in all conversations together; further ones are counted
	MaxEvents        int // the same for single messages that are kept
	MaxProblems      int
	MaxHeldBytes     int // bytes that wait for missing ones in all streams together
}

// Port is a port of a transport.
type Port struct {
	Transport layer.Protocol
	Number    uint16
}

// The defaults of the limits.
const (
	DefaultMaxConversations = 1_000_000
	DefaultMaxExchanges     = 500_000
	DefaultMaxEvents        = 200_000
	DefaultMaxProblems      = 1000
	DefaultMaxHeldBytes     = 64 << 20
	maxNames                = 65536
)

func (o *Options) setDefaults() {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&o.FirstID, 1},
		{&o.MaxConversations, DefaultMaxConversations},
		{&o.MaxExchanges, DefaultMaxExchanges},
		{&o.MaxEvents, DefaultMaxEvents},
		{&o.MaxProblems, DefaultMaxProblems},
		{&o.MaxHeldBytes, DefaultMaxHeldBytes},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
}

// Chain turns frames into the model. It is not safe for concurrent use.
type Chain struct {
	opt       Options
	registry  []dissect.Protocol
	walker    header.Walker
	pkt       header.Packet
	fragments *ip.Reassembler
	pieces    []layer.PacketRef // the fragments of the packet under way; nil where it came whole
	table     map[key]*conversation
	expected  map[netip.AddrPort]layer.Protocol
	routes    routes
	live      []*conversation
	lastKey   key
	last      *conversation
	model     flow.Model
	store     *flow.Store
	held      tcp.Budget
	tally     tally
	sink      sink
	segment   flow.Segment
	sack      [4][2]uint32
	now       layer.PacketRef
	wire      int // bytes on the wire of the current frame
	result    Result
}

// Result is what the chain says of one packet; valid until the next call.
type Result struct {
	Conversation *flow.Conversation // nil for none
	Dir          layer.Direction
	Top          layer.Protocol // innermost protocol that was recognised
	Src, Dst     netip.Addr     // invalid where the packet has no network addresses
	Fragment     bool           // the packet is an IP fragment
	// The rest is filled with Options.Record.
	Layers   []layer.Layer
	Problems []layer.Problem
}

// New makes a chain with the registered protocols.
func New(opt Options) *Chain {
	opt.setDefaults()
	c := &Chain{
		opt:       opt,
		registry:  Protocols(),
		fragments: ip.NewReassembler(),
		table:     map[key]*conversation{},
		store:     flow.NewStore(opt.MaxExchanges, opt.MaxEvents),
		held:      tcp.Budget{Limit: opt.MaxHeldBytes},
	}
	c.model.Names = map[netip.Addr]string{}
	c.sink.chain = c
	return c
}

// Model returns the model as far as it is filled. It changes with the next
// call of Packet; Finish completes it.
func (c *Chain) Model() *flow.Model {
	c.tally.into(&c.model, c.registry)
	c.model.ExchangesOmitted = c.store.Omitted
	c.model.EventsOmitted = c.store.EventsOmitted
	return &c.model
}

// Conversation returns the conversation with an id that Packet returned.
func (c *Chain) Conversation(id int) *flow.Conversation {
	return c.model.Conversations[id-c.opt.FirstID]
}

// Packet takes the next frame.
func (c *Chain) Packet(f *capture.Frame) *Result {
	c.now = layer.PacketRef{Number: f.Number, Nanos: f.Nanos}
	c.wire = f.Length
	m := &c.model
	if m.Packets == 0 {
		m.First = c.now
	}
	m.Last = c.now
	m.Packets++
	m.Bytes += int64(f.Length)
	c.result = Result{Layers: c.result.Layers[:0], Problems: c.result.Problems[:0]}
	c.sink.begin()
	c.decode(f)
	if c.opt.Record {
		c.record(f)
	}
	return &c.result
}

// decode walks the frame and updates its conversation. A panic in a library's
// decoder ends this packet only.
func (c *Chain) decode(f *capture.Frame) {
	defer c.recovered()
	p := &c.pkt
	c.pieces = nil
	c.walker.Walk(f.Link, f.Data, f.Length, p)
	for p.Fragment.Is {
		c.result.Fragment = true
		frag := p.Fragment
		payload, ok := c.reassemble(&frag)
		if !ok {
			break
		}
		p.Fragment = header.Fragment{}
		c.walker.Continue(frag.Protocol, payload, frag.IPv6, p)
	}
	for _, problem := range p.Problems {
		c.problem(problem.Layer, problem.Text)
	}
	c.result.Src, c.result.Dst = p.Src, p.Dst
	c.tally.packet(p.Layers, f.Length)
	if n := len(p.Layers); n > 0 {
		c.result.Top = p.Layers[n-1].Protocol
	}
	if len(p.Outer) > 0 {
		c.tunnels()
	}
	if p.Transport != "" && !p.Fragment.Is {
		c.result.Top = p.Transport
		c.transport()
	}
}

// Addresses returns the packet's source and destination as a packet list
// shows them: network addresses, else those of the link, else "".
func (r *Result) Addresses() (src, dst string) {
	if r.Src.IsValid() {
		return r.Src.String(), r.Dst.String()
	}
	for _, l := range r.Layers {
		for _, f := range l.Fields {
			switch f.Name {
			case "eth.src":
				src = f.Value
			case "eth.dst":
				dst = f.Value
			}
		}
	}
	return src, dst
}

// recovered, deferred, turns a panic into a problem. The dissector that was at
// work is not asked again: what it holds may be half done.
func (c *Chain) recovered() {
	r := recover()
	if r == nil {
		return
	}
	c.problem("frame", fmt.Sprintf("decoder failed: %v", r))
	if a := c.sink.app; a != nil {
		a.ended, a.dissector = true, nil
	}
}

func (c *Chain) reassemble(f *header.Fragment) ([]byte, bool) {
	p := &c.pkt
	k := ip.Key{Src: p.Src, Dst: p.Dst, ID: f.ID, Protocol: f.Protocol, IPv6: f.IPv6}
	payload, packets, ok := c.fragments.Add(k, ip.Fragment{Offset: f.Offset, More: f.More, Data: f.Data}, c.now)
	if ok {
		c.pieces = packets
	}
	return payload, ok
}

// Finish ends all conversations: what is still open is said as far as it was
// read.
func (c *Chain) Finish() *flow.Model {
	c.sink.begin()
	for _, v := range c.live {
		if v != nil {
			c.endLast(v)
		}
	}
	return c.Model()
}

func (c *Chain) endLast(v *conversation) {
	defer c.recovered()
	c.sink.app = nil
	c.end(v)
}

// problem names something malformed in the current packet.
func (c *Chain) problem(p layer.Protocol, text string) {
	problem := layer.Problem{Packet: c.now.Number, Layer: p, Text: text}
	if c.opt.Record {
		c.result.Problems = append(c.result.Problems, problem)
	}
	if len(c.model.Problems) >= c.opt.MaxProblems {
		c.model.ProblemsOmitted++
		return
	}
	c.model.Problems = append(c.model.Problems, problem)
}

// Problem takes a problem that the capture's source has with its input.
func (c *Chain) Problem(packet int, text string) {
	c.now.Number = packet
	c.problem("capture", text)
}

// Name tells the chain the name of an address, as the capture's maker or a
// DNS answer gave it.
func (c *Chain) Name(addr netip.Addr, name string) {
	if _, known := c.model.Names[addr]; known || len(c.model.Names) < maxNames {
		c.model.Names[addr] = name
	}
}
