package dtls

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// helloBody is a ClientHello with a session id of one byte, a cookie of two, one
// cipher suite and a server's name.
func helloBody() []byte {
	b := append([]byte{0xfe, 0xfd}, bytes.Repeat([]byte{7}, 32)...)
	b = append(b, 1, 9, 2, 0xaa, 0xbb, 0, 2, 0xc0, 0x2b, 1, 0)
	name := "peer.example"
	ext := binary.BigEndian.AppendUint16([]byte{0, 0}, uint16(len(name)+5))
	ext = binary.BigEndian.AppendUint16(ext, uint16(len(name)+3))
	ext = binary.BigEndian.AppendUint16(append(ext, 0), uint16(len(name)))
	ext = append(ext, name...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(ext)))
	return append(b, ext...)
}

// fragmentOf is a handshake fragment of a message's bytes from to to.
func fragmentOf(kind byte, number uint16, body []byte, from, to int) []byte {
	u24 := func(b []byte, n int) []byte { return append(b, byte(n>>16), byte(n>>8), byte(n)) }
	b := u24([]byte{kind}, len(body))
	b = binary.BigEndian.AppendUint16(b, number)
	b = u24(u24(b, from), to-from)
	return append(b, body[from:to]...)
}

func recordOf(kind byte, epoch uint16, sequence byte, body []byte) string {
	b := []byte{kind, 0xfe, 0xfd, byte(epoch >> 8), byte(epoch), 0, 0, 0, 0, 0, sequence}
	b = binary.BigEndian.AppendUint16(b, uint16(len(body)))
	return string(append(b, body...))
}

func play(datagrams ...string) *dissecttest.Recorder {
	var writes []dissecttest.Write
	for _, d := range datagrams {
		writes = append(writes, dissecttest.Client(d))
	}
	return dissecttest.Game{Context: dissect.Context{Datagram: true}}.Play(Protocol(), writes...)
}

func kinds(r *dissecttest.Recorder) (list []string) {
	for i := range r.Messages {
		list = append(list, r.Messages[i].Kind)
	}
	return list
}

func TestFragmentsAreJoinedInAnyOrder(t *testing.T) {
	body := helloBody()
	first := recordOf(handshake, 0, 0, fragmentOf(clientHello, 0, body, 0, 30))
	second := recordOf(handshake, 0, 1, fragmentOf(clientHello, 0, body, 20, len(body))) // they may overlap
	for _, order := range [][]string{{first, second}, {second, first}, {first + second}} {
		r := play(order...)
		if got := kinds(r); !slices.Equal(got, []string{"fragment", "client_hello"}) {
			t.Errorf("messages %q", got)
		}
		if n := len(r.Handshakes); n == 0 || r.Handshakes[n-1].SNI != "peer.example" {
			t.Errorf("handshakes %+v, problems %v", r.Handshakes, r.Problems)
		}
	}
}

func TestAMessageSentAgainIsARetransmission(t *testing.T) {
	hello := recordOf(handshake, 0, 0, fragmentOf(clientHello, 0, helloBody(), 0, len(helloBody())))
	if got := kinds(play(hello, hello)); !slices.Equal(got, []string{"client_hello", "retransmission"}) {
		t.Errorf("messages %q", got)
	}
}

func TestWhatIsEncryptedStaysSo(t *testing.T) {
	r := play(recordOf(handshake, 1, 0, bytes.Repeat([]byte{1}, 40)) + recordOf(applicationData, 1, 1, []byte("sealed")))
	if got := kinds(r); !slices.Equal(got, []string{"encrypted_handshake_message", "application_data"}) || len(r.Inners) > 0 {
		t.Errorf("messages %q, inside %v", got, r.Inners)
	}
}

func TestProbe(t *testing.T) {
	p := Protocol()
	hello := recordOf(handshake, 0, 0, fragmentOf(clientHello, 0, helloBody(), 0, len(helloBody())))
	if v := p.Probe([]byte(hello), true); v.Match != dissect.Yes || v.Client != dissect.Sender {
		t.Errorf("a ClientHello: %+v", v)
	}
	for _, b := range []string{"", hello[:20], "\x17\x03\x03" + hello[3:], "\x00" + hello[1:]} {
		if p.Probe([]byte(b), true).Match != dissect.No {
			t.Errorf("%q is taken for DTLS", b)
		}
	}
}

func FuzzDatagrams(f *testing.F) {
	body := helloBody()
	f.Add([]byte(recordOf(handshake, 0, 0, fragmentOf(clientHello, 0, body, 0, 30))), []byte(recordOf(handshake, 0, 1, fragmentOf(clientHello, 0, body, 20, len(body)))))
	f.Add([]byte("\x2f\x00\x01\x00\x05abcde\x2c\x00\x01"), []byte(recordOf(alert, 0, 0, []byte{2, 40})))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		probe(a, true)
		r := play(string(a), string(b), string(a))
		for _, l := range r.Layers {
			if l.Length > len(l.Data) {
				t.Errorf("a layer of %d bytes with %d of data", l.Length, len(l.Data))
			}
		}
	})
}
