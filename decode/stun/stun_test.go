package stun

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

// The sample request and IPv4 response of RFC 5769 sections 2.1 and 2.2.
const (
	sampleRequest  = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
	sampleResponse = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)

func unhex(t testing.TB, s string) string {
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func factOf(m *flow.Message, key string) string {
	for _, f := range m.Facts {
		if f.Key == key {
			return f.Value
		}
	}
	return ""
}

func TestARequestAndItsAnswerAreAnExchange(t *testing.T) {
	req, resp := unhex(t, sampleRequest), unhex(t, sampleResponse)
	datagrams := dissecttest.Game{Context: dissect.Context{Datagram: true}}.Play(Protocol(), dissecttest.Client(req), dissecttest.Client(req), dissecttest.Server(resp))
	stream := dissecttest.EveryCut(t, Protocol(), dissecttest.Client(req), dissecttest.Server(resp))
	if len(datagrams.Messages) != 3 || datagrams.Messages[1].Kind != "retransmission" || len(stream.Messages) != 2 {
		t.Fatalf("%d messages over UDP, %d over TCP", len(datagrams.Messages), len(stream.Messages))
	}
	for _, r := range []*dissecttest.Recorder{datagrams, stream} {
		ask, answer := &r.Messages[0], &r.Messages[len(r.Messages)-1]
		if ask.Role != flow.Request || answer.Role != flow.Response || ask.Key != answer.Key || ask.Name != "Binding" || answer.Status != "success" {
			t.Errorf("%s\n%s", dissecttest.Line(ask), dissecttest.Line(answer))
		}
		if factOf(ask, "username") != "evtj:h6vY" || factOf(ask, "ice-role") != "controlled" || factOf(answer, "mapped-address") != "192.0.2.1:32853" {
			t.Errorf("facts %v, %v", ask.Facts, answer.Facts)
		}
	}
}

func TestARelayHandsOnWhatItCarries(t *testing.T) {
	dtls := "\x16\xfe\xfd\x00"
	r := dissecttest.Game{Context: dissect.Context{Datagram: true}}.Play(Protocol(),
		dissecttest.Client("\x40\x01\x00\x04"+dtls),
		dissecttest.Client("\x00\x16\x00\x08\x21\x12\xa4\x42aaaaaaaaaaaa\x00\x13\x00\x04"+dtls))
	if got := string(r.InnerBytes("dtls", 0, 0)); got != dtls+dtls {
		t.Errorf("DTLS got %q", got)
	}
	var kinds []string
	for i := range r.Messages {
		kinds = append(kinds, r.Messages[i].Kind)
	}
	if !slices.Equal(kinds, []string{"channel_data", "indication"}) {
		t.Errorf("messages %q", kinds)
	}
}

func TestOtherDatagramsAreNoSTUN(t *testing.T) {
	for _, b := range []string{"", "\x00", "\x00\x01\x00\x00", "\x80" + unhex(t, sampleRequest)[1:], unhex(t, sampleRequest) + "x"} {
		if probe([]byte(b), true).Match == dissect.Yes {
			t.Errorf("%q is taken for STUN", b)
		}
	}
}

func FuzzDissector(f *testing.F) {
	f.Add([]byte(unhex(f, sampleRequest)), []byte(unhex(f, sampleResponse)), uint8(5), true)
	f.Add([]byte("\x40\x01\x00\x03abc\x00"), []byte("\x01\x11\x00\x08\x21\x12\xa4\x42aaaaaaaaaaaa\x00\x09\x00\x04\x00\x00\x04\x01"), uint8(1), false)
	f.Fuzz(func(t *testing.T, a, b []byte, size uint8, datagram bool) {
		probe(a, datagram)
		g := dissecttest.Game{Context: dissect.Context{Datagram: datagram}, Cut: dissecttest.Pieces(int(size) + 1)}
		g.Play(Protocol(), dissecttest.Client(string(a)), dissecttest.Server(string(b)), dissecttest.Client(string(a)))
	})
}
