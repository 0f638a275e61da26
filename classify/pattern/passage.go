package pattern

import (
	"net/netip"
	"sort"
	"strings"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// passage is a connection that was passed on as it came.
type passage struct {
	inside, outside *flow.Conversation
	by              string // what shows it, see below
	header          int    // the packet of a PROXY header, 0 for none
}

// What shows that a connection was passed on, strongest first.
const (
	byHeader = "PROXY protocol"
	byHello  = "ClientHello"
	bySizes  = "sizes"
)

// passages pairs the connections that a proxy below the application passed on.
func passages(all []*flow.Conversation, b *between) []passage {
	var ins, outs []*flow.Conversation
	for _, c := range all {
		if c.Transport != layer.TCP {
			continue
		}
		if b.before(c) && !tunnels(c) {
			ins = append(ins, c)
		}
		if b.behind(c) {
			outs = append(outs, c)
		}
	}
	if len(ins) == 0 || len(outs) == 0 {
		return nil
	}
	p := passer{done: map[*flow.Conversation]bool{}, header: map[*flow.Conversation]int{}}
	p.byHeader(ins, outs)
	p.byHello(ins, outs)
	p.bySizes(ins, outs)
	sort.SliceStable(p.found, func(i, j int) bool { return p.found[i].inside.First.Number < p.found[j].inside.First.Number })
	return p.found
}

type passer struct {
	found  []passage
	done   map[*flow.Conversation]bool
	header map[*flow.Conversation]int // the packet of the PROXY header that it began with
}

func (p *passer) take(in, out *flow.Conversation, by string, header int) {
	p.done[in], p.done[out] = true, true
	p.found = append(p.found, passage{in, out, by, header})
}

// byHeader reads who a connection says that it is made for.
func (p *passer) byHeader(ins, outs []*flow.Conversation) {
	clients := map[netip.AddrPort]*flow.Conversation{}
	for _, c := range ins {
		clients[netip.AddrPortFrom(c.Client.Addr, c.Client.Port)] = c
	}
	for _, c := range outs {
		source, packet, ok := announced(c)
		if !ok {
			continue
		}
		p.header[c] = packet
		if in := clients[source]; in != nil && oneHost(in, c) && !p.done[in] && in.First.Number < c.First.Number {
			p.take(in, c, byHeader, packet)
		}
	}
}

// announced reads a PROXY header: "PROXY TCP4 src dst sport dport", or
// "PROXY v2 src:sport -> dst:dport".
func announced(c *flow.Conversation) (source netip.AddrPort, packet int, ok bool) {
	for i := range c.Events {
		e := &c.Events[i]
		if e.Protocol != "proxy-protocol" {
			continue
		}
		words := strings.Fields(e.Fact("proxy"))
		switch {
		case len(words) == 6 && strings.HasPrefix(words[1], "TCP"):
			a, err := netip.ParseAddrPort(join(words[2], words[4]))
			return a, e.First.Number, err == nil
		case len(words) == 5 && words[1] == "v2":
			a, err := netip.ParseAddrPort(words[2])
			return a, e.First.Number, err == nil
		}
	}
	return source, 0, false
}

func join(addr, port string) string {
	if strings.IndexByte(addr, ':') >= 0 {
		return "[" + addr + "]:" + port
	}
	return addr + ":" + port
}

// byHello finds the same ClientHello on two connections.
func (p *passer) byHello(ins, outs []*flow.Conversation) {
	hellos := map[uint64]*flow.Conversation{}
	for _, c := range ins {
		if c.TLS != nil && c.TLS.HelloID != 0 {
			hellos[c.TLS.HelloID] = c
		}
	}
	for _, c := range outs {
		if c.TLS == nil || c.TLS.HelloID == 0 || p.done[c] {
			continue
		}
		if in := hellos[c.TLS.HelloID]; in != nil && oneHost(in, c) && !p.done[in] && in.First.Number < c.First.Number {
			p.take(in, c, byHello, p.header[c])
		}
	}
}

const (
	leastPassed = 120                     // bytes of each direction from which on equal sizes are no accident where nothing was read
	opensWithin = int64(time.Second)      // a proxy connects soon
	endsWithin  = int64(10 * time.Second) // and ends when the other side does
)

// bySizes finds connections that carried the same number of bytes each way at
// the same time. Requests that were read must be equal in all that is known of
// them: a proxy of the application's protocol adds something.
func (p *passer) bySizes(ins, outs []*flow.Conversation) {
	sizes := map[flow.Counts][]*flow.Conversation{}
	for _, c := range outs {
		enough := c.Payload[0] >= leastPassed && c.Payload[1] >= leastPassed || len(c.Exchanges) > 0
		if !p.done[c] && c.Payload[0] > 0 && c.Payload[1] > 0 && enough {
			sizes[c.Payload] = append(sizes[c.Payload], c)
		}
	}
	for _, in := range ins {
		list := sizes[in.Payload]
		if p.done[in] || len(list) == 0 {
			continue
		}
		i := sort.Search(len(list), func(i int) bool { return list[i].First.Nanos >= in.First.Nanos-margin })
		for tries := 0; i < len(list) && tries < mostTries; i, tries = i+1, tries+1 {
			out := list[i]
			if out.First.Nanos > in.First.Nanos+opensWithin {
				break
			}
			if oneHost(in, out) && !p.done[out] && in.First.Number < out.First.Number && unchanged(in, out) {
				p.take(in, out, bySizes, 0)
				break
			}
		}
	}
}

// unchanged reports whether nothing speaks against a connection's having been
// passed on as it came.
func unchanged(in, out *flow.Conversation) bool {
	apart := in.Last.Nanos - out.Last.Nanos
	if max(apart, -apart) > endsWithin || len(in.Exchanges) != len(out.Exchanges) || (in.TLS == nil) != (out.TLS == nil) {
		return false
	}
	if in.TLS != nil && in.TLS.HelloID != out.TLS.HelloID {
		return false
	}
	for i, x := range in.Exchanges {
		y := out.Exchanges[i]
		if x.Name != y.Name || x.Status != y.Status || x.Request.Bytes != y.Request.Bytes || x.Response.Bytes != y.Response.Bytes ||
			x.Request.Facts != y.Request.Facts || x.Response.Facts != y.Response.Facts || y.Request.First.Nanos < x.Request.First.Nanos-margin {
			return false
		}
	}
	return true
}
