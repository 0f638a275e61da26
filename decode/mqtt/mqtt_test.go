package mqtt

import (
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

// packet writes a control packet.
func packet(first byte, parts ...string) string {
	body := strings.Join(parts, "")
	n, length := len(body), ""
	for {
		c := byte(n & 0x7f)
		if n >>= 7; n > 0 {
			c |= 0x80
		}
		length += string([]byte{c})
		if n == 0 {
			return string([]byte{first}) + length + body
		}
	}
}

// str writes a text with its length before it.
func str(s string) string { return string([]byte{byte(len(s) >> 8), byte(len(s))}) + s }

func hello(version byte, flags byte, parts ...string) string {
	return packet(0x10, append([]string{str("MQTT"), string([]byte{version, flags, 0, 60})}, parts...)...)
}

// lines tells what is of interest of all messages.
func lines(r *dissecttest.Recorder) (list []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		role := [...]string{"", "> ", "< "}[m.Role]
		text := role + m.Kind
		for _, part := range []string{m.Name, m.Status} {
			if part != "" {
				text += " [" + part + "]"
			}
		}
		if m.State != flow.Complete {
			text += [...]string{"", " head", " cut"}[m.State]
		}
		list = append(list, text)
	}
	return list
}

func expect(t *testing.T, r *dissecttest.Recorder, want ...string) {
	t.Helper()
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, p := range r.Problems {
		t.Errorf("problem: %s", p.Text)
	}
}

func fact(m *flow.Message, key string) string {
	return flow.PackFacts(m.Facts).Get(key)
}

func TestAConversationOfVersion311(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(hello(4, 0xc2|4|8|0x20, str("sensor-1"), str("gone"), str("bye"), str("ann"), str("secret"))),
		dissecttest.Server(packet(0x20, "\x00\x00")),
		dissecttest.Client(packet(0x82, "\x00\x01", str("a/+"), "\x01", str("$share/g/b"), "\x02")),
		dissecttest.Server(packet(0x90, "\x00\x01", "\x01\x80")),
		dissecttest.Client(packet(0x31, str("a/b"), "hi")+packet(0x32, str("a/b"), "\x00\x02", "ho")),
		dissecttest.Server(packet(0x40, "\x00\x02")+packet(0x30, str("a/b"), "hi")),
		dissecttest.Client(packet(0xc0)),
		dissecttest.Server(packet(0xd0)),
		dissecttest.Client(packet(0xa2, "\x00\x03", str("a/+"))),
		dissecttest.Server(packet(0xb0, "\x00\x03")),
		dissecttest.Client(packet(0xe0)),
	)
	expect(t, r,
		"connect", "> connect [CONNECT sensor-1]", "connack", "< connack [Connection Accepted]",
		"subscribe", "> subscribe [SUBSCRIBE a/+ and 1 more]", "suback", "< suback [Failure]",
		"publish [a/b]", "publish [a/b]", "> publish [PUBLISH a/b]", "puback", "< puback", "publish [a/b]",
		"pingreq", "> pingreq [PINGREQ]", "pingresp", "< pingresp",
		"unsubscribe", "> unsubscribe [UNSUBSCRIBE a/+]", "unsuback", "< unsuback", "disconnect")
	m := &r.Messages[1]
	for key, want := range map[string]string{
		"version": "3.1.1", "client-id": "sensor-1", "user": "ann", "password": "given", "will-topic": "gone", "will-qos": "1",
		"will-retain": "true", "clean-session": "true", "keep-alive": "60",
	} {
		if got := fact(m, key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if got := fact(&r.Messages[5], "topics"); got != "a/+ QoS 1, $share/g/b QoS 2" || fact(&r.Messages[5], "shared") != "g" {
		t.Errorf("topics %q", got)
	}
	first, delivered := &r.Messages[8], &r.Messages[13]
	if !first.Keep || fact(first, "retain") != "true" || fact(first, "digest") != fact(delivered, "digest") || fact(first, "payload-bytes") != "2" {
		t.Errorf("facts %v and %v", first.Facts, delivered.Facts)
	}
	for _, l := range r.Layers {
		if strings.Contains(l.Summary, "secret") {
			t.Error("the password is shown")
		}
	}
	if len(r.Layers) != 13 {
		t.Errorf("%d layers", len(r.Layers))
	}
}

func TestDeliveryOfQoS2IsOneExchange(t *testing.T) {
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(hello(5, 2, "\x00", str(""))),
		dissecttest.Server(packet(0x20, "\x00\x00", "\x08\x12"+str("auto1"))),
		dissecttest.Client(packet(0x34, str("t"), "\x00\x07", "\x03\x23\x00\x01", "x")),
		dissecttest.Server(packet(0x50, "\x00\x07")),
		dissecttest.Client(packet(0x62, "\x00\x07")),
		dissecttest.Server(packet(0x70, "\x00\x07\x00")),
		dissecttest.Client(packet(0x34, str(""), "\x00\x08", "\x03\x23\x00\x01", "y")),
		dissecttest.Server(packet(0x50, "\x00\x08\x97")),
		dissecttest.Server(packet(0xe0, "\x8b\x00")),
	)
	expect(t, r,
		"connect", "> connect [CONNECT]", "connack", "< connack [Success]",
		"publish [t]", "> publish [PUBLISH t]", "pubrec", "< pubrec [Success] head", "pubrel", "pubcomp", "< pubcomp [Success]",
		"publish [t]", "> publish [PUBLISH t]", "pubrec", "< pubrec [Quota exceeded]", "disconnect")
	done := r.Messages[10]
	if done.First.Number != 4 || done.Last.Number != 6 || done.Packets.Len() != 3 || done.Bytes != 4+4+5 {
		t.Errorf("the delivery's answer: %+v", done)
	}
	if got := fact(&r.Messages[3], "assigned-client-id"); got != "auto1" {
		t.Errorf("client id %q", got)
	}
	if last := &r.Messages[len(r.Messages)-1]; fact(last, "reason-code") != "Server shutting down" {
		t.Errorf("facts %v", last.Facts)
	}
}

