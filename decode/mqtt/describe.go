package mqtt

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// titles are the names that Wireshark gives the packets.
var titles = [16]string{
	"Reserved", "Connect Command", "Connect Ack", "Publish Message", "Publish Ack", "Publish Received", "Publish Release",
	"Publish Complete", "Subscribe Request", "Subscribe Ack", "Unsubscribe Request", "Unsubscribe Ack", "Ping Request",
	"Ping Response", "Disconnect Req", "Authentication Exchange",
}

// description notes the fields of one packet. Offsets count from its first
// byte.
type description struct {
	*wire.Tree
	version byte
	info    strings.Builder
}

// layer describes the current packet.
func (d *dissector) layer() layer.Layer {
	h, _, _ := parseHeader(d.now.Head)
	t := description{Tree: wire.NewTree(d.now.Head, 0), version: d.version}
	t.info.WriteString(titles[h.kind])
	t.header(h)
	switch h.kind {
	case connect:
		t.connect()
	case publish:
		t.publish(h)
	case subscribe, unsubscribe:
		t.subscription(h.kind)
	case suback, unsuback:
		t.id()
		t.properties("mqtt.properties")
		for t.Len() > 0 {
			t.reason(h.kind)
		}
	default:
		t.acknowledgement(h.kind)
	}
	return layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(d.now.Head), Summary: t.info.String(), Fields: t.Fields}
}

func (t *description) header(h header) {
	t.Group("mqtt.hdrflags", fmt.Sprintf("0x%02x", byte(h.kind)<<4|h.flags), 0, func() {
		t.U8()
		t.Number("mqtt.msgtype", uint64(h.kind), 1)
		if h.kind == publish {
			t.Flag("mqtt.dupflag", h.dup())
			t.Number("mqtt.qos", uint64(h.qos()), 1)
			t.Flag("mqtt.retain", h.retain())
		} else {
			t.Number("mqtt.hdr_reserved", uint64(h.flags), 1)
		}
	})
	t.Varint(longest - 1)
	t.Number("mqtt.len", uint64(h.length), h.size-1)
}

// text notes a text with its length.
func (t *description) text(name string) []byte {
	n := t.Number(name+"_len", uint64(t.U16()), 2)
	return t.Text(name, t.Bytes(int(n)))
}

func (t *description) id() { t.Number("mqtt.msgid", uint64(t.U16()), 2) }

func (t *description) connect() {
	n := t.Number("mqtt.proto_len", uint64(t.U16()), 2)
	t.Text("mqtt.protoname", t.Bytes(int(n)))
	version := t.U8()
	t.version = version & 0x7f
	t.Number("mqtt.ver", uint64(version), 1)
	c := connection{flags: t.U8()}
	t.Group("mqtt.conflags", fmt.Sprintf("0x%02x", c.flags), 1, func() {
		t.Flag("mqtt.conflag.uname", c.has(userFlag))
		t.Flag("mqtt.conflag.passwd", c.has(passwordFlag))
		t.Flag("mqtt.conflag.retain", c.has(willRetain))
		t.Number("mqtt.conflag.qos", uint64(c.willQoS()), 1)
		t.Flag("mqtt.conflag.willflag", c.has(willFlag))
		t.Flag("mqtt.conflag.cleansess", c.has(cleanFlag))
		t.Flag("mqtt.conflag.reserved", c.has(1))
	})
	t.Number("mqtt.kalive", uint64(t.U16()), 2)
	t.properties("mqtt.properties")
	t.info.WriteString(" " + layer.Clip(t.text("mqtt.clientid"), maxName))
	if c.has(willFlag) {
		t.properties("mqtt.will_properties")
		t.text("mqtt.willtopic")
		n := t.Number("mqtt.willmsg_len", uint64(t.U16()), 2)
		t.Text("mqtt.willmsg", t.Bytes(int(n)))
	}
	if c.has(userFlag) {
		t.text("mqtt.username")
	}
	if c.has(passwordFlag) {
		n := int(t.Number("mqtt.passwd_len", uint64(t.U16()), 2))
		t.Bytes(n)
		t.Hidden("mqtt.passwd", n)
	}
}

