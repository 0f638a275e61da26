package mqtt

import (
	"github.com/wiresight/wiresight/decode/wire"
)

// kind is a control packet's type (MQTT 5 section 2.1.2).
type kind byte

const (
	connect kind = 1 + iota
	connack
	publish
	puback
	pubrec
	pubrel
	pubcomp
	subscribe
	suback
	unsubscribe
	unsuback
	pingreq
	pingresp
	disconnect
	auth
)

var kindNames = [16]string{
	"reserved", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp",
	"subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect", "auth",
}

// Protocol levels (MQTT 5 section 3.1.2.2).
const (
	version31  = 3
	version311 = 4
	version5   = 5
)

// header is a fixed header (section 2.1).
type header struct {
	kind   kind
	flags  byte
	size   int // of the fixed header
	length int // of what follows it
}

// longest is the size of the longest fixed header.
const longest = 5

// parseHeader reads a fixed header. It reports whether b is long enough and,
// if so, whether it is one.
func parseHeader(b []byte) (h header, enough, ok bool) {
	r := wire.NewReader(b[:min(len(b), longest)])
	first := r.U8()
	h.kind, h.flags = kind(first>>4), first&15
	if len(b) > 0 && h.kind == 0 {
		return h, true, false
	}
	h.length = int(r.Varint(longest - 1))
	h.size = r.Offset()
	return h, r.OK() || len(b) >= longest, r.OK()
}

func (h header) qos() byte    { return h.flags >> 1 & 3 }
func (h header) retain() bool { return h.flags&1 != 0 }
func (h header) dup() bool    { return h.flags&8 != 0 }

// flagsFit reports whether the flags are those that the type must have
// (section 2.1.3). MQTT 3.1 allows DUP wherever it asks for QoS 1.
func (h header) flagsFit() bool {
	switch h.kind {
	case publish:
		return h.qos() != 3
	case pubrel, subscribe, unsubscribe:
		return h.flags&^8 == 2
	}
	return h.flags == 0
}

// connection is a CONNECT packet (section 3.1).
type connection struct {
	protocol    []byte
	version     byte
	flags       byte
	keepAlive   uint16
	properties  []byte
	client      []byte
	will        []byte // properties
	willTopic   []byte
	willPayload []byte
	user        []byte
	password    int // its size
}

// Bits of the connect flags (section 3.1.2.3).
const (
	cleanFlag    = 0x02
	willFlag     = 0x04
	willRetain   = 0x20
	passwordFlag = 0x40
	userFlag     = 0x80
)

func (c *connection) has(flag byte) bool { return c.flags&flag != 0 }
func (c *connection) willQoS() byte      { return c.flags >> 3 & 3 }

func parseConnect(b []byte) (c connection, ok bool) {
	r := wire.NewReader(b)
	c.protocol, c.version, c.flags, c.keepAlive = r.Text16(), r.U8(), r.U8(), r.U16()
	c.properties = readProperties(&r, c.version)
	c.client = r.Text16()
	if c.has(willFlag) {
		c.will = readProperties(&r, c.version)
		c.willTopic, c.willPayload = r.Text16(), r.Text16()
	}
	if c.has(userFlag) {
		c.user = r.Text16()
	}
	if c.has(passwordFlag) {
		c.password = len(r.Text16())
	}
	return c, r.OK()
}

// publication is a PUBLISH packet (section 3.3).
type publication struct {
	topic      []byte
	id         uint16
	properties []byte
	payload    []byte // what is there of it
	before     int    // bytes before the payload
}

func parsePublish(h header, b []byte, version byte) (p publication, ok bool) {
	r := wire.NewReader(b)
	p.topic = r.Text16()
	if h.qos() > 0 {
		p.id = r.U16()
	}
	p.properties = readProperties(&r, version)
	p.before = r.Offset()
	p.payload = r.Peek()
	return p, r.OK()
}

// acknowledgement is a packet that consists of an identifier, a reason and
// properties: PUBACK, PUBREC, PUBREL, PUBCOMP (sections 3.4 to 3.7), and
// without the identifier CONNACK, DISCONNECT and AUTH.
type acknowledgement struct {
	id         uint16
	session    bool // CONNACK: a session was present
	reason     byte
	given      bool // a reason is there
	properties []byte
}

func parseAcknowledgement(k kind, b []byte, version byte) (a acknowledgement, ok bool) {
	r := wire.NewReader(b)
	switch k {
	case puback, pubrec, pubrel, pubcomp:
		a.id = r.U16()
	case connack:
		a.session = r.U8()&1 != 0
	}
	if r.Len() > 0 {
		a.reason, a.given = r.U8(), true
	}
	if r.Len() > 0 { // may be left out with an empty list
		a.properties = readProperties(&r, version)
	}
	return a, r.OK()
}

// filters walks the topic filters of a SUBSCRIBE or UNSUBSCRIBE (sections 3.8
// and 3.10).
type filters struct {
	r         wire.Reader
	subscribe bool
}

// filter is a topic filter with its options, if any.
type filter struct {
	topic   []byte
	options byte
}

func parseFilters(k kind, b []byte, version byte) (id uint16, properties []byte, f filters) {
	f = filters{r: wire.NewReader(b), subscribe: k == subscribe}
	id = f.r.U16()
	properties = readProperties(&f.r, version)
	return id, properties, f
}

func (f *filters) next() (t filter, ok bool) {
	if f.r.Len() == 0 {
		return t, false
	}
	t.topic = f.r.Text16()
	if f.subscribe {
		t.options = f.r.U8()
	}
	return t, f.r.OK()
}
