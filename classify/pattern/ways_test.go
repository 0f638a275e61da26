package pattern

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// say adds a single message.
func (t *talk) say(c *flow.Conversation, at time.Duration, protocol layer.Protocol, kind string, dir layer.Direction, name string, facts ...flow.Fact) {
	p := t.ref(at)
	c.Events = append(c.Events, flow.Event{Protocol: protocol, Kind: kind, Name: name, Dir: dir, First: p, Last: p, Facts: flow.PackFacts(facts), State: flow.Complete})
	c.Last = p
}

// stream opens an exchange with a number of its own.
func (t *talk) stream(c *flow.Conversation, at time.Duration, protocol layer.Protocol, id uint64, name string) *flow.Exchange {
	x := t.request(c, at, name)
	x.Protocol, x.Stream = protocol, id
	return x
}

func fact(key, value string) flow.Fact { return flow.Fact{Key: key, Value: value} }

func TestWaysToTalk(t *testing.T) {
	for _, c := range []struct {
		name  string
		play  func(t *talk, c *flow.Conversation)
		shows string
		not   string
	}{
		{"streams that are open at once", func(t *talk, c *flow.Conversation) {
			for i := range 4 {
				t.stream(c, 20*ms, "http2", uint64(2*i+1), fmt.Sprint("GET /", i))
			}
			for i := range 4 {
				t.answer(c, 3-i, time.Duration(40+5*i)*ms, "200", 900)
			}
		}, "multiplexing", "request-response pipelining"},
		{"streams one at a time", func(t *talk, c *flow.Conversation) {
			for i := range 4 {
				t.stream(c, time.Duration(20+40*i)*ms, "http2", uint64(2*i+1), fmt.Sprint("GET /", i))
				t.answer(c, i, time.Duration(40+40*i)*ms, "200", 900)
			}
		}, "request-response", "multiplexing"},
		{"requests whose answers the capture missed", func(t *talk, c *flow.Conversation) {
			for i := range 6 {
				t.stream(c, time.Duration(20*i)*ms, "http2", uint64(2*i+1), fmt.Sprint("GET /", i))
			}
		}, "", "multiplexing"},
		{"a server that holds until there is news", func(t *talk, c *flow.Conversation) {
			at := 20 * ms
			for i, hold := range []time.Duration{900, 2500, 400, 3000} {
				t.ask(c, at, hold*ms, fmt.Sprint("GET /wait?since=", i), []string{"200", "204"}[i%2], 200)
				at += hold*ms + 5*ms
			}
		}, "long-polling", "polling request-response"},
		{"an endpoint that is always as slow", func(t *talk, c *flow.Conversation) {
			for i := range 5 {
				t.ask(c, time.Duration(20+1505*i)*ms, 1500*ms, "GET /report", "200", 4000)
			}
		}, "request-response", "long-polling polling"},
		{"both sides of a WebSocket speak when they like", func(t *talk, c *flow.Conversation) {
			for i, dir := range []layer.Direction{0, 0, 1, 1, 1, 0, 1, 1, 0, 0, 1} {
				t.say(c, time.Duration(20+30*i)*ms, "websocket", "text", dir, "")
			}
		}, "bidirectional-messaging push", "keep-alive"},
		{"an echo over a WebSocket", func(t *talk, c *flow.Conversation) {
			for i := range 12 {
				t.say(c, time.Duration(20+30*i)*ms, "websocket", "text", layer.Direction(i%2), "")
			}
		}, "", "bidirectional-messaging push keep-alive"},
		{"a feed", func(t *talk, c *flow.Conversation) {
			for i := range 6 {
				t.say(c, time.Duration(20+200*i)*ms, "websocket", "text", layer.ToClient, "")
			}
		}, "push", "bidirectional-messaging"},
		{"an answer in three parts", func(t *talk, c *flow.Conversation) {
			for i := range 3 {
				t.say(c, time.Duration(20+100*i)*ms, "websocket", "text", layer.ToServer, "")
				for j := range 3 {
					t.say(c, time.Duration(40+100*i+j)*ms, "websocket", "text", layer.ToClient, "")
				}
			}
		}, "", "push bidirectional-messaging"},
		{"pings alone", func(t *talk, c *flow.Conversation) {
			for i := range 5 {
				t.say(c, time.Duration(5000*i)*ms, "websocket", "ping", layer.ToServer, "")
				t.say(c, time.Duration(5000*i+10)*ms, "websocket", "pong", layer.ToClient, "")
			}
		}, "keep-alive", "push bidirectional-messaging"},
		{"a ping amid messages", func(t *talk, c *flow.Conversation) {
			for i := range 5 {
				t.say(c, time.Duration(1000*i)*ms, "websocket", "text", layer.ToServer, "")
				t.say(c, time.Duration(1000*i+10)*ms, "websocket", "ping", layer.ToServer, "")
			}
		}, "", "keep-alive"},
		{"measurements at QoS 0", func(t *talk, c *flow.Conversation) {
			for i := range 5 {
				t.say(c, time.Duration(100*i)*ms, "mqtt", "publish", layer.ToServer, "a/b", fact("qos", "0"))
			}
		}, "fire-and-forget", "push"},
		{"messages at QoS 1", func(t *talk, c *flow.Conversation) {
			for i := range 5 {
				t.say(c, time.Duration(100*i)*ms, "mqtt", "publish", layer.ToServer, "a/b", fact("qos", "1"))
			}
		}, "", "fire-and-forget push"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var play talk
			conversation := play.conversation(0)
			c.play(&play, conversation)
			v := timing.NewView(conversation, nil)
			var out claim.Sink
			for _, rule := range []func(*timing.View, *claim.Sink){Polling, LongPolling, Alternation, Pipeline, Multiplexing, Push, Bidirectional, Heartbeats, FireAndForget} {
				rule(v, &out)
			}
			hold(t, byID(&out), c.shows, c.not)
		})
	}
}

