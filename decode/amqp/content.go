package amqp

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strconv"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// channel is what is known of one channel.
type channel struct {
	number     uint16
	content    [2]content
	confirming bool   // the broker confirms what is published (confirm.select)
	published  uint64 // delivery tag of the last publish
	confirmed  uint64 // up to here, or an entry of early
	early      map[uint64]bool
}

// sorted returns the channels in the order of their numbers.
func sorted(m map[uint16]*channel) []*channel {
	list := make([]*channel, 0, len(m))
	for _, c := range m {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *channel) int { return cmp.Compare(a.number, b.number) })
	return list
}

// methodArguments are the arguments that are looked at.
type methodArguments struct {
	exchange, key, queue, tag, host string
	delivery                        uint64
	multiple, nowait                bool
}

func (a *methodArguments) take(v *value) {
	switch v.name {
	case "exchange", "source":
		a.exchange = v.show()
	case "routing-key":
		a.key = v.show()
	case "queue", "destination":
		a.queue = v.show()
	case "consumer-tag":
		a.tag = v.show()
	case "virtual-host":
		a.host = v.show()
	case "delivery-tag":
		a.delivery = v.number
	case "multiple":
		a.multiple = v.number != 0
	case "nowait":
		a.nowait = v.number != 0
	}
}

// title names an exchange: the method with what it is about.
func (a *methodArguments) title(m *method) string {
	about := a.queue
	switch {
	case m.class == "exchange" && a.queue == "", about == "" && a.exchange != "":
		about = a.exchange
	case about == "":
		about = cmp.Or(a.tag, a.host)
	}
	if about == "" {
		return m.title()
	}
	return m.title() + " " + about
}

// destination is where a message goes: the routing key behind the exchange, or
// alone for the default exchange, which has no name.
func (a *methodArguments) destination() string {
	if a.exchange == "" {
		return a.key
	}
	return a.exchange + "/" + a.key
}

// content is a message while its frames arrive: method, header, body.
type content struct {
	open    bool
	method  id
	known   *method
	msg     flow.Message
	packets flow.Packets
	header  bool // its header was read
	size    uint64
	got     uint64
	body    []byte // the first bytes
	reply   []byte // reply-to and correlation-id, if any
	call    []byte
}

func (t *content) begin(m id, known *method, msg *flow.Message, a *methodArguments) {
	t.packets.Reset()
	facts := append(t.msg.Facts[:0], msg.Facts...)
	*t = content{open: true, method: m, known: known, msg: *msg, packets: t.packets, body: t.body[:0]}
	t.msg.Facts, t.msg.Name = facts, a.destination()
	t.add(msg)
}

// add takes a frame's packets.
func (t *content) add(m *flow.Message) {
	for _, n := range m.Packets.List() {
		t.packets.Add(int(n))
	}
	t.msg.Last, t.msg.Packets = m.Last, t.packets
	if m.State != flow.Complete {
		t.msg.State = flow.Cut
	}
}

// header reads a content header.
func (d *dissector) header(u *stream.Unit, c *channel, r *wire.Reader) {
	h := parseContentHeader(r)
	t := &c.content[u.Dir]
	if !r.OK() && u.Whole() {
		d.out.Problem(Name, "malformed content header")
	}
	if !t.open || t.header {
		return
	}
	d.begin(u, "")
	t.add(&d.msg)
	t.msg.Bytes += d.msg.Bytes
	t.header, t.size = true, h.size
	t.msg.Facts = append(t.msg.Facts, flow.Fact{Key: "payload-bytes", Value: strconv.FormatUint(h.size, 10)})
	t.msg.Facts = h.facts(t.msg.Facts)
	t.reply, t.call = slices.Clone(h.text(replyTo)), slices.Clone(h.text(correlationID))
	if h.size == 0 {
		d.complete(c, t)
	}
}

