package link

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// segment is an Ethernet frame with a TCP segment of the client's, or of the
// server's.
func segment(fromClient bool, flags uint8, seq uint32, payload int) Frame {
	b := make([]byte, 14+20+20+payload)
	b[12], b[13] = 0x08, 0x00
	ip, tcp := b[14:], b[34:]
	ip[0], ip[9] = 0x45, ProtocolTCP
	binary.BigEndian.PutUint16(ip[2:], uint16(40+payload))
	addresses := [2]netip.AddrPort{netip.MustParseAddrPort("10.7.0.1:40000"), netip.MustParseAddrPort("10.7.0.2:80")}
	if !fromClient {
		addresses[0], addresses[1] = addresses[1], addresses[0]
	}
	for i, a := range addresses {
		four := a.Addr().As4()
		copy(ip[12+4*i:], four[:])
		binary.BigEndian.PutUint16(tcp[2*i:], a.Port())
	}
	binary.BigEndian.PutUint32(tcp[4:], seq)
	tcp[12], tcp[13] = 5<<4, flags
	return Parse(b)
}

func TestFramesAreParsed(t *testing.T) {
	f := segment(true, PSH|ACK, 4711, 100)
	if f.Protocol != ProtocolTCP || f.Seq != 4711 || f.Payload != 100 || f.FlagNames() != "P." || f.Src.String() != "10.7.0.1:40000" {
		t.Errorf("%+v", f)
	}
	for n := range f.Bytes {
		Parse(f.Bytes[:n]) // no panic
	}
}

func TestARuleChoosesTheNthAndThoseBehindIt(t *testing.T) {
	for _, c := range []struct {
		name string
		rule Rule
		want []int // of ten data segments of the client's, counted from 1
	}{
		{"the third", Rule{From: "client", Match: Data, Nth: 3}, []int{3}},
		{"three from the fourth on", Rule{From: "client", Match: Data, Nth: 4, Count: 3}, []int{4, 5, 6}},
		{"those of another host", Rule{From: "server", Match: Data, Nth: 1}, nil},
		{"those on the other half", Rule{From: "client", Half: SenderHalf, Match: Data, Nth: 1}, nil},
		{"what does not occur", Rule{From: "client", Match: AnySYN, Nth: 1}, nil},
		{"each, by probability 1", Rule{From: "client", Match: IP, Probability: 1}, []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
		{"none, by probability 0", Rule{From: "client", Match: IP}, nil},
	} {
		var got []int
		for i := range 10 {
			f := segment(true, PSH|ACK, uint32(1000*i), 1000)
			c.rule.chooses("client", SenderHalf, segment(true, ACK, 0, 0), dice()) // no data: does not count
			if c.rule.chooses("client", ReceiverHalf, f, dice()) {
				got = append(got, i+1)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", c.name, got, c.want)
		}
	}
}

// A network without devices: what pass puts into the queue is all that matters.
func TestWhatRulesDoToFrames(t *testing.T) {
	client := &Port{Host: "client"}
	for _, c := range []struct {
		name  string
		rules []*Rule
		leg   Leg
		want  []time.Duration // when the end of the leg is reached
		event string
	}{
		{"nothing", nil, Leg{Delay: 10 * ms}, []time.Duration{10 * ms}, ""},
		{"it is dropped", []*Rule{{Name: "loss", From: "client", Match: Data, Nth: 1, Action: Drop}}, Leg{}, nil, "drop loss"},
		{"it comes twice", []*Rule{{Name: "twice", From: "client", Match: Data, Nth: 1, Action: Duplicate}}, Leg{Delay: 10 * ms},
			[]time.Duration{10 * ms, 10 * ms}, "duplicate twice"},
		{"it comes late", []*Rule{{Name: "late", From: "client", Match: Data, Nth: 1, Action: Delay, Extra: 7 * ms}}, Leg{Delay: 10 * ms},
			[]time.Duration{17 * ms}, "delay late"},
		{"it is lost at random", nil, Leg{Loss: 1}, nil, "drop random"},
		{"the queue is full", nil, Leg{Rate: 8000, Queue: 10, busyUntil: start.Add(time.Second)}, nil, "drop queue full"},
	} {
		n := New(1)
		n.Rules = c.rules
		var got []time.Duration
		n.pass(client, &c.leg, ReceiverHalf, segment(true, PSH|ACK, 1, 1000), start, func(at time.Time) { got = append(got, at.Sub(start)) })
		for {
			e, ok := n.queue.due(start.Add(time.Minute))
			if !ok {
				break
			}
			e.do(e.at)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: arrives at %v, not %v", c.name, got, c.want)
		}
		event := ""
		for _, e := range n.Events() {
			event = string(e.Action) + " " + e.Reason
		}
		if event != c.event {
			t.Errorf("%s: the truth says %q, not %q", c.name, event, c.event)
		}
	}
}

func TestTheTrackerKnowsWhatIsSentAgain(t *testing.T) {
	tr := newTracker()
	for i, c := range []struct {
		name   string
		client bool
		frame  Frame
		again  bool
	}{
		{"a SYN", true, segment(true, SYN, 99, 0), false},
		{"the same SYN", true, segment(true, SYN, 99, 0), true},
		{"the SYN-ACK", false, segment(false, SYN|ACK, 499, 0), false},
		{"the ACK", true, segment(true, ACK, 100, 0), false},
		{"data", true, segment(true, PSH|ACK, 100, 50), false},
		{"data behind it", true, segment(true, PSH|ACK, 150, 50), false},
		{"the first data again", true, segment(true, PSH|ACK, 100, 50), true},
		{"an empty ACK", true, segment(true, ACK, 200, 0), false},
		{"data the other way", false, segment(false, PSH|ACK, 500, 50), false},
	} {
		host := "server"
		if c.client {
			host = "client"
		}
		tr.sent(host, &c.frame, start.Add(time.Duration(i)*ms))
		if c.frame.Retransmit != c.again {
			t.Errorf("%s: retransmission is %t", c.name, c.frame.Retransmit)
		}
	}
	if len(tr.all) != 1 {
		t.Fatalf("%d conversations", len(tr.all))
	}
	if s := tr.all[0].ToServer; s.PayloadBytes != 100 || s.Retransmissions != 2 || tr.all[0].ClientHost != "client" {
		t.Errorf("%+v", s)
	}
}
