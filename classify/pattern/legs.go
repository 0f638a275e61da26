package pattern

import (
	"net/netip"
	"sort"
	"strings"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// proxy is one place that takes connections and passes on what comes: the legs
// before it and behind it, as far as they could be paired.
type proxy struct {
	front  endpoint
	hops   []hop
	passed []passage
	asked  int // exchanges that came to it in the clear
}

type endpoint struct {
	addr netip.Addr
	port uint16
}

func at(e *flow.Endpoint) endpoint { return endpoint{e.Addr, e.Port} }

func (e endpoint) String() string { return netip.AddrPortFrom(e.addr, e.port).String() }

// hop is an exchange that was seen on both legs.
type hop struct {
	inside, outside *flow.Conversation // the leg before the proxy, and the one behind it
	in, out         *flow.Exchange     // in is nil where that leg is encrypted
	named           bool               // header fields of the outer leg name the inner leg's client, or both carry one id
	ambiguous       bool               // another exchange of that time fits as well
}

const (
	margin    = int64(time.Millisecond) // how far one clock's stamps on two interfaces may lie the wrong way round
	mostTries = 32                      // candidates looked at for one exchange
	mostLegs  = 1 << 18                 // exchanges that are paired
)

// candidate is an exchange of a leg behind some proxy.
type candidate struct {
	c    *flow.Conversation
	x    *flow.Exchange
	used bool
}

// sameRequest is what an exchange's two appearances have in common. addr is the
// host that makes the request; the zero value is any host, for one that took it
// on loopback.
type sameRequest struct {
	addr netip.Addr
	name string
}

// between pairs the legs, once.
func (w *Capture) between() []*proxy {
	if w.paired {
		return w.proxies
	}
	w.paired = true
	b := findBetween(w.Conversations)
	index := map[endpoint]*proxy{}
	place := func(c *flow.Conversation) *proxy {
		e := at(&c.Server)
		p := index[e]
		if p == nil {
			p = &proxy{front: e}
			index[e] = p
			w.proxies = append(w.proxies, p)
		}
		return p
	}
	through := passages(w.Conversations, &b)
	for _, t := range through {
		p := place(t.inside)
		p.passed = append(p.passed, t)
	}
	passed := map[*flow.Conversation]bool{}
	for _, t := range through {
		passed[t.inside], passed[t.outside] = true, true
	}
	outs := candidates(w.Conversations, &b, passed)
	if outs.empty() {
		return w.proxies
	}
	for _, c := range w.Conversations {
		if !b.before(c) || passed[c] {
			continue
		}
		if sealed(c) {
			for _, h := range outs.openSealed(c) {
				p := place(c)
				p.hops = append(p.hops, h)
			}
			continue
		}
		for _, x := range c.Exchanges {
			if !passesHTTP(x) {
				continue
			}
			h, ok := outs.match(c, x)
			if ok {
				p := place(c)
				p.hops = append(p.hops, h)
			}
			if p := index[at(&c.Server)]; p != nil {
				p.asked++
			}
		}
	}
	return w.proxies
}

// passesHTTP reports whether an exchange can be known again on another leg: it
// was read whole, and its client asked.
func passesHTTP(x *flow.Exchange) bool {
	if x.Dir != layer.ToServer || !answered(x) {
		return false
	}
	return strings.HasPrefix(string(x.Protocol), "http") || x.Protocol == "grpc"
}

// originForm is an exchange's name without what an absolute form puts before its
// path (RFC 9112 section 3.2.2).
func originForm(name string) string {
	method, rest, ok := strings.Cut(name, " ")
	if !ok || !strings.HasPrefix(rest, "http://") {
		return name
	}
	_, path, ok := strings.Cut(rest[len("http://"):], "/")
	if !ok {
		return method + " /"
	}
	return method + " /" + path
}

// behind are the exchanges of the legs behind all proxies, by what they ask for.
type behind struct {
	exact map[sameRequest][]*candidate // in time
	named map[endpointless][]*candidate
	hosts map[netip.Addr][]*candidate
}

// endpointless is a client that header fields name, and who names it.
type endpointless struct {
	proxy, client netip.Addr
}

func (o *behind) empty() bool { return len(o.exact) == 0 }

func candidates(all []*flow.Conversation, b *between, passed map[*flow.Conversation]bool) *behind {
	o := &behind{exact: map[sameRequest][]*candidate{}, named: map[endpointless][]*candidate{}, hosts: map[netip.Addr][]*candidate{}}
	n := 0
	var pool []candidate
	for _, c := range all {
		if !b.behind(c) || passed[c] {
			continue
		}
		for _, x := range c.Exchanges {
			if !passesHTTP(x) || n >= mostLegs {
				continue
			}
			if len(pool) == 0 {
				pool = make([]candidate, 64)
			}
			one := &pool[0]
			pool = pool[1:]
			one.c, one.x = c, x
			n++
			name := originForm(x.Name)
			o.add(sameRequest{c.Client.Addr, name}, one)
			if b.loopServer || c.Client.Addr.IsLoopback() {
				o.add(sameRequest{name: name}, one)
			}
			o.hosts[c.Client.Addr] = append(o.hosts[c.Client.Addr], one)
			if client, ok := clientNamed(x); ok {
				k := endpointless{c.Client.Addr, client}
				o.named[k] = append(o.named[k], one)
			}
		}
	}
	for _, list := range o.exact {
		sort.SliceStable(list, func(i, j int) bool { return list[i].x.Request.First.Nanos < list[j].x.Request.First.Nanos })
	}
	for _, list := range o.named {
		byNumber(list)
	}
	for _, list := range o.hosts {
		byNumber(list)
	}
	return o
}

func (o *behind) add(k sameRequest, one *candidate) { o.exact[k] = append(o.exact[k], one) }

// match finds the request that a proxy made for exchange x: the same one, begun
// after it came and answered before it was.
func (o *behind) match(in *flow.Conversation, x *flow.Exchange) (h hop, ok bool) {
	name := originForm(x.Name)
	list := o.exact[sameRequest{in.Server.Addr, name}]
	best, named, fits := o.within(list, in, x)
	if best == nil {
		best, named, fits = o.within(o.exact[sameRequest{name: name}], in, x)
	}
	if best == nil {
		return h, false
	}
	best.used = true
	return hop{inside: in, outside: best.c, in: x, out: best.x, named: named, ambiguous: fits > 1 && !named}, true
}

// within looks at the candidates of one name whose time fits: first those that
// header fields tie to the client, then the earliest.
func (o *behind) within(list []*candidate, in *flow.Conversation, x *flow.Exchange) (best *candidate, named bool, fits int) {
	from, to := x.Request.First.Nanos-margin, x.Response.First.Nanos+margin
	i := sort.Search(len(list), func(i int) bool { return list[i].x.Request.First.Nanos >= from })
	for tries := 0; i < len(list) && tries < mostTries; i, tries = i+1, tries+1 {
		c := list[i]
		if c.x.Request.First.Nanos > to {
			break
		}
		if c.used || c.x == x || !oneHost(in, c.c) || c.x.Response.First.Nanos > to || inside(x, c.x) {
			continue
		}
		fits++
		ties := tied(in, x, c)
		if best == nil || ties && !named {
			best, named = c, ties
		}
	}
	return best, named, fits
}

// inside reports whether the exchange that came in lies within the one that went
// out: then it is the other way round.
func inside(in, out *flow.Exchange) bool {
	return in.Request.First.Number > out.Request.First.Number && in.Response.First.Number < out.Response.First.Number
}

// tied reports whether header fields say that the two requests are one: an id
// that both carry, or the client's address in what the proxy added.
func tied(in *flow.Conversation, x *flow.Exchange, c *candidate) bool {
	for _, key := range [...]string{"x-request-id", "traceparent"} {
		if id := c.x.Request.Fact(key); id != "" && id == x.Request.Fact(key) {
			return true
		}
	}
	client, ok := clientNamed(c.x)
	return ok && client == in.Client.Addr
}

// clientNamed returns the client for whom a request says that it was made: the
// last one of X-Forwarded-For, or Forwarded's, or X-Real-IP (RFC 7239).
func clientNamed(x *flow.Exchange) (netip.Addr, bool) {
	for _, key := range [...]string{"x-forwarded-for", "x-real-ip", "forwarded"} {
		v := x.Request.Fact(key)
		if v == "" {
			continue
		}
		if i := strings.LastIndexByte(v, ','); i >= 0 {
			v = v[i+1:]
		}
		if i := strings.Index(v, "for="); key == "forwarded" && i >= 0 {
			v, _, _ = strings.Cut(v[i+len("for="):], ";")
		}
		v = strings.Trim(v, "\" ")
		if a, err := netip.ParseAddr(strings.Trim(v, "[]")); err == nil {
			return a.Unmap(), true
		}
		if a, err := netip.ParseAddrPort(v); err == nil {
			return a.Addr().Unmap(), true
		}
	}
	return netip.Addr{}, false
}
