package pattern

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

const ms = time.Millisecond

// talk builds conversations; packets are numbered in the order of the calls.
type talk struct{ number int }

func (t *talk) ref(at time.Duration) layer.PacketRef {
	t.number++
	return layer.PacketRef{Number: t.number, Nanos: int64(at)}
}

func (t *talk) conversation(at time.Duration) *flow.Conversation {
	c := &flow.Conversation{ID: t.number + 1, Transport: layer.TCP, RoleBasis: flow.RoleSYN, TCP: &flow.TCP{SYNs: [2]int{1, 1}}}
	c.Client = flow.Endpoint{Addr: netip.MustParseAddr("10.0.0.1"), Port: 40000}
	c.Server = flow.Endpoint{Addr: netip.MustParseAddr("10.0.0.2"), Port: 80}
	h := &c.TCP.Handshake
	h.SYN = t.ref(at)
	h.FirstSYN, c.First = h.SYN, h.SYN
	h.SYNACK = t.ref(at + 10*ms)
	h.ACK = t.ref(at + 10*ms)
	c.Last = h.ACK
	return c
}

func (t *talk) request(c *flow.Conversation, at time.Duration, name string) *flow.Exchange {
	p := t.ref(at)
	c.Exchanges = append(c.Exchanges, &flow.Exchange{ID: len(c.Exchanges) + 1, Protocol: "http1", Name: name, Request: flow.Part{First: p, Last: p, Bytes: 100}})
	return c.Exchanges[len(c.Exchanges)-1]
}

func (t *talk) answer(c *flow.Conversation, i int, at time.Duration, status string, bytes int64) {
	p := t.ref(at)
	x := c.Exchanges[i]
	x.Response, x.Status, c.Last = flow.Part{First: p, Last: p, Bytes: bytes}, status, p
}

// ask makes a whole exchange.
func (t *talk) ask(c *flow.Conversation, at, took time.Duration, name, status string, bytes int64) {
	t.request(c, at, name)
	t.answer(c, len(c.Exchanges)-1, at+took, status, bytes)
}

// claims runs the rules of one conversation.
func claims(c *flow.Conversation) map[string]claim.Pattern {
	v := timing.NewView(c, nil)
	var out claim.Sink
	for _, rule := range []func(*timing.View, *claim.Sink){Polling, Alternation, Pipeline, Reuse, Conditional} {
		rule(v, &out)
	}
	return byID(&out)
}

func byID(out *claim.Sink) map[string]claim.Pattern {
	found := map[string]claim.Pattern{}
	for _, p := range out.Patterns {
		found[p.ID] = p
	}
	return found
}

func names(found map[string]claim.Pattern) string {
	var list []string
	for id := range found {
		list = append(list, id)
	}
	return strings.Join(list, " ")
}

