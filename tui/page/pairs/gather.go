package pairs

import (
	"context"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/tui/component"
	"github.com/wiresight/wiresight/tui/page"
)

// pair is a client and a server's port, with all that they said.
type pair struct {
	client, server netip.Addr
	port           uint16
	name           string // of the server
	stack          string // of the first conversation that had the longest
	conversations  int
	packets        int64
	bytes          flow.Counts
	lost           time.Duration // what the findings cost
}

// filter returns the display filter of the pair's conversations.
func (k *pair) filter() string {
	address := func(a netip.Addr) string {
		if a.Unmap().Is4() {
			return "ip.addr == " + a.Unmap().String()
		}
		return "ipv6.addr == " + a.String()
	}
	text := address(k.client) + " && " + address(k.server)
	if k.port != 0 {
		text += fmt.Sprintf(" && (tcp.port == %[1]d || udp.port == %[1]d)", k.port)
	}
	return text
}

// gatherer groups the conversations in the background, and never holds the
// session's lock for long.
type gatherer struct {
	ctx   context.Context
	src   page.Source
	judge page.Judge
	done  atomic.Int64
}

const (
	holdFor  = 2 * time.Millisecond
	maxPairs = 100_000
)

func (g *gatherer) run() []pair {
	type key struct {
		client, server netip.Addr
		port           uint16
	}
	at := map[key]int{}
	var list []pair
	for i, more := 0, true; more && g.ctx.Err() == nil; {
		g.src.View(func(v wiresight.View) {
			if v.Model == nil {
				more = false
				return
			}
			all := v.Model.Conversations
			for begun := time.Now(); i < len(all) && time.Since(begun) < holdFor; i++ {
				c := all[i]
				k := key{c.Client.Addr, c.Server.Addr, c.Server.Port}
				n, known := at[k]
				if !known {
					if len(list) >= maxPairs {
						continue
					}
					n = len(list)
					at[k] = n
					list = append(list, pair{client: k.client, server: k.server, port: k.port})
				}
				g.add(&list[n], v.Model, c)
			}
			g.done.Store(int64(i))
			more = i < len(all)
		})
	}
	return list
}

// add takes a conversation into its pair.
func (g *gatherer) add(p *pair, m *flow.Model, c *flow.Conversation) {
	p.conversations++
	p.packets += c.Packets.Sum()
	p.bytes[0] += c.Bytes[0]
	p.bytes[1] += c.Bytes[1]
	if c.Server.Name != "" {
		p.name = c.Server.Name
	}
	if s := component.Stack(c.Transport, c.Stack); len(s) > len(p.stack) {
		p.stack = s
	}
	for _, f := range g.judge(m, c).Findings {
		p.lost += f.Cost
	}
}