func (t *description) publish(h header) {
	topic := layer.Clip(t.text("mqtt.topic"), maxName)
	t.info.WriteString(" [" + topic + "]")
	if h.qos() > 0 {
		t.id()
	}
	t.properties("mqtt.properties")
	t.Text("mqtt.msg", t.Rest())
}

func (t *description) subscription(k kind) {
	t.id()
	t.properties("mqtt.properties")
	for n := 0; t.Len() > 0; n++ {
		topic := t.text("mqtt.topic")
		if n < maxTopics {
			t.info.WriteString(" [" + layer.Clip(topic, maxName) + "]")
		}
		if k != subscribe {
			continue
		}
		o := t.U8()
		if t.version != version5 {
			t.Number("mqtt.sub.qos", uint64(o&3), 1)
			continue
		}
		t.Group("mqtt.subscription_options", fmt.Sprintf("0x%02x", o), 1, func() {
			t.Number("mqtt.subscription_options_retain", uint64(o>>4&3), 1)
			t.Flag("mqtt.subscription_options_rap", o&8 != 0)
			t.Flag("mqtt.subscription_options_nl", o&4 != 0)
			t.Number("mqtt.subscription_options_qos", uint64(o&3), 1)
		})
	}
}

func (t *description) acknowledgement(k kind) {
	switch k {
	case puback, pubrec, pubrel, pubcomp:
		t.id()
	case connack:
		flags := t.U8()
		t.Group("mqtt.conack.flags", fmt.Sprintf("0x%02x", flags), 1, func() { t.Flag("mqtt.conack.flags.sp", flags&1 != 0) })
	}
	if t.Len() > 0 {
		t.reason(k)
	}
	if t.Len() > 0 {
		t.properties("mqtt.properties")
	}
}

// reason notes a reason code or what stood in its place before MQTT 5.
func (t *description) reason(k kind) {
	code := t.U8()
	name := "mqtt." + kindNames[k] + ".reason_code"
	switch {
	case k == connack && t.version != version5:
		name = "mqtt.conack.val"
	case k == suback && t.version != version5:
		name = "mqtt.suback.qos"
	}
	t.Number(name, uint64(code), 1)
	if t.version == version5 || k == connack || failed(code) {
		t.info.WriteString(", " + reasonName(k, code, t.version))
	}
}

// properties notes a list of properties.
func (t *description) properties(name string) {
	if t.version != version5 || t.Len() == 0 {
		return
	}
	t.Group(name, "", 0, func() {
		at := t.Offset()
		n := t.Varint(4)
		t.Number("mqtt.property_len", n, t.Offset()-at)
		list := wire.NewTree(t.Bytes(int(n)), t.At()-int(n))
		for list.Len() > 0 && list.OK() {
			describeProperty(list)
		}
		t.Fields = append(t.Fields, list.Fields...)
	})
}

// describeProperty notes one property.
func describeProperty(t *wire.Tree) {
	at := t.Offset()
	p, ok := readProperty(&t.Reader)
	if !ok {
		return
	}
	size := t.Offset() - at
	value := strconv.FormatUint(p.number, 10)
	name := "mqtt.prop_number"
	switch {
	case p.id == authenticationData || p.form == pair && wire.Secret(p.text):
		name, value = "mqtt.prop_string", fmt.Sprintf("%d bytes, not shown", len(p.text)+len(p.value))
	case p.form == pair:
		name, value = "mqtt.prop_key", layer.Clip(p.text, maxName)+": "+layer.Clip(p.value, maxName)
	case p.form == text || p.form == binary:
		name, value = "mqtt.prop_string", layer.Clip(p.text, maxName)
	case p.id == topicAlias:
		name = "mqtt.property.topic_alias"
	}
	t.Add("mqtt.property_id", strconv.Itoa(int(p.id)), size)
	t.Add(name, value, size-1)
}