func TestAPublishLongerThanWhatIsKept(t *testing.T) {
	long := packet(0x30, str("t"), strings.Repeat("x", 100<<10))
	r := dissecttest.Game{Cut: dissecttest.Pieces(1400)}.Play(Protocol(), dissecttest.Client(hello(4, 2, str("c"))), dissecttest.Client(long+packet(0xe0)))
	expect(t, r, "connect", "> connect [CONNECT c]", "publish [t]", "disconnect")
	if m := &r.Messages[2]; m.Bytes != int64(len(long)) || fact(m, "payload-bytes") != "102400" {
		t.Errorf("%d bytes, %v", m.Bytes, m.Facts)
	}
}

func TestReadingGoesOnBehindLostBytes(t *testing.T) {
	r := dissecttest.Play(Protocol(),
		dissecttest.Client(hello(4, 2, str("c"))),
		dissecttest.Lost(100, dissecttest.Client("rest of a packet")),
		dissecttest.Client(packet(0x30, str("t"), "x")+packet(0xc0)),
		dissecttest.Client(packet(0x30, str("t"), strings.Repeat("x", 2000))[:1000]),
		dissecttest.Lost(500, dissecttest.Client(strings.Repeat("x", 2006-1500)+packet(0xe0))),
	)
	expect(t, r, "connect", "> connect [CONNECT c]", "publish [t]", "pingreq", "> pingreq [PINGREQ]", "publish [t] cut", "disconnect")
}

func TestMalformedPacketsAreNamed(t *testing.T) {
	r := dissecttest.Play(Protocol(), dissecttest.Client(hello(4, 2, str("c"))+packet(0x36, str("t"), "\x00\x01")+packet(0x82, "\x00")+"\x00\x00"))
	var got []string
	for _, p := range r.Problems {
		got = append(got, p.Text)
	}
	if want := []string{"malformed PUBLISH packet", "malformed SUBSCRIBE packet", "no MQTT control packet where one should begin"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a CONNECT of version 3.1.1", hello(4, 2, str("c")), dissect.Yes},
		{"a CONNECT of version 3.1", packet(0x10, str("MQIsdp"), "\x03\x02\x00\x3c", str("c")), dissect.Yes},
		{"the beginning of a CONNECT", hello(4, 2, str("c"))[:5], dissect.More},
		{"a PUBLISH in the middle of a connection", packet(0x30, str("a/b"), "x"), dissect.Maybe},
		{"a ping", packet(0xc0), dissect.Maybe},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", dissect.No},
		{"TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", dissect.No},
		{"SSH", "SSH-2.0-OpenSSH_9.0\r\n", dissect.No},
		{"RTSP-like bytes", "0 is no publish", dissect.No},
	} {
		if got := probe([]byte(c.first), false).Match; got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
