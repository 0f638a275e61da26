package pattern

import (
	"net/netip"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Capture is all that the rules of a whole capture look at. What several of
// them ask for is found once, when the first one asks.
type Capture struct {
	Conversations []*flow.Conversation // in the order of their first packets
	Discoveries   []Discovery          // names, and who used them

	proxies []*proxy
	paired  bool
}

// between tells the legs before the hosts that stand in between from those
// behind them. A host that takes connections and makes some is a candidate; all
// loopback addresses are one host, that of the capture.
type between struct {
	serves, asks map[netip.Addr]bool
	loopServer   bool // somebody serves on a loopback address
	loopClient   bool
}

func findBetween(all []*flow.Conversation) between {
	b := between{serves: map[netip.Addr]bool{}, asks: map[netip.Addr]bool{}}
	for _, c := range all {
		if c.Transport != layer.TCP && c.Transport != layer.UDP {
			continue
		}
		b.serves[c.Server.Addr], b.asks[c.Client.Addr] = true, true
		b.loopServer = b.loopServer || c.Server.Addr.IsLoopback()
		b.loopClient = b.loopClient || c.Client.Addr.IsLoopback()
	}
	return b
}

// before reports whether a conversation may be the leg in front of a proxy.
func (b *between) before(c *flow.Conversation) bool {
	return b.asks[c.Server.Addr] || b.loopClient || c.Server.Addr.IsLoopback()
}

// behind reports whether a conversation may be a proxy's leg to a server.
func (b *between) behind(c *flow.Conversation) bool {
	return b.serves[c.Client.Addr] || b.loopServer || c.Client.Addr.IsLoopback()
}

// oneHost reports whether who took a connection can have made the other one.
func oneHost(in, out *flow.Conversation) bool {
	if in == out {
		return false
	}
	s, c := in.Server.Addr, out.Client.Addr
	return s == c || s.IsLoopback() != c.IsLoopback()
}

// local reports whether a conversation stays within its host.
func local(c *flow.Conversation) bool {
	return c.Client.Addr.IsLoopback() || c.Server.Addr.IsLoopback() || c.Client.Addr == c.Server.Addr
}
