package amqp

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

const hello = "AMQP\x00\x00\x09\x01"

func frame(kind byte, channel uint16, parts ...string) string {
	payload := strings.Join(parts, "")
	b := []byte{kind}
	b = binary.BigEndian.AppendUint16(b, channel)
	b = binary.BigEndian.AppendUint32(b, uint32(len(payload)))
	return string(b) + payload + "\xce"
}

func call(channel, class, method uint16, parts ...string) string {
	b := binary.BigEndian.AppendUint16(nil, class)
	b = binary.BigEndian.AppendUint16(b, method)
	return frame(frameMethod, channel, append([]string{string(b)}, parts...)...)
}

func shorts(s string) string { return string([]byte{byte(len(s))}) + s }
func longs(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}
func tag(n byte) string { return "\x00\x00\x00\x00\x00\x00\x00" + string([]byte{n}) }

// message writes a content header and body; reply and id may be "".
func message(channel uint16, reply, id string, bodies ...string) string {
	size := len(strings.Join(bodies, ""))
	var flags uint16
	properties := ""
	if id != "" {
		flags |= 1 << (15 - correlationID)
		properties += shorts(id)
	}
	if reply != "" {
		flags |= 1 << (15 - replyTo)
		properties += shorts(reply)
	}
	h := binary.BigEndian.AppendUint16(nil, 60)
	h = binary.BigEndian.AppendUint16(h, 0)
	h = binary.BigEndian.AppendUint64(h, uint64(size))
	h = binary.BigEndian.AppendUint16(h, flags)
	s := frame(frameHeader, channel, string(h), properties)
	for _, b := range bodies {
		s += frame(frameBody, channel, b)
	}
	return s
}

func publish(exchange, key string) string {
	return call(1, 60, 40, "\x00\x00", shorts(exchange), shorts(key), "\x00")
}

func deliver(exchange, key string, n byte) string {
	return call(1, 60, 60, shorts("c1"), tag(n), "\x00", shorts(exchange), shorts(key))
}

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func TestAConnectionIsOpened(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(hello),
		dissecttest.Server(call(0, 10, 10, "\x00\x09", longs(shorts("product")+"S"+longs("RabbitMQ")), longs("PLAIN"), longs("en_US"))),
		dissecttest.Client(call(0, 10, 11, longs(""), shorts("PLAIN"), longs("\x00ann\x00hush"), shorts("en_US"))),
		dissecttest.Server(call(0, 10, 30, "\x07\xff\x00\x02\x00\x00\x00\x3c")),
		dissecttest.Client(call(0, 10, 31, "\x07\xff\x00\x02\x00\x00\x00\x3c")+call(0, 10, 40, shorts("/"), shorts(""), "\x00")),
		dissecttest.Server(call(0, 10, 41, shorts(""))+frame(frameHeartbeat, 0)),
		dissecttest.Client(call(1, 20, 10, shorts(""))), dissecttest.Server(call(1, 20, 11, longs(""))),
		dissecttest.Client(call(1, 50, 10, "\x00\x00", shorts("jobs"), "\x02", longs(""))),
		dissecttest.Server(call(1, 50, 11, shorts("jobs"), "\x00\x00\x00\x07\x00\x00\x00\x01")),
		dissecttest.Client(call(1, 50, 20, "\x00\x00", shorts("jobs"), shorts("ex"), shorts("k"), "\x01", longs(""))),
		dissecttest.Server(call(1, 20, 40, "\x01\x94", shorts("NOT_FOUND"), "\x00\x32\x00\x14")),
	)
	dissecttest.Expect(t, r, "protocol-header [0-9-1]", "> connection.start [connection.start]", "< connection.start-ok [start-ok]",
		"> connection.tune [connection.tune]", "< connection.tune-ok [tune-ok]", "> connection.open [connection.open /]",
		"< connection.open-ok [open-ok]", "heartbeat", "> channel.open [channel.open]", "< channel.open-ok [open-ok]",
		"> queue.declare [queue.declare jobs]", "< queue.declare-ok [declare-ok]", "queue.bind", "> channel.close [channel.close]")
	m := r.Messages
	if fact(&m[2], "response") != "given" || fact(&m[11], "message-count") != "7" || fact(&m[10], "durable") != "true" || fact(&m[13], "reply-code") != "404" {
		t.Errorf("facts %v %v %v", m[2].Facts, m[11].Facts, m[13].Facts)
	}
	if fact(&m[1], "server-properties") != "product" {
		t.Errorf("facts %v", m[1].Facts)
	}
	if told := fmt.Sprint(r.Messages, r.Layers); strings.Contains(told, "hush") {
		t.Error("the password is told")
	}
}

