package mqtt

import (
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// Bounds of what is kept.
const (
	maxHead    = 16 << 10 // bytes of a packet that are looked at
	maxName    = 256      // bytes of a topic or a client id
	maxBinary  = 32       // bytes of correlation data
	maxFacts   = 32
	maxTopics  = 16   // topic filters named in one fact
	maxAliases = 1024 // topic aliases remembered in one direction
	maxFlows   = 1024 // QoS 2 deliveries under way
)

// dissector reads both directions of one connection.
type dissector struct {
	units    [2]stream.Units
	out      dissect.Sink
	read     bool // a packet was read
	version  byte // 0 while no CONNECT was seen
	aliases  [2]map[uint16]string
	flows    map[uint64]*delivery
	msg      flow.Message // reused
	now      *stream.Unit // being described
	describe func() layer.Layer
}

// delivery is the answer to a PUBLISH of QoS 2 as far as it was seen: PUBREC,
// PUBREL and PUBCOMP (section 4.3.3).
type delivery struct {
	first   layer.PacketRef
	packets flow.Packets
	bytes   int64
}

func newDissector(c dissect.Context) dissect.Dissector {
	d := &dissector{}
	for i := range d.units {
		d.units[i] = stream.Units{Most: maxHead, Late: c.MidStream}
	}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.out = out
	d.units[c.Dir].Feed(c, d)
	d.out = nil
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(_ layer.Direction, b []byte) int64 {
	switch h, enough, ok := parseHeader(b); {
	case !enough:
		return 0
	case !ok:
		return -1
	default:
		return int64(h.size + h.length)
	}
}

// Begins implements stream.UnitReader.
func (d *dissector) Begins(_ layer.Direction, b []byte) bool {
	_, enough, ok := parseHeader(b)
	return !enough || ok && plausible(b)
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(_ layer.Direction, missing bool) {
	switch {
	case missing:
	case d.read:
		d.out.Problem(Name, "no MQTT control packet where one should begin")
	default:
		d.out.Withdraw()
	}
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	h, _, ok := parseHeader(u.Head)
	if !ok {
		return
	}
	d.read = true
	d.msg = flow.Message{Protocol: Name, Kind: kindNames[h.kind], Facts: d.msg.Facts[:0]}
	u.Fill(&d.msg)
	ok = d.packet(u, h, u.Head[h.size:])
	if d.msg.State != flow.Complete {
		return
	}
	if (!ok || !h.flagsFit()) && u.Whole() {
		d.out.Problem(Name, "malformed "+strings.ToUpper(kindNames[h.kind])+" packet")
	}
	d.now = u
	d.out.Layer(Name, d.describe)
	d.now = nil
}

// packet says a packet of which b is the part behind the fixed header. It
// reports whether b is what it should be.
func (d *dissector) packet(u *stream.Unit, h header, b []byte) (ok bool) {
	from := u.Dir
	switch h.kind {
	case connect:
		return d.connect(b)
	case publish:
		return d.publish(u, h, b)
	case subscribe, unsubscribe:
		return d.subscribe(h.kind, b)
	case suback, unsuback:
		return d.granted(h.kind, b)
	case pingreq:
		d.single()
		d.request(key(pingreq, from, 0), "PINGREQ")
		return len(b) == 0
	case pingresp:
		d.single()
		d.response(key(pingreq, from.Reverse(), 0), "")
		return len(b) == 0
	}
	a, ok := parseAcknowledgement(h.kind, b, d.version)
	d.msg.Facts = propertyFacts(d.msg.Facts, a.properties, "")
	status := ""
	if a.given || d.version == version5 {
		status = reasonName(h.kind, a.reason, d.version)
	}
	if h.kind == disconnect {
		if status != "" {
			d.fact("reason-code", status)
		}
		d.event()
		return ok
	}
	d.single()
	switch h.kind {
	case connack:
		d.fact("session-present", strconv.FormatBool(a.session))
		d.response(key(connect, from.Reverse(), 0), status)
	case puback:
		d.response(key(publish, from.Reverse(), a.id), status)
	case pubrec, pubrel, pubcomp:
		d.deliver(h.kind, from, a, status)
	}
	return ok
}

// key names an exchange: who opened it, with what, under which identifier.
func key(k kind, dir layer.Direction, id uint16) uint64 {
	return uint64(k)<<24 | uint64(dir)<<16 | uint64(id)
}

func (d *dissector) fact(key, value string) {
	d.msg.Facts = append(d.msg.Facts, flow.Fact{Key: key, Value: value})
}

// single says the packet as a message, of which only the kind is of interest.
func (d *dissector) single() {
	m := d.msg
	m.Facts, m.Name = nil, ""
	d.out.Message(&m)
}

// event says the packet as a message that is worth looking at by itself.
func (d *dissector) event() {
	m := d.msg
	m.Keep = true
	d.out.Message(&m)
}

func (d *dissector) request(key uint64, name string) {
	m := d.msg
	m.Role, m.Key, m.Name = flow.Request, key, name
	d.out.Message(&m)
}

func (d *dissector) response(key uint64, status string) {
	m := d.msg
	m.Role, m.Key, m.Status, m.Name = flow.Response, key, status, ""
	d.out.Message(&m)
}

func (d *dissector) connect(b []byte) bool {
	c, ok := parseConnect(b)
	if c.version&0x7f >= version31 && c.version&0x7f <= version5 {
		d.version = c.version & 0x7f // a bridge sets the high bit
	}
	d.single()
	clean := "clean-session"
	if d.version == version5 {
		clean = "clean-start"
	}
	d.fact("version", versionName(d.version))
	d.fact("client-id", layer.Clip(c.client, maxName))
	d.fact("keep-alive", strconv.Itoa(int(c.keepAlive)))
	d.fact(clean, strconv.FormatBool(c.has(cleanFlag)))
	if c.has(willFlag) {
		d.fact("will-topic", layer.Clip(c.willTopic, maxName))
		d.fact("will-qos", strconv.Itoa(int(c.willQoS())))
		d.fact("will-retain", strconv.FormatBool(c.has(willRetain)))
		d.fact("will-bytes", strconv.Itoa(len(c.willPayload)))
		d.msg.Facts = propertyFacts(d.msg.Facts, c.will, "will-")
	}
	if c.has(userFlag) {
		d.fact("user", layer.Clip(c.user, maxName))
	}
	if c.has(passwordFlag) {
		d.fact("password", "given")
	}
	d.msg.Facts = propertyFacts(d.msg.Facts, c.properties, "")
	d.request(key(connect, d.msg.Dir, 0), strings.TrimSpace("CONNECT "+layer.Clip(c.client, maxName)))
	return ok
}

func versionName(v byte) string {
	switch v {
	case version31:
		return "3.1"
	case version311:
		return "3.1.1"
	case version5:
		return "5"
	}
	return "unknown"
}

func (d *dissector) publish(u *stream.Unit, h header, b []byte) bool {
	p, ok := parsePublish(h, b, d.version)
	size := int64(h.length - p.before)
	d.msg.Name = d.topic(u.Dir, &p)
	d.fact("qos", strconv.Itoa(int(h.qos())))
	if h.retain() {
		d.fact("retain", "true")
	}
	if h.dup() {
		d.fact("dup", "true")
	}
	if ok {
		d.fact("payload-bytes", strconv.FormatInt(size, 10))
		if u.Missing == 0 {
			d.fact("digest", wire.Digest(p.payload, size))
		}
	}
	d.msg.Facts = propertyFacts(d.msg.Facts, p.properties, "")
	d.event()
	if h.qos() > 0 {
		d.request(key(publish, u.Dir, p.id), "PUBLISH "+d.msg.Name)
	}
	return ok
}

// topic returns the topic of a PUBLISH, which may be known by an alias
// (section 3.3.2.3.4).
func (d *dissector) topic(dir layer.Direction, p *publication) string {
	alias := aliasOf(p.properties)
	if len(p.topic) == 0 {
		return d.aliases[dir][alias]
	}
	name := layer.Clip(p.topic, maxName)
	if alias != 0 && len(d.aliases[dir]) < maxAliases {
		if d.aliases[dir] == nil {
			d.aliases[dir] = map[uint16]string{}
		}
		d.aliases[dir][alias] = name
	}
	return name
}

// deliver says the second to fourth packet of a QoS 2 delivery.
func (d *dissector) deliver(k kind, from layer.Direction, a acknowledgement, status string) {
	publisher := from.Reverse()
	if k == pubrel {
		publisher = from
	}
	id := key(publish, publisher, a.id)
	f := d.flows[id]
	if k == pubrec && f == nil && len(d.flows) < maxFlows {
		if d.flows == nil {
			d.flows = map[uint64]*delivery{}
		}
		f = &delivery{first: d.msg.First}
		d.flows[id] = f
	}
	if f != nil {
		for _, n := range d.msg.Packets.List() {
			f.packets.Add(int(n))
		}
		f.bytes += d.msg.Bytes
		d.msg.First, d.msg.Packets, d.msg.Bytes = f.first, f.packets, f.bytes
	}
	over := k == pubcomp || k == pubrec && failed(a.reason)
	if over {
		delete(d.flows, id)
	} else if d.msg.State == flow.Complete {
		d.msg.State = flow.Head
	}
	if k != pubrel {
		d.response(id, status)
	}
	if d.msg.State == flow.Head {
		d.msg.State = flow.Complete
	}
}