// hold checks which ids were claimed.
func hold(t *testing.T, found map[string]claim.Pattern, shows, not string) {
	t.Helper()
	for _, id := range strings.Fields(shows) {
		if p, ok := found[id]; !ok || len(p.Evidence) == 0 {
			t.Errorf("no %s; found %s", id, names(found))
		}
	}
	for _, id := range strings.Fields(not) {
		if p, ok := found[id]; ok {
			t.Errorf("claims %s: %s", id, p.Because)
		}
	}
}

func TestRetries(t *testing.T) {
	type attempt struct {
		after  time.Duration
		status string
	}
	for _, c := range []struct {
		name     string
		request  string
		facts    []flow.Fact
		attempts []attempt
		shows    string
		not      string
		findings string
	}{
		{"back-off that doubles", "GET /a", nil, []attempt{{0, "503"}, {100, "503"}, {200, "503"}, {400, "200"}}, "retry idempotent-retry", "unsafe-retry", "retry-after"},
		{"a POST without a key", "POST /orders", nil, []attempt{{0, "504"}, {100, "200"}}, "retry unsafe-retry", "idempotent-retry", "unsafe-retry"},
		{"a POST with a key", "POST /orders", []flow.Fact{fact("idempotency-key", "1")}, []attempt{{0, "502"}, {100, "200"}}, "retry idempotent-retry", "unsafe-retry", ""},
		{"without a pause", "GET /a", nil, []attempt{{0, "502"}, {5, "502"}, {5, "502"}, {5, "502"}, {5, "502"}, {5, "502"}, {5, "502"}, {5, "502"}, {5, "502"}, {5, "502"}}, "retry", "unsafe-retry", "retry-storm"},
		{"a request that failed for the client's fault", "GET /a", nil, []attempt{{0, "404"}, {100, "404"}, {100, "404"}}, "", "retry", ""},
		{"credentials were asked for", "GET /a", nil, []attempt{{0, "401"}, {10, "200"}}, "", "retry", ""},
		{"a rhythm that failures do not change", "GET /a", nil, []attempt{{0, "200"}, {500, "200"}, {500, "503"}, {500, "200"}, {500, "200"}, {500, "503"}, {500, "200"}}, "", "retry", ""},
		{"long after", "GET /a", nil, []attempt{{0, "503"}, {600_000, "200"}}, "", "retry", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var play talk
			conversation := play.conversation(0)
			at := 20 * ms
			for i, a := range c.attempts {
				at += a.after * ms
				x := play.request(conversation, at, c.request)
				x.Request.Facts = flow.PackFacts(c.facts)
				at += 10 * ms
				play.answer(conversation, i, at, a.status, 100)
			}
			var out claim.Sink
			Retries(&Pair{Conversations: []*flow.Conversation{conversation}}, &out)
			hold(t, byID(&out), c.shows, c.not)
			var got []string
			for _, f := range out.Findings {
				got = append(got, f.ID)
			}
			if strings.Join(got, " ") != c.findings {
				t.Errorf("findings %v, want %s", got, c.findings)
			}
		})
	}
}