func TestPatternsOfOneConversation(t *testing.T) {
	for _, c := range []struct {
		name  string
		play  func(t *talk, c *flow.Conversation)
		shows []string
		not   []string
	}{
		{"one exchange is too little to say anything", func(t *talk, c *flow.Conversation) {
			t.ask(c, 20*ms, 15*ms, "GET /", "200", 500)
		}, nil, []string{"request-response", "keep-alive-reuse", "polling", "pipelining"}},
		{"question and answer in turn", func(t *talk, c *flow.Conversation) {
			for i := range 5 {
				t.ask(c, time.Duration(20+i*i*20)*ms, 15*ms, fmt.Sprint("GET /", i), "200", 500)
			}
		}, []string{"request-response", "keep-alive-reuse"}, []string{"polling", "pipelining"}},
		{"requests ahead of the answers", func(t *talk, c *flow.Conversation) {
			for i := range 4 {
				t.request(c, 20*ms, fmt.Sprint("GET /", i))
			}
			for i := range 4 {
				t.answer(c, i, time.Duration(40+i)*ms, "200", 500)
			}
		}, []string{"pipelining"}, []string{"request-response", "polling", "keep-alive-reuse"}},
		{"the same question at a steady period", func(t *talk, c *flow.Conversation) {
			for i := range 6 {
				t.ask(c, time.Duration(20+i*1000+i%2*30)*ms, 15*ms, "GET /status", "304", 90)
			}
		}, []string{"polling", "keep-alive-reuse", "conditional-request"}, []string{"request-response", "pipelining"}},
		{"cache busters do not hide a poll", func(t *talk, c *flow.Conversation) {
			for i := range 6 {
				t.ask(c, time.Duration(20+i*1000)*ms, 15*ms, fmt.Sprintf("GET /status?room=a&_=%d", 17000+i), "200", 90)
			}
		}, []string{"polling"}, nil},
		{"other things asked for at a steady period are no poll", func(t *talk, c *flow.Conversation) {
			for i := range 6 {
				t.ask(c, time.Duration(20+i*1000)*ms, 15*ms, fmt.Sprint("GET /page/", string(rune('a'+i))), "200", 90)
			}
		}, []string{"request-response"}, []string{"polling"}},
		{"three requests are no poll yet", func(t *talk, c *flow.Conversation) {
			for i := range 3 {
				t.ask(c, time.Duration(20+i*1000)*ms, 15*ms, "GET /status", "200", 90)
			}
		}, nil, []string{"polling"}},
		{"a person reloads at any time", func(t *talk, c *flow.Conversation) {
			for _, at := range []int{20, 900, 5300, 5900, 14000, 15500} {
				t.ask(c, time.Duration(at)*ms, 15*ms, "GET /", "200", 90)
			}
		}, nil, []string{"polling"}},
		{"the server holds each request: long polling", func(t *talk, c *flow.Conversation) {
			for i := range 6 {
				t.ask(c, time.Duration(20+i*1000)*ms, 950*ms, "GET /wait", "200", 90)
			}
		}, nil, []string{"polling"}},
		{"a loop that asks as fast as it is answered", func(t *talk, c *flow.Conversation) {
			for i := range 50 {
				t.ask(c, time.Duration(20+i*11)*ms, 10*ms, "GET /next", "200", 90)
			}
		}, []string{"request-response"}, []string{"polling"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var play talk
			conversation := play.conversation(0)
			c.play(&play, conversation)
			found := claims(conversation)
			for _, id := range c.shows {
				p, ok := found[id]
				if !ok {
					t.Errorf("no %s; found %s", id, names(found))
				}
				if ok && (len(p.Evidence) == 0 || len(p.Evidence) > claim.Evidences) {
					t.Errorf("%s cites %d packets", id, len(p.Evidence))
				}
			}
			for _, id := range c.not {
				if p, ok := found[id]; ok {
					t.Errorf("claims %s: %s", id, p.Because)
				}
			}
		})
	}
}

func TestConnectionsOfAPair(t *testing.T) {
	for _, c := range []struct {
		name  string
		play  func(t *talk) []*flow.Conversation
		shows string
		not   []string
	}{
		{"a connection for each request", func(t *talk) (list []*flow.Conversation) {
			for i := range 5 {
				at := time.Duration(i*i*100) * ms
				c := t.conversation(at)
				t.ask(c, at+11*ms, 12*ms, fmt.Sprint("GET /", i), "200", 500)
				list = append(list, c)
			}
			return list
		}, "connection-per-request", []string{"polling"}},
		{"polling over connections", func(t *talk) (list []*flow.Conversation) {
			for i := range 6 {
				at := time.Duration(i*1000) * ms
				c := t.conversation(at)
				t.ask(c, at+11*ms, 12*ms, "GET /status", "200", 90)
				list = append(list, c)
			}
			return list
		}, "polling", nil},
		{"parallel connections of a browser", func(t *talk) (list []*flow.Conversation) {
			for i := range 6 {
				list = append(list, t.conversation(time.Duration(i)*ms))
			}
			for i, c := range list {
				t.ask(c, time.Duration(20+i)*ms, 100*ms, fmt.Sprint("GET /", i), "200", 500)
			}
			return list
		}, "", []string{"connection-per-request", "polling"}},
		{"connections that are reused", func(t *talk) (list []*flow.Conversation) {
			for i := range 4 {
				at := time.Duration(i*1000) * ms
				c := t.conversation(at)
				for j := range 3 {
					t.ask(c, at+time.Duration(20+j*20)*ms, 12*ms, fmt.Sprint("GET /", i, j), "200", 500)
				}
				list = append(list, c)
			}
			return list
		}, "", []string{"connection-per-request", "polling"}},
		{"two connections are too few", func(t *talk) (list []*flow.Conversation) {
			for i := range 2 {
				c := t.conversation(time.Duration(i*1000) * ms)
				t.ask(c, time.Duration(i*1000+11)*ms, 12*ms, "GET /", "200", 500)
				list = append(list, c)
			}
			return list
		}, "", []string{"connection-per-request"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := &Pair{Conversations: c.play(&talk{})}
			var out claim.Sink
			PollingOverConnections(p, &out)
			ConnectionPerRequest(p, &out)
			found := byID(&out)
			if _, ok := found[c.shows]; c.shows != "" && !ok {
				t.Errorf("no %s; found %s", c.shows, names(found))
			}
			for _, id := range c.not {
				if p, ok := found[id]; ok {
					t.Errorf("claims %s: %s", id, p.Because)
				}
			}
		})
	}
}

