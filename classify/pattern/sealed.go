package pattern

import (
	"sort"

	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// sealed reports whether a leg is encrypted and was not read.
func sealed(c *flow.Conversation) bool {
	switch {
	case len(c.Exchanges) > 0:
		return false
	case c.TLS != nil:
		return c.TLS.FirstAppData[layer.ToServer].Valid()
	}
	return c.QUIC != nil
}

const (
	leastNested = 3    // turns with one request inside each: no accident
	mostSealed  = 4096 // requests that are looked through for one encrypted leg
)

// openSealed finds the requests that a proxy made for an encrypted leg: those
// that name its client while it was open, else those that lie within its turns
// one by one.
func (o *behind) openSealed(in *flow.Conversation) (hops []hop) {
	if in.TLS != nil && in.TLS.Decrypted {
		return nil
	}
	list := o.named[endpointless{in.Server.Addr, in.Client.Addr}]
	for tries, i := 0, after(list, in.First.Number); i < len(list) && tries < mostSealed; i, tries = i+1, tries+1 {
		c := list[i]
		if c.x.Request.First.Number > in.Last.Number {
			break
		}
		if !c.used && oneHost(in, c.c) && turnsHold(in, c.x) {
			c.used = true
			hops = append(hops, hop{inside: in, outside: c.c, out: c.x, named: true})
		}
	}
	if len(hops) > 0 {
		return hops
	}
	return o.nested(in)
}

// nested finds a request and its answer within each pair of turns that is
// known of an encrypted leg, and nowhere two: otherwise it says nothing.
func (o *behind) nested(in *flow.Conversation) (hops []hop) {
	list := o.hosts[in.Server.Addr]
	t, ok := applicationTurns(&timing.View{Conversation: in})
	if !ok || len(list) == 0 || t.First != layer.ToServer {
		return nil
	}
	for i := 0; i+1 < len(t.Runs); i += 2 {
		from, to := t.Runs[i].First.Number, t.Runs[i+1].First.Number
		k := after(list, from)
		if k >= len(list) || list[k].x.Response.First.Number > to || k+1 < len(list) && list[k+1].x.Request.First.Number < to || list[k].used {
			return nil
		}
		hops = append(hops, hop{inside: in, outside: list[k].c, out: list[k].x})
	}
	if len(hops) < leastNested {
		return nil
	}
	return hops
}

// after returns the first candidate that was asked after a packet.
func after(list []*candidate, packet int) int {
	return sort.Search(len(list), func(i int) bool { return list[i].x.Request.First.Number > packet })
}

func byNumber(list []*candidate) {
	sort.SliceStable(list, func(i, j int) bool { return list[i].x.Request.First.Number < list[j].x.Request.First.Number })
}

// turnsHold reports whether a request may have been made for what an encrypted
// leg said: its first turns, as far as they are known, hold it between a
// client's turn and the server's.
func turnsHold(in *flow.Conversation, x *flow.Exchange) bool {
	t, ok := applicationTurns(&timing.View{Conversation: in})
	if !ok {
		return true // HTTP/2 or QUIC: what flows when says little
	}
	dir := t.First
	for i, run := range t.Runs {
		if i+1 < len(t.Runs) && run.First.Number < x.Request.First.Number && x.Request.First.Number < t.Runs[i+1].First.Number {
			return dir == layer.ToServer
		}
		dir = dir.Reverse()
	}
	return true
}