// body takes a body frame.
func (d *dissector) body(u *stream.Unit, c *channel, b []byte) {
	t := &c.content[u.Dir]
	if !t.open || !t.header {
		return
	}
	d.begin(u, "")
	t.add(&d.msg)
	t.msg.Bytes += d.msg.Bytes
	if uint64(len(t.body)) == t.got {
		t.body = append(t.body, b[:min(len(b), maxBody-len(t.body))]...)
	}
	t.got += uint64(u.Size - frameFixed - 1)
	if t.got >= t.size {
		d.complete(c, t)
	}
}

// complete says a message that is complete.
func (d *dissector) complete(c *channel, t *content) {
	t.open = false
	m := &t.msg
	if m.State == flow.Complete {
		m.Facts = append(m.Facts, flow.Fact{Key: "digest", Value: wire.Digest(t.body, int64(t.size))})
	}
	event := *m
	event.Keep = true
	d.out.Message(&event)
	title := t.known.title() + " " + m.Name
	switch {
	case t.method == basicGetOk:
		answer := *m
		answer.Role, answer.Key, answer.Status, answer.Name = flow.Response, methodKey(c.number, basicGet), t.known.name, ""
		d.out.Message(&answer)
	case t.method == basicPublish && c.confirming:
		c.published++
		ask := *m
		ask.Role, ask.Key, ask.Name = flow.Request, confirmKey(c.number, c.published), title
		d.out.Message(&ask)
	}
	d.call(t)
}

// cut says a message that is not complete.
func (d *dissector) cut(t *content) {
	if !t.open {
		return
	}
	t.open = false
	t.msg.State, t.msg.Keep = flow.Cut, true
	d.out.Message(&t.msg)
}

// confirmKey names the exchange of a publish with its confirm.
func confirmKey(channel uint16, tag uint64) uint64 {
	return 1<<63 | uint64(channel)<<40 | tag&(1<<40-1)
}

// acknowledge says an ack, nack or reject. One from the broker answers what was
// published with its number, or all up to it.
func (d *dissector) acknowledge(c *channel, m id, a *methodArguments) {
	d.single()
	if !c.confirming || d.msg.Dir != layer.ToClient || a.delivery > c.published {
		return
	}
	d.msg.Role, d.msg.Keep, d.msg.Status, d.msg.Facts = flow.Response, false, methods[m].name, nil
	first := a.delivery
	if a.multiple {
		first = c.confirmed + 1
		if a.delivery == 0 {
			a.delivery = c.published
		}
	}
	for tag := max(first, c.confirmed+1); tag <= a.delivery; tag++ {
		if !c.early[tag] {
			d.msg.Key = confirmKey(c.number, tag)
			d.out.Message(&d.msg)
		}
		delete(c.early, tag)
	}
	c.confirm(a)
}

// confirm notes what was confirmed: all up to a number, and single ones ahead
// of that.
func (c *channel) confirm(a *methodArguments) {
	switch {
	case a.multiple:
		c.confirmed = max(c.confirmed, a.delivery)
	case len(c.early) >= maxOpen: // the missing ones will not be confirmed
		clear(c.early)
		c.confirmed = max(c.confirmed, a.delivery)
	case a.delivery > c.confirmed:
		if c.early == nil {
			c.early = map[uint64]bool{}
		}
		c.early[a.delivery] = true
	}
	for c.early[c.confirmed+1] {
		c.confirmed++
		delete(c.early, c.confirmed)
	}
}

// call says a message that asks for a reply as a request, and the one that
// brings it as its response: they go opposite ways with one correlation-id.
func (d *dissector) call(t *content) {
	if len(t.call) == 0 {
		return
	}
	h := fnv.New64a()
	h.Write(t.call)
	key := h.Sum64()&^(1<<63) | 1<<62
	m := t.msg
	asker, waiting := d.calls[key]
	switch {
	case len(t.reply) > 0 && len(d.calls) < maxOpen:
		d.calls[key] = m.Dir
		m.Role, m.Key, m.Name = flow.Request, key, "rpc "+m.Name
		d.out.Message(&m)
	case waiting && asker != m.Dir:
		delete(d.calls, key)
		m.Role, m.Key, m.Status, m.Name = flow.Response, key, t.known.name, ""
		d.out.Message(&m)
	}
}