func TestPublicationsAreConfirmedByNumber(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(hello), dissecttest.Client(call(1, 85, 10, "\x00")), dissecttest.Server(call(1, 85, 11)),
		dissecttest.Client(publish("ex", "a")+message(1, "", "", "he", "llo")+publish("", "jobs")+message(1, "", "")+publish("ex", "b")+message(1, "", "", "x")),
		dissecttest.Server(call(1, 60, 80, tag(2), "\x00")+call(1, 60, 80, tag(3), "\x01")),
		dissecttest.Client(publish("ex", "c")+message(1, "", "", "x")), dissecttest.Server(call(1, 60, 120, tag(4), "\x00")),
	)
	dissecttest.Expect(t, r, "protocol-header [0-9-1]", "> confirm.select [confirm.select]", "< confirm.select-ok [select-ok]",
		"basic.publish [ex/a]", "> basic.publish [basic.publish ex/a]", "basic.publish [jobs]", "> basic.publish [basic.publish jobs]",
		"basic.publish [ex/b]", "> basic.publish [basic.publish ex/b]",
		"basic.ack", "< basic.ack [ack]", "basic.ack", "< basic.ack [ack]", "< basic.ack [ack]",
		"basic.publish [ex/c]", "> basic.publish [basic.publish ex/c]", "basic.nack", "< basic.nack [nack]")
	var keys []uint64
	for _, m := range r.Messages {
		if m.Role == flow.Response && strings.HasPrefix(m.Kind, "basic") {
			keys = append(keys, m.Key&0xff)
		}
	}
	if !slices.Equal(keys, []uint64{2, 1, 3, 4}) {
		t.Errorf("confirmed %v", keys)
	}
	if m := &r.Messages[3]; fact(m, "payload-bytes") != "5" || m.Bytes != int64(len(publish("ex", "a")+message(1, "", "", "he", "llo"))) {
		t.Errorf("%d bytes, %v", m.Bytes, m.Facts)
	}
}

func TestDeliveriesAreTheMessagesThatWerePublished(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Client(hello),
		dissecttest.Client(publish("ex", "a")+message(1, "", "", "hello")),
		dissecttest.Server(deliver("ex", "a", 1)+message(1, "", "", "hel", "lo")),
		dissecttest.Client(call(1, 60, 80, tag(1), "\x00")),
		dissecttest.Client(call(1, 60, 70, "\x00\x00", shorts("jobs"), "\x00")), dissecttest.Server(call(1, 60, 72, shorts(""))),
		dissecttest.Client(call(1, 60, 70, "\x00\x00", shorts("jobs"), "\x00")),
		dissecttest.Server(call(1, 60, 71, tag(2), "\x00", shorts("ex"), shorts("a"), "\x00\x00\x00\x00")+message(1, "", "", "hello")),
		dissecttest.Server(deliver("ex", "a", 3)+frame(frameHeader, 1, "\x00\x3c\x00\x00\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00")+frame(frameBody, 1, "cut")),
	)
	dissecttest.Expect(t, r, "protocol-header [0-9-1]", "basic.publish [ex/a]", "basic.deliver [ex/a]", "basic.ack",
		"> basic.get [basic.get jobs]", "< basic.get-empty [get-empty]", "> basic.get [basic.get jobs]",
		"basic.get-ok [ex/a]", "< basic.get-ok [get-ok]", "basic.deliver [ex/a] cut")
	m := r.Messages
	if d := fact(&m[1], "digest"); d == "" || d != fact(&m[2], "digest") || d != fact(&m[7], "digest") {
		t.Errorf("digests %v %v", m[1].Facts, m[2].Facts)
	}
}

func TestCallsAndTheirReplies(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(), dissecttest.Client(hello),
		dissecttest.Client(publish("", "rpc")+message(1, "answers", "id-1", "2+2")),
		dissecttest.Server(deliver("", "answers", 1)+message(1, "", "id-1", "4")),
		dissecttest.Server(deliver("", "answers", 2)+message(1, "", "id-1", "again")))
	dissecttest.Expect(t, r, "protocol-header [0-9-1]", "basic.publish [rpc]", "> basic.publish [rpc rpc]",
		"basic.deliver [answers]", "< basic.deliver [deliver]", "basic.deliver [answers]")
	if m := r.Messages; m[2].Key != m[4].Key || fact(&m[1], "reply-to") != "answers" || fact(&m[1], "correlation-id") != "id-1" {
		t.Errorf("facts %v", m[1].Facts)
	}
}

func TestVersion10AtFrameLevel(t *testing.T) {
	f := func(channel byte, body string) string {
		b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
		return string(b) + "\x02\x00\x00" + string([]byte{channel}) + body
	}
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client("AMQP\x03\x01\x00\x00"), dissecttest.Server("AMQP\x03\x01\x00\x00"),
		dissecttest.Client(f(0, "\x00\x53\x41\xc0\x01\x00")), dissecttest.Client("AMQP\x00\x01\x00\x00"),
		dissecttest.Client(f(0, "\x00\x53\x10\xc0\x01\x00")+f(1, "\x00\x53\x14\xc0\x01\x00payload")+f(0, "")))
	dissecttest.Expect(t, r, "protocol-header [1.0 with SASL]", "protocol-header [1.0 with SASL]", "sasl-init", "protocol-header [1.0]", "open", "transfer", "empty")
}

func TestLostBytes(t *testing.T) {
	r := dissecttest.Play(Protocol(), dissecttest.Client(hello),
		dissecttest.Client(publish("ex", "a")+message(1, "", "", strings.Repeat("x", 3000))[:1000]),
		dissecttest.Lost(500, dissecttest.Client(message(1, "", "", strings.Repeat("x", 3000))[1500:]+publish("ex", "b")+message(1, "", "", "y"))),
		dissecttest.Lost(500, dissecttest.Client("rest of a frame")), dissecttest.Client(publish("ex", "c")+message(1, "", "", "z")))
	dissecttest.Expect(t, r, "protocol-header [0-9-1]", "basic.publish [ex/a] cut", "basic.publish [ex/b]", "basic.publish [ex/c]")
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a protocol header", hello, dissect.Yes},
		{"the beginning of one", "AMQ", dissect.More},
		{"a method in the middle of a connection", publish("", "q"), dissect.Yes},
		{"a body in the middle of a connection", frame(frameBody, 1, "x"), dissect.Maybe},
		{"TLS-like bytes", "\x03\x00\x01\x00\x00\x00\x02xxx", dissect.No},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", dissect.No},
	} {
		if got := probe([]byte(c.first), false).Match; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