func TestWhatReuseWouldHaveSaved(t *testing.T) {
	var play talk
	p := &Pair{}
	for i := range 5 {
		at := time.Duration(i*100) * ms
		c := play.conversation(at)
		play.ask(c, at+11*ms, 12*ms, fmt.Sprint("GET /", i), "200", 500)
		p.Conversations = append(p.Conversations, c)
	}
	var out claim.Sink
	ConnectionPerRequest(p, &out)
	if len(out.Findings) != 1 || out.Findings[0].Cost != 40*ms || len(out.Findings[0].Occurrences) != 4 {
		t.Errorf("four handshakes of 10 ms: %+v", out.Findings)
	}
}

func TestTarget(t *testing.T) {
	for name, want := range map[string]string{
		"GET /a":                         "GET /a",
		"GET /a?_=1719403200":            "GET /a?_",
		"GET /a?1719403200":              "GET /a?",
		"GET /a?q=tcp&cursor=eyJ":        "GET /a?q=tcp&cursor",
		"GET /poll?room=blue&since=17.5": "GET /poll?room=blue&since",
	} {
		if got := target(name); got != want {
			t.Errorf("target(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestNearTheServerARequestMayHaveCrossedTheAnswer(t *testing.T) {
	for _, c := range []struct {
		name string
		gap  time.Duration // from an answer to the next request, 20 ms away from the client
		want bool
	}{
		{"a client that waits: the next request comes a round trip later", 21 * ms, true},
		{"a client that does not: the next request was already on its way", 2 * ms, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var play talk
			conversation := play.conversation(0)
			at := 100 * ms
			for i := range 4 {
				play.ask(conversation, at, ms, fmt.Sprint("GET /", i), "200", 500)
				at += ms + c.gap
			}
			v := timing.NewView(conversation, nil)
			v.Path.Client, v.Path.HasClient = 20*ms, true
			var out claim.Sink
			Alternation(v, &out)
			Reuse(v, &out)
			for _, id := range []string{"request-response", "keep-alive-reuse"} {
				if _, ok := byID(&out)[id]; ok != c.want {
					t.Errorf("%s claimed: %v, want %v", id, ok, c.want)
				}
			}
		})
	}
}

func TestWordsHoldBackWhatIsNotSo(t *testing.T) {
	var play talk
	c := play.conversation(0)
	for i := range 6 {
		took := 15 * ms
		if i == 3 {
			took = 900 * ms
		}
		play.ask(c, time.Duration(20+i*1000)*ms, took, "GET /status", "200", 90)
	}
	if p := claims(c)["polling"]; !strings.Contains(p.Because, "answered quickly 5 times") {
		t.Errorf("one of six answers was slow, yet: %s", p.Because)
	}
}
