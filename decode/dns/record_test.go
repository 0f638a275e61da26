package dns

import (
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// recorder also joins messages to exchanges, as the chain's conversations do.
type recorder struct {
	dissecttest.Recorder
	conversation flow.Conversation
}

func (r *recorder) Message(m *flow.Message) {
	r.Recorder.Message(m)
	r.conversation.Add(m, flow.NewStore(1000, 1000))
}

// problems are the texts of the problems.
func (r *recorder) problems() (all []string) {
	for _, p := range r.Problems {
		all = append(all, p.Text)
	}
	return all
}

// datagram is one packet of a conversation over UDP.
type datagram struct {
	dir  layer.Direction
	data []byte
}

func ask(b []byte) datagram   { return datagram{layer.ToServer, b} }
func reply(b []byte) datagram { return datagram{layer.ToClient, b} }

// play feeds datagrams, each as one packet.
func play(p layer.Protocol, datagrams ...datagram) *recorder {
	r := &recorder{}
	d := newDissector(p, dissect.Context{Datagram: true})
	for i, g := range datagrams {
		d.Feed(r, dissect.Chunk{Dir: g.dir, Data: g.data, At: layer.PacketRef{Number: i + 1}})
	}
	d.Finish(r, false)
	return r
}

// playStream feeds one direction after the other in pieces of size bytes.
func playStream(toServer, toClient []byte, size int) *recorder {
	r := &recorder{}
	d := newDissector(Name, dissect.Context{})
	number := 0
	for dir, all := range [][]byte{toServer, toClient} {
		for off := 0; off < len(all); off += size {
			number++
			piece := append([]byte(nil), all[off:min(off+size, len(all))]...)
			d.Feed(r, dissect.Chunk{Dir: layer.Direction(dir), Data: piece, At: layer.PacketRef{Number: number}, Offset: int64(off)})
			clear(piece) // Data is valid during the call only
		}
	}
	d.Finish(r, true)
	return r
}

// pack writes a message with a writer that is not ours.
func pack(t testing.TB, h dnsmessage.Header, name string, kind dnsmessage.Type, answers ...dnsmessage.ResourceBody) []byte {
	t.Helper()
	m := dnsmessage.Message{Header: h}
	if name != "" {
		m.Questions = []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: kind, Class: dnsmessage.ClassINET}}
	}
	owner := name
	for i, body := range answers {
		m.Answers = append(m.Answers, dnsmessage.Resource{
			Header: dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(owner), Class: dnsmessage.ClassINET, TTL: uint32(300 - i)},
			Body:   body,
		})
		if c, ok := body.(*dnsmessage.CNAMEResource); ok {
			owner = c.CNAME.String()
		}
	}
	b, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func query(t testing.TB, id uint16, name string) []byte {
	return pack(t, dnsmessage.Header{ID: id, RecursionDesired: true}, name, dnsmessage.TypeA)
}

func response(t testing.TB, id uint16, name string, answers ...dnsmessage.ResourceBody) []byte {
	return pack(t, dnsmessage.Header{ID: id, Response: true, RecursionDesired: true, RecursionAvailable: true},
		name, dnsmessage.TypeA, answers...)
}

func a(last byte) *dnsmessage.AResource { return &dnsmessage.AResource{A: [4]byte{192, 0, 2, last}} }

func cname(target string) *dnsmessage.CNAMEResource {
	return &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(target)}
}

// framed puts a message's length before it, as on a stream.
func framed(messages ...[]byte) (b []byte) {
	for _, m := range messages {
		b = append(append(b, byte(len(m)>>8), byte(len(m))), m...)
	}
	return b
}
