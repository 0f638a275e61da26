package flow

import "github.com/wiresight/wiresight/decode/layer"

// timeline joins messages to exchanges. Open exchanges are few at a time, so a
// slice searched from the end beats a map.
type timeline struct {
	open []openExchange
}

type openExchange struct {
	protocol layer.Protocol
	key      uint64
	index    int  // into Exchanges; -1 where the exchange was not stored
	asking   bool // the request goes on
	answered bool // the response is whole
}

// maxOpen bounds the exchanges that wait for an answer; the oldest are
// forgotten beyond it (they stay in the list, unanswered).
const maxOpen = 1024

// Add takes a message into the conversation. It returns the index of the
// exchange it belongs to, or -1 where it belongs to none or the store is full.
func (c *Conversation) Add(m *Message, s *Store) int {
	c.Version++
	if m.Role == Single {
		if m.State != Head {
			c.count(m.Protocol, m.Kind)
			if m.Keep {
				c.keep(m, s)
			}
		}
		return -1
	}
	if m.Role == Request {
		return c.addRequest(m, s)
	}
	return c.addResponse(m, s)
}

// keep stores a single message.
func (c *Conversation) keep(m *Message, s *Store) {
	c.EventsTotal++
	if s.Events >= s.MaxEvents {
		s.EventsOmitted++
		return
	}
	s.Events++
	kind, name := m.KeepAs, m.Name
	if name == "" {
		name = m.Status
	}
	if kind == "" {
		kind = m.Kind
	}
	c.Events = append(c.Events, Event{
		Protocol: m.Protocol, Kind: kind, Name: s.text(name), Facts: s.facts(m.Facts), First: m.First, Last: m.Last,
		Stream: m.Stream, Bytes: m.Bytes, Dir: m.Dir, State: m.State,
	})
}

// addRequest takes a request, or the rest of one whose Head came before: an
// answer may be whole by then.
func (c *Conversation) addRequest(m *Message, s *Store) int {
	i := c.timeline.find(m.Protocol, m.Key)
	if i < 0 || !c.timeline.open[i].asking {
		return c.newExchange(m, m.Dir, s)
	}
	o := &c.timeline.open[i]
	at := o.index
	if at >= 0 {
		e := c.Exchanges[at]
		e.Request = s.part(m)
		if m.Name != "" && m.Name != e.Name { // what it asks for may show late
			e.Name = s.text(m.Name)
		}
	}
	o.asking = m.State == Head
	if o.answered && !o.asking {
		c.timeline.remove(i)
	}
	return at
}

func (c *Conversation) addResponse(m *Message, s *Store) int {
	i := c.timeline.find(m.Protocol, m.Key)
	if i < 0 { // an answer whose question was not seen
		c.newExchange(m, m.Dir.Reverse(), s)
		i = len(c.timeline.open) - 1
	}
	o := &c.timeline.open[i]
	at := o.index
	if at >= 0 {
		e := c.Exchanges[at]
		e.Response = s.part(m)
		e.Status = s.text(m.Status)
	}
	if o.answered = m.State != Head; o.answered && !o.asking {
		c.timeline.remove(i)
	}
	return at
}

func (c *Conversation) newExchange(m *Message, dir layer.Direction, s *Store) int {
	c.ExchangesTotal++
	at := -1
	if s.mayKeep() {
		at = len(c.Exchanges)
		e := s.exchange()
		*e = Exchange{ID: int(c.ExchangesTotal), Protocol: m.Protocol, Stream: m.Stream, Name: s.text(m.Name), Dir: dir}
		if m.Role == Request {
			e.Request = s.part(m)
		}
		c.Exchanges = append(c.Exchanges, e)
	}
	c.timeline.push(openExchange{protocol: m.Protocol, key: m.Key, index: at, asking: m.Role == Request && m.State == Head})
	return at
}

// part copies what is kept of a message. The packet list is cloned, so that
// dissectors may reuse theirs.
func (s *Store) part(m *Message) Part {
	return Part{First: m.First, Last: m.Last, Packets: s.packets(&m.Packets), Bytes: m.Bytes, State: m.State, Facts: s.facts(m.Facts)}
}

func (c *Conversation) count(p layer.Protocol, kind string) {
	for i := range c.Messages {
		if c.Messages[i].Kind == kind && c.Messages[i].Protocol == p {
			c.Messages[i].Count++
			return
		}
	}
	c.Messages = append(c.Messages, MessageCount{p, kind, 1})
}

func (t *timeline) find(p layer.Protocol, key uint64) int {
	for i := len(t.open) - 1; i >= 0; i-- {
		if t.open[i].key == key && t.open[i].protocol == p {
			return i
		}
	}
	return -1
}

func (t *timeline) push(o openExchange) {
	if len(t.open) >= maxOpen {
		t.remove(0)
	}
	t.open = append(t.open, o)
}

func (t *timeline) remove(i int) {
	t.open = append(t.open[:i], t.open[i+1:]...)
}
