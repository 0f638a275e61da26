package dns

import (
	"slices"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/wiresight/wiresight/decode/dissect"
)

func TestDatagramsAreKnownByTheirContent(t *testing.T) {
	q := query(t, 1, "example.com.")
	netbios := pack(t, dnsmessage.Header{ID: 1}, "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.", 33)
	reserved := slices.Clone(q)
	reserved[3] |= flagZ
	for _, c := range []struct {
		name   string
		bytes  []byte
		match  dissect.Match
		client dissect.Client
	}{
		{"a query", q, dissect.Yes, dissect.Sender},
		{"a response", response(t, 1, "example.com.", a(1)), dissect.Yes, dissect.Receiver},
		{"a response that the snap length cut", response(t, 1, "example.com.", a(1))[:35], dissect.Maybe, dissect.Receiver},
		{"a query with the reserved bit", reserved, dissect.Maybe, dissect.Sender},
		{"a NetBIOS name", netbios, dissect.Maybe, dissect.Sender},
		{"a query for an unknown type", pack(t, dnsmessage.Header{}, "x.", 65280), dissect.Maybe, dissect.Sender},
		{"a query with bytes behind it", append(slices.Clone(q), 1), dissect.Maybe, dissect.Sender},
		{"text", []byte("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"), dissect.No, 0},
		{"too few bytes", q[:11], dissect.No, 0},
	} {
		v := probe(c.bytes, true)
		if v.Match != c.match || c.match != dissect.No && v.Client != c.client {
			t.Errorf("%s: %+v", c.name, v)
		}
	}
}

func TestStreamsAreKnownByTheirContent(t *testing.T) {
	q, r := framed(query(t, 1, "example.com.")), framed(response(t, 1, "example.com.", a(1)))
	for _, c := range []struct {
		name  string
		bytes []byte
		match dissect.Match
	}{
		{"a query", q, dissect.Yes},
		{"two queries", append(slices.Clone(q), q...), dissect.Yes},
		{"the length alone", q[:2], dissect.More},
		{"half a question", q[:20], dissect.More},
		{"a response that goes on in the next segment", r[:len(r)-3], dissect.Yes},
		{"text", []byte("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"), dissect.No},
		{"a TLS record", []byte{0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9}, dissect.No},
		{"a length too short for a message", []byte{0, 4, 1, 2, 3, 4}, dissect.No},
	} {
		if v := probe(c.bytes, false); v.Match != c.match {
			t.Errorf("%s: %v, not %v", c.name, v.Match, c.match)
		}
	}
}

func TestMulticastDNSNeedsItsPort(t *testing.T) {
	if v := probeMDNS(query(t, 0, "printer.local."), true); v.Match != dissect.Maybe || v.Client != dissect.Unknown {
		t.Errorf("%+v", v)
	}
	if v := probeMDNS([]byte("NOTIFY * HTTP/1.1\r\n\r\n"), true); v.Match != dissect.No {
		t.Errorf("%+v", v)
	}
}
