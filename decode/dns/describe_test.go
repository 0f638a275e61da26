package dns

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/wiresight/wiresight/decode/layer"
)

// find returns the first field of a name, depth first.
func find(fields []layer.Field, name string) *layer.Field {
	for i := range fields {
		if fields[i].Name == name {
			return &fields[i]
		}
		if f := find(fields[i].Children, name); f != nil {
			return f
		}
	}
	return nil
}

func TestSummariesReadAsInAPacketList(t *testing.T) {
	mx := &dnsmessage.MXResource{Pref: 10, MX: dnsmessage.MustNewName("mail.example.")}
	for _, c := range []struct {
		message []byte
		want    string
	}{
		{query(t, 0x1234, "example.com."), "Standard query 0x1234 A example.com"},
		{response(t, 0x1234, "example.com.", a(1)), "Standard query response 0x1234 A example.com A 192.0.2.1"},
		{pack(t, dnsmessage.Header{ID: 1, Response: true, RCode: 3}, "x.example.", dnsmessage.TypeA), "Standard query response 0x0001 No such name A x.example"},
		{pack(t, dnsmessage.Header{ID: 1, Response: true}, "x.", dnsmessage.TypeMX, mx), "Standard query response 0x0001 MX x MX 10 mail.example"},
		{pack(t, dnsmessage.Header{ID: 1}, ".", dnsmessage.TypeNS), "Standard query 0x0001 NS <Root>"},
	} {
		if got := play(Name, ask(c.message)).Layers[0].Summary; got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}

func TestFieldsPointAtTheirBytes(t *testing.T) {
	m := response(t, 0x1234, "example.com.", a(1))
	owner := len(query(t, 0x1234, "example.com."))
	datagram := play(Name, reply(m)).Layers[0].Layer
	stream := playStream(nil, framed(m), 1000).Layers[0].Layer
	for _, c := range []struct {
		name, value string
		off, size   int
	}{
		{"dns.id", "0x1234", 0, 2},
		{"dns.flags.response", "1", 2, 2},
		{"dns.count.answers", "1", 6, 2},
		{"dns.qry.name", "example.com", 12, 13},
		{"dns.qry.type", "1", 25, 2},
		{"dns.resp.name", "example.com", owner, 2},
		{"dns.resp.ttl", "300", owner + 6, 4},
		{"dns.a", "192.0.2.1", owner + 12, 4},
	} {
		for base, l := range map[int]layer.Layer{0: datagram, 2: stream} {
			f := find(l.Fields, c.name)
			if f == nil {
				t.Errorf("no field %s", c.name)
				continue
			}
			if f.Value != c.value || f.Offset != base+c.off || f.Length != c.size {
				t.Errorf("%s is %q at %d+%d, not %q at %d+%d", c.name, f.Value, f.Offset, f.Length, c.value, base+c.off, c.size)
			}
		}
	}
	if f := find(stream.Fields, "dns.length"); f == nil || f.Length != 2 || stream.Length != 2+len(m) {
		t.Errorf("the length before a message on a stream: %+v", f)
	}
}

func TestServiceBindingsReadAsInAZoneFile(t *testing.T) {
	https := &dnsmessage.HTTPSResource{SVCBResource: dnsmessage.SVCBResource{
		Priority: 1, Target: dnsmessage.MustNewName("."), Params: []dnsmessage.SVCParam{
			{Key: dnsmessage.SVCParamALPN, Value: []byte("\x02h3\x02h2")},
			{Key: dnsmessage.SVCParamPort, Value: []byte{0x20, 0xfb}},
			{Key: dnsmessage.SVCParamIPv4Hint, Value: []byte{192, 0, 2, 1, 192, 0, 2, 2}},
		},
	}}
	r := play(Name, reply(pack(t, dnsmessage.Header{Response: true}, "x.", dnsmessage.TypeHTTPS, https)))
	want := "HTTPS 1 <Root> alpn=h3,h2 port=8443 ipv4hint=192.0.2.1,192.0.2.2"
	if got := fact(r.Messages[0].Facts, "answers"); got != want {
		t.Errorf("%q, not %q", got, want)
	}
	if got := fact(r.Messages[0].Facts, "alpn"); got != "h3,h2" {
		t.Errorf("alpn %q", got)
	}
	if f := find(r.Layers[0].Fields, "dns.svcb.svcparam"); f == nil || f.Value != "alpn=h3,h2" || f.Length != 10 {
		t.Errorf("%+v", f)
	}
}
