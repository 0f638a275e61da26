package decode

import (
	"net/netip"
	"slices"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// routes finds the conversation of a datagram by the connection ID that it is
// addressed to: connections outlive changes of address (RFC 9000 section 9).
type routes struct {
	known   map[string]route
	lengths []int                              // of the ids, each once
	servers map[netip.AddrPort][]*conversation // with connections, the newest last
}

// route is the conversation that an id leads to, and the direction of what is
// addressed to it.
type route struct {
	to  *conversation
	dir layer.Direction
}

// Bounds. A shorter id is found in datagrams of anybody by chance.
const (
	maxRoutes   = 1 << 18
	maxClaims   = 8 // connections with one server that are asked for a datagram
	shortestID  = 4
	maxIDLength = 20
)

func (r *routes) add(id []byte, to route) {
	if len(id) < shortestID || len(id) > maxIDLength || len(r.known) >= maxRoutes {
		return
	}
	if r.known == nil {
		r.known = map[string]route{}
	}
	r.known[string(id)] = to
	r.serve(to.to)
	if !slices.Contains(r.lengths, len(id)) {
		r.lengths = append(r.lengths, len(id))
	}
}

// serve remembers that a conversation's server has connections.
func (r *routes) serve(v *conversation) {
	if r.servers == nil {
		r.servers = map[netip.AddrPort][]*conversation{}
	}
	at := netip.AddrPortFrom(v.m.Server.Addr, v.m.Server.Port)
	list := r.servers[at]
	if slices.Contains(list, v) {
		return
	}
	if len(list) >= maxClaims {
		list = append(list[:0], list[1:]...)
	}
	r.servers[at] = append(list, v)
}

// claimed asks the connections with the server at one end of a conversation
// whether a datagram is theirs.
func (r *routes) claimed(v *conversation, chunk *dissect.Chunk) (route, bool) {
	for end, e := range [2]*flow.Endpoint{&v.m.Server, &v.m.Client} {
		dir := chunk.Dir // as if the server were where the new conversation has it
		if end == 1 {
			dir = dir.Reverse()
		}
		for _, to := range slices.Backward(r.servers[netip.AddrPortFrom(e.Addr, e.Port)]) {
			if to == v || to.app == nil {
				continue
			}
			if c, ok := to.app.dissector.(dissect.Claimer); ok && c.Claims(dir, chunk.Data) {
				return route{to, dir}, true
			}
		}
	}
	return route{}, false
}

// find returns the route of a datagram of a protocol.
func (r *routes) find(p *dissect.Protocol, datagram []byte) (route, bool) {
	for _, n := range r.lengths {
		if to, ok := r.known[string(p.ConnectionID(datagram, n))]; ok {
			return to, true
		}
	}
	return route{}, false
}

// migrate looks whether the first datagram of a conversation is of a connection
// that began between other addresses. It becomes another path of that one then.
func (c *Chain) migrate(v *conversation, chunk *dissect.Chunk) {
	if len(c.routes.known) == 0 {
		return
	}
	for i := range c.registry {
		p := &c.registry[i]
		if p.ConnectionID == nil {
			continue
		}
		to, ok := c.routes.find(p, chunk.Data)
		if !ok {
			to, ok = c.routes.claimed(v, chunk)
		}
		if !ok || to.to == v || to.to.app == nil || len(to.to.m.Paths) >= flow.MaxPaths {
			continue
		}
		who := dissect.Sender
		if to.dir == layer.ToClient {
			who = dissect.Receiver
		}
		c.setClient(v, chunk.Dir, who)
		chunk.Dir = to.dir
		v.home = to.to
		v.home.m.Paths = append(v.home.m.Paths, v.m.ID)
		v.m.Continues, v.path = v.home.m.ID, len(v.home.m.Paths)
		return
	}
}

// continued takes a datagram of a path into its connection: the first
// conversation keeps the messages, this one counts the packets.
func (c *Chain) continued(v *conversation, chunk dissect.Chunk) {
	if c.opt.Follow != nil {
		c.opt.Follow(v.m.ID, v.m.Transport, chunk)
	}
	chunk.Path = v.path
	c.sink.conv = v.home
	c.sink.feed(v.home.app, chunk)
	for _, p := range v.home.m.Stack {
		if !v.m.Has(p) && c.registered(p) != nil {
			v.m.Stack = append(slices.Clone(v.m.Stack), p)
		}
	}
	v.home.m.Version++
}
