package decode

import (
	"bytes"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
)

// faulty is a dissector with a mistake in it.
type faulty struct{ feed, finish bool }

func (f *faulty) Feed(dissect.Sink, dissect.Chunk) {
	if f.feed {
		panic("feed")
	}
}

func (f *faulty) Finish(dissect.Sink, bool) {
	if f.finish {
		panic("finish")
	}
}

// A mistake in one dissector costs its conversation's messages, and nothing
// else.
func TestAPanicIsAProblemOfOneConversation(t *testing.T) {
	for _, test := range []struct {
		dissector faulty
		want      string
	}{
		{faulty{feed: true}, "decoder failed: feed"},
		{faulty{finish: true}, "decoder failed: finish"},
	} {
		p := newPlayer(t, Options{})
		p.chain.registry = append(p.chain.registry, dissect.Protocol{
			Name: "faulty", OSI: 7, Stream: true,
			Probe: func(first []byte, _ bool) (v dissect.Verdict) {
				if bytes.HasPrefix(first, []byte("faulty")) {
					v.Match = dissect.Yes
				}
				return v
			},
			New: func(dissect.Context) dissect.Dissector { d := test.dissector; return &d },
		})
		p.handshake(4000, 7777, 100, 500)
		for i := range uint32(3) {
			p.tcp(one, two, 4000, 7777, 101+6*i, 501, "A", "faulty")
		}
		p.handshake(4001, 80, 100, 500)
		p.tcp(one, two, 4001, 80, 101, 501, "A", get)
		p.tcp(two, one, 80, 4001, 501, 101+uint32(len(get)), "A", ok)
		m := p.chain.Finish()
		if len(m.Problems) != 1 || !strings.Contains(m.Problems[0].Text, test.want) {
			t.Errorf("problems %v, want one: %s", m.Problems, test.want)
		}
		if n := len(m.Conversations[1].Exchanges); n != 1 {
			t.Errorf("%s: %d exchanges in the other conversation", test.want, n)
		}
	}
}
