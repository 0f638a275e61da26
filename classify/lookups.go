package classify

import (
	"net/netip"
	"strings"

	"github.com/wiresight/wiresight/classify/pattern"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
)

// lookups ties DNS answers to the conversations that used them. It reads each
// exchange once, so that it can be brought up to date on a growing model.
type lookups struct {
	read    int        // conversations looked at
	packets int64      // of the model then
	reads   int        // conversations read, for the tests
	dns     []progress // those that hold DNS exchanges, or may come to
	answers map[resolved][]answer
	found   []pattern.Discovery
	users   map[int]int // conversation id -> index into found
}

// progress is how far a DNS conversation was read.
type progress struct {
	c       *flow.Conversation
	version uint64
	next    int // exchanges before it are done
}

// resolved is an address that a client was told.
type resolved struct{ client, addr netip.Addr }

type answer struct {
	name   string
	dns    int
	lookup timing.Lookup
	used   bool
}

const (
	usedWithin  = 10e9 // ns from the answer to the conversation
	waitingDNS  = 256  // exchanges behind which one without an answer is given up
	maxAnswers  = 200_000
	keepAnswers = 8 // of one address to one client
)

// refresh is update where packets came since. It is asked for with each
// conversation of a model, so it must not look at all of them each time. What
// the end of a capture alone changes, the next update finds.
func (l *lookups) refresh(m *flow.Model) {
	if l.read != len(m.Conversations) || l.packets != m.Packets {
		l.update(m)
	}
}

// update reads what is new in the model.
func (l *lookups) update(m *flow.Model) {
	if l.answers == nil {
		l.answers, l.users = map[resolved][]answer{}, map[int]int{}
	}
	fresh := m.Conversations[min(l.read, len(m.Conversations)):]
	for _, c := range fresh {
		if c.Server.Port == 53 || c.Client.Port == 53 || c.Has("dns") {
			l.dns = append(l.dns, progress{c: c})
		}
	}
	for i := range l.dns {
		l.reads++
		l.dns[i].read(l)
	}
	for _, c := range fresh {
		l.use(c)
	}
	l.read, l.packets = len(m.Conversations), m.Packets
}

// read takes the exchanges that were answered meanwhile.
func (p *progress) read(l *lookups) {
	if p.version == p.c.Version && p.next > 0 {
		return
	}
	p.version = p.c.Version
	for p.next = max(p.next, len(p.c.Exchanges)-waitingDNS); p.next < len(p.c.Exchanges); p.next++ {
		e := p.c.Exchanges[p.next]
		if !e.Response.Seen() && len(p.c.Exchanges)-p.next < waitingDNS {
			return
		}
		if e.Protocol == "dns" && e.Request.Seen() && e.Response.Seen() {
			l.take(p.c, e)
		}
	}
}

// take notes the addresses of one answer.
func (l *lookups) take(c *flow.Conversation, e *flow.Exchange) {
	rest := e.Response.Fact("answers")
	for rest != "" && len(l.answers) < maxAnswers {
		var record string
		record, rest, _ = strings.Cut(rest, ", ")
		kind, text, _ := strings.Cut(record, " ")
		if kind != "A" && kind != "AAAA" {
			continue
		}
		addr, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		key := resolved{c.Client.Addr, addr}
		list := l.answers[key]
		if len(list) >= keepAnswers {
			list = list[:copy(list, list[1:])]
		}
		_, name, _ := strings.Cut(e.Name, " ")
		l.answers[key] = append(list, answer{name: name, dns: c.ID, lookup: timing.Lookup{Query: e.Request.First, Answer: e.Response.Last}})
	}
}

// use ties a conversation to the answer that named its server last, if it is
// the first to use it.
func (l *lookups) use(c *flow.Conversation) {
	list := l.answers[resolved{c.Client.Addr, c.Server.Addr}]
	for i := len(list) - 1; i >= 0; i-- {
		a := &list[i]
		since := c.First.Nanos - a.lookup.Answer.Nanos
		if c.First.Number < a.lookup.Answer.Number {
			continue
		}
		if since >= 0 && since <= usedWithin && !a.used && a.dns != c.ID {
			a.used = true
			l.users[c.ID] = len(l.found)
			l.found = append(l.found, pattern.Discovery{Name: a.name, DNS: a.dns, Lookup: a.lookup, User: c})
		}
		return
	}
}

// of returns the lookup that a conversation used, or nil.
func (l *lookups) of(c *flow.Conversation) *timing.Lookup {
	if i, ok := l.users[c.ID]; ok {
		return &l.found[i].Lookup
	}
	return nil
}
