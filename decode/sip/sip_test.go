package sip

import (
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

// text makes a message of a start line and header fields.
func text(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }

var (
	invite = text("INVITE sip:b@example SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "From: A <sip:a@example>;tag=1", "To: <sip:b@example>",
		"Call-ID: 7@x", "CSeq: 1 INVITE", "Proxy-Authorization: Digest username=\"a\", response=\"hidden\"", "c: application/sdp", "l: 5") + "v=0\r\n"
	ringing = text("SIP/2.0 180 Ringing", "v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "Call-ID: 7@x", "CSeq: 1 INVITE", "Content-Length: 0")
	ok      = text("SIP/2.0 200 OK", "v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1", "Call-ID: 7@x", "CSeq: 1 INVITE", "Content-Length: 0")
	ack     = text("ACK sip:b@example SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2", "Call-ID: 7@x", "CSeq: 1 ACK", "Content-Length: 0")
)

func kinds(r *dissecttest.Recorder) (k []string) {
	for i := range r.Messages {
		k = append(k, r.Messages[i].Kind)
	}
	return k
}

func TestACallIsATransactionAndAnACK(t *testing.T) {
	client, server := dissecttest.Client, dissecttest.Server
	writes := []dissecttest.Write{client(invite), server(ringing), server(ok), client(ack)}
	stream := dissecttest.EveryCut(t, Protocol(), writes...)
	datagrams := dissecttest.Game{Context: dissect.Context{Datagram: true}}.Play(Protocol(), append(writes[:1:1], append([]dissecttest.Write{client(invite)}, writes[1:]...)...)...)
	if got, want := kinds(stream), []string{"request", "interim", "response", "ack"}; !slices.Equal(got, want) {
		t.Errorf("stream: %q, want %q", got, want)
	}
	if got, want := kinds(datagrams), []string{"request", "retransmission", "interim", "response", "ack"}; !slices.Equal(got, want) {
		t.Errorf("datagrams: %q, want %q", got, want)
	}
	request, response := &stream.Messages[0], &stream.Messages[2]
	if request.Role != flow.Request || request.Key != response.Key || request.Name != "INVITE sip:b@example" || response.Status != "200" {
		t.Errorf("%s\n%s", dissecttest.Line(request), dissecttest.Line(response))
	}
	if got := string(stream.InnerBytes("sdp", 0, 0)); got != "v=0\r\n" {
		t.Errorf("the body is %q", got)
	}
	for _, l := range stream.Layers {
		for _, f := range l.Fields {
			if strings.Contains(f.Value, "hidden") {
				t.Errorf("%s shows credentials", f.Name)
			}
		}
	}
}

func TestHTTPIsNoSIP(t *testing.T) {
	for _, b := range []string{"OPTIONS / HTTP/1.1\r\n", "SUBSCRIBE /x HTTP/1.1\r\n", "NOTIFY * HTTP/1.1\r\n", "INVITE", "", "\r\n"} {
		if probe([]byte(b), true).Match == dissect.Yes {
			t.Errorf("%q is taken for SIP", b)
		}
	}
	if probe([]byte(ok), true).Match != dissect.Yes || probe([]byte(invite), false).Match != dissect.Yes {
		t.Error("SIP is not known")
	}
}

func FuzzDissector(f *testing.F) {
	f.Add([]byte(invite), []byte(ringing+ok), uint8(7), false)
	f.Add([]byte("\r\n\r\n"+ack), []byte("SIP/2.0 100\n\n"), uint8(1), true)
	f.Fuzz(func(t *testing.T, toServer, toClient []byte, size uint8, datagram bool) {
		g := dissecttest.Game{Context: dissect.Context{Datagram: datagram}}
		whole := g.Play(Protocol(), dissecttest.Client(string(toServer)), dissecttest.Server(string(toClient)))
		g.Cut = dissecttest.Pieces(int(size) + 1)
		cut := g.Play(Protocol(), dissecttest.Client(string(toServer)), dissecttest.Server(string(toClient)))
		if a, b := kinds(whole), kinds(cut); len(whole.Problems) == 0 && !slices.Equal(a, b) {
			t.Errorf("whole %q, cut %q", a, b)
		}
	})
}