func TestABrokersFanOut(t *testing.T) {
	var play talk
	var all []*flow.Conversation
	for range 4 { // a publisher and three subscribers
		c := play.conversation(0)
		c.Stack = []layer.Protocol{"tcp", "mqtt"}
		all = append(all, c)
	}
	for i := range 3 {
		at, content := time.Duration(100+100*i)*ms, fact("digest", fmt.Sprint(i))
		play.say(all[0], at, "mqtt", "publish", layer.ToServer, "news", content, fact("qos", "1"))
		for j := range 3 {
			play.say(all[1+j], at+time.Duration(5+j)*ms, "mqtt", "publish", layer.ToClient, "news", content)
		}
	}
	var out claim.Sink
	PublishSubscribe(&Capture{Conversations: all}, &out)
	p, ok := byID(&out)["publish-subscribe"]
	if !ok || len(p.Conversations) != 4 {
		t.Fatalf("%+v", out.Patterns)
	}
	want := map[string]float64{"publishers": 1, "subscribers": 3, "topics": 1, "fan_out": 3, "fan_out_max": 3, "delay_s": 0.006, "delay_max_s": 0.007}
	for _, m := range p.Metrics {
		if w, ok := want[m.Name]; ok && (m.Value < w-1e-9 || m.Value > w+1e-9) {
			t.Errorf("%s is %v, not %v", m.Name, m.Value, w)
		}
	}
}

func TestAcceptedWorkIsFollowed(t *testing.T) {
	for _, c := range []struct {
		name     string
		status   string
		location string
		polls    []string
		want     bool
	}{
		{"accepted, asked for, and done", "202", "/jobs/1", []string{"202", "202", "303"}, true},
		{"the address is absolute", "202", "http://lab.example/jobs/1", []string{"202", "200"}, true},
		{"accepted and never asked for", "202", "/jobs/1", nil, false},
		{"created and looked at once", "201", "/jobs/1", []string{"200"}, false},
		{"no address", "202", "", []string{"200", "200"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var play talk
			conversation := play.conversation(0)
			play.ask(conversation, 20*ms, 10*ms, "POST /jobs", c.status, 100)
			if c.location != "" {
				conversation.Exchanges[0].Response.Facts = flow.PackFacts([]flow.Fact{fact("location", c.location)})
			}
			for i, s := range c.polls {
				play.ask(conversation, time.Duration(200+200*i)*ms, 10*ms, "GET /jobs/1", s, 100)
			}
			var out claim.Sink
			AsyncReply(&Pair{Conversations: []*flow.Conversation{conversation}}, &out)
			if _, ok := byID(&out)["asynchronous-request-reply"]; ok != c.want {
				t.Errorf("claimed: %v", ok)
			}
		})
	}
}

func TestCredentialsAreNamedAndNotShown(t *testing.T) {
	for _, c := range []struct {
		name     string
		protocol layer.Protocol
		request  string
		facts    []flow.Fact
		tls      bool
		want     bool
	}{
		{"Basic", "http1", "GET /?token=s3cret", []flow.Fact{fact("authorization", "present"), fact("authorization-scheme", "Basic")}, false, true},
		{"Basic inside TLS", "http1", "GET /", []flow.Fact{fact("authorization-scheme", "Basic")}, true, false},
		{"Digest", "http1", "GET /", []flow.Fact{fact("authorization-scheme", "Digest")}, false, false},
		{"MQTT", "mqtt", "CONNECT me", []flow.Fact{fact("password", "given")}, false, true},
		{"SIP's digest", "sip", "REGISTER", []flow.Fact{fact("credentials", "digest")}, false, false},
		{"nothing", "http1", "GET /", nil, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var play talk
			conversation := play.conversation(0)
			if c.tls {
				conversation.TLS = &flow.TLS{ClientHello: play.ref(15 * ms)}
			}
			x := play.request(conversation, 20*ms, c.request)
			x.Protocol, x.Request.Facts = c.protocol, flow.PackFacts(c.facts)
			var out claim.Sink
			Credentials(timing.NewView(conversation, nil), &out)
			if (len(out.Findings) > 0) != c.want {
				t.Errorf("%+v", out.Findings)
			}
			if strings.Contains(fmt.Sprintf("%+v", out.Findings), "s3cret") {
				t.Error("the secret is shown")
			}
		})
	}
}
