package timing

import (
	"testing"
	"time"
	"unsafe"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

const ms = time.Millisecond

// wire plays segments of one connection to a tracker, as a capture point would
// see them.
type wire struct {
	c      *flow.Conversation
	t      *Tracker
	number int
	next   [2]uint32 // sequence number that each side sends next
	acked  [2]uint32 // what each side acknowledged last
}

const mss = 1460

// connect shakes hands at a point that is toServer away from the server and
// toClient from the client (round trips).
func connect(toClient, toServer time.Duration) *wire {
	w := &wire{t: NewTracker().(*Tracker), next: [2]uint32{1000, 5000}}
	w.c = &flow.Conversation{ID: 1, Transport: layer.TCP, TCP: &flow.TCP{MSS: [2]int{mss, mss}, ClosedBy: flow.Open}, Tracker: w.t}
	h := &w.c.TCP.Handshake
	w.c.TCP.SYNs = [2]int{1, 1}
	h.SYN = w.segment(0, layer.ToServer, flow.SYN, 0, 0)
	h.FirstSYN = h.SYN
	h.SYNACK = w.segment(toServer, layer.ToClient, flow.SYN|flow.ACK, 0, 0)
	h.ACK = w.segment(toServer+toClient, layer.ToServer, flow.ACK, 0, 0)
	return w
}

// segment sends length bytes and acknowledges all that came the other way.
func (w *wire) segment(at time.Duration, d layer.Direction, flags flow.Flags, length int, analysis flow.Analysis) layer.PacketRef {
	w.number++
	s := &flow.Segment{
		At: layer.PacketRef{Number: w.number, Nanos: int64(at)}, Dir: d, Seq: w.next[d], Ack: w.next[d^1], Length: length,
		Flags: flags, Window: 65535, Analysis: analysis, Fresh: length > 0,
	}
	w.next[d] = s.Next()
	if flags&flow.ACK != 0 {
		w.acked[d] = s.Ack
	}
	s.InFlight = int64(w.next[d] - w.acked[d^1])
	w.c.Last = s.At
	w.t.Segment(w.c, s)
	return s.At
}

func (w *wire) client(at time.Duration, length int) {
	w.segment(at, layer.ToServer, flow.ACK, length, 0)
}
func (w *wire) server(at time.Duration, length int) {
	w.segment(at, layer.ToClient, flow.ACK, length, 0)
}

// again sends the client's last length bytes once more.
func (w *wire) again(at time.Duration, length int) {
	w.number++
	w.t.Segment(w.c, &flow.Segment{
		At: layer.PacketRef{Number: w.number, Nanos: int64(at)}, Dir: layer.ToServer, Seq: w.next[0] - uint32(length), Ack: w.next[1],
		Length: length, Flags: flow.ACK, Window: 65535, Analysis: flow.Retransmission, Again: true,
	})
}

func (w *wire) findings() map[string]claim.Finding {
	v := NewView(w.c, nil)
	var out claim.Sink
	NagleDelayedACK(v, &out)
	for _, rule := range []func(*View, *claim.Sink){SYNRetry, Timeouts, Probes, Recoveries, Spurious, Reordering, ZeroWindow, CaptureLoss, Resets} {
		rule(v, &out)
	}
	found := map[string]claim.Finding{}
	for _, f := range out.Findings {
		found[f.ID] = f
	}
	return found
}

// turns lets client and server take turns, so that the path's floors are known.
func (w *wire) turns(from, toClient, toServer time.Duration) time.Duration {
	at := from
	for range 4 {
		w.client(at, 100)
		w.server(at+toServer, 50)
		at += toServer + toClient
	}
	return at
}

func TestAStallIsSeenFromEveryVantage(t *testing.T) {
	for _, place := range []struct {
		name               string
		toClient, toServer time.Duration
	}{
		{"at the client", 50 * time.Microsecond, 20 * ms},
		{"in the middle", 10 * ms, 10 * ms},
		{"at the server", 20 * ms, 50 * time.Microsecond},
		{"on a short path", 50 * time.Microsecond, 300 * time.Microsecond},
	} {
		t.Run(place.name, func(t *testing.T) {
			a, b := place.toClient, place.toServer
			w := connect(a, b)
			at := w.turns(100*ms, a, b)
			for range 3 { // write, write, read
				w.client(at, 12)
				w.server(at+b+40*ms, 0)
				w.client(at+b+40*ms+a, 64)
				w.server(at+2*b+40*ms+a, 32)
				at += 2*b + 40*ms + 2*a
			}
			f, ok := w.findings()["nagle-delayed-ack"]
			if !ok || len(f.Occurrences) != 3 {
				t.Fatalf("%d stalls, want 3", len(f.Occurrences))
			}
			if got := f.Cost; got < 119*ms || got > 121*ms {
				t.Errorf("cost %v, want 120 ms", got)
			}
			if o := f.Occurrences[0].Packets; len(o) != 3 || o[1] != o[0]+1 || o[2] != o[0]+2 {
				t.Errorf("evidence %v", o)
			}
		})
	}
}

func TestWhatLooksLikeAStallStaysSilent(t *testing.T) {
	const a, b = 50 * time.Microsecond, 5 * ms
	for _, look := range []struct {
		name string
		play func(w *wire, at time.Duration) time.Duration // one round; returns when the next may begin
	}{
		{"a server that thinks for 40 ms", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 76)
			w.server(at+b, 0)
			w.server(at+b+40*ms, 32)
			return at + b + 41*ms
		}},
		{"a sender with a pace of 40 ms", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 76)
			w.server(at+b, 32)
			return at + 40*ms
		}},
		{"a person who types long after the acknowledgment", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 1)
			w.server(at+b+40*ms, 0)
			return at + b + 140*ms
		}},
		{"TCP_NODELAY: the second segment does not wait", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 12)
			w.client(at+time.Millisecond/10, 64)
			w.server(at+b, 32)
			return at + b + ms
		}},
		{"data of the receiver ends the wait", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 12)
			w.server(at+b+40*ms, 32)
			w.client(at+b+40*ms+a, 64)
			w.server(at+2*b+40*ms+a, 32)
			return at + 2*b + 41*ms
		}},
		{"TCP_CORK lets go without an acknowledgment", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 12)
			w.client(at+200*ms, 64)
			w.server(at+200*ms+b, 32)
			return at + 201*ms + b
		}},
		{"loss: the first segment was sent again", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 12)
			w.again(at+30*ms, 12)
			w.server(at+b+40*ms, 0)
			w.client(at+b+40*ms+a, 64)
			w.server(at+2*b+40*ms+a, 32)
			return at + 2*b + 41*ms
		}},
		{"an acknowledgment that is not late", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 12)
			w.server(at+b, 0)
			w.client(at+b+a, 64)
			w.server(at+2*b+a, 32)
			return at + 2*b + ms
		}},
		{"a capture with holes, where the packets shown are neighbours of packets not shown", func(w *wire, at time.Duration) time.Duration {
			w.segment(at, layer.ToServer, flow.ACK, 12, flow.LostSegment)
			w.segment(at+b+40*ms, layer.ToClient, flow.ACK, 0, flow.ACKedUnseen)
			w.segment(at+b+40*ms+a, layer.ToServer, flow.ACK, 64, flow.LostSegment)
			w.server(at+2*b+40*ms+a, 32)
			return at + 2*b + 41*ms
		}},
		{"a hole in the capture before the first segment", func(w *wire, at time.Duration) time.Duration {
			w.segment(at, layer.ToServer, flow.ACK, 12, flow.LostSegment)
			w.server(at+b+40*ms, 0)
			w.client(at+b+40*ms+a, 64)
			w.server(at+2*b+40*ms+a, 32)
			return at + 2*b + 41*ms
		}},
		{"an acknowledgment of bytes that were not captured", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 12)
			w.segment(at+b+40*ms, layer.ToClient, flow.ACK, 0, flow.ACKedUnseen)
			w.client(at+b+40*ms+a, 64)
			w.server(at+2*b+40*ms+a, 32)
			return at + 2*b + 41*ms
		}},
		{"a full segment, which Nagle's algorithm never holds", func(w *wire, at time.Duration) time.Duration {
			w.client(at, 12)
			w.server(at+b+40*ms, 0)
			w.client(at+b+40*ms+a, mss)
			w.server(at+2*b+40*ms+a, 32)
			return at + 2*b + 41*ms
		}},
	} {
		t.Run(look.name, func(t *testing.T) {
			w := connect(a, b)
			at := w.turns(100*ms, a, b)
			for range 5 {
				at = look.play(w, at)
			}
			if f, ok := w.findings()["nagle-delayed-ack"]; ok {
				t.Errorf("claimed: %s %v", f.Title, f.Occurrences)
			}
		})
	}
}

func TestRoundTripsFollowKarn(t *testing.T) {
	w := connect(0, 10*ms)
	w.client(100*ms, 100)
	w.server(110*ms, 0)
	w.client(200*ms, 100)
	w.again(500*ms, 100)
	w.server(510*ms, 0) // of which one?
	w.client(600*ms, 100)
	w.server(612*ms, 0)
	r := w.t.rtt()[layer.ToServer]
	if r.Samples != 2 || r.Min != 10*ms {
		t.Errorf("%+v, want two samples from 10 ms on", r)
	}
	if r.Median != 0 {
		t.Errorf("two samples are no distribution, got a median of %v", r.Median)
	}
	if f := w.findings()["retransmission-timeout"]; len(f.Occurrences) != 1 || f.Cost != 300*ms {
		t.Errorf("timeout: %+v", f)
	}
}

func TestManySamplesAreBoundedAndKeepTheirShape(t *testing.T) {
	var d side
	for i := range 10_000 {
		d.sample(int64(10*ms) + int64(i%100)*int64(ms)/10) // 10 to 20 ms
	}
	r := d.rtt()
	if len(d.samples) > maxSamples || r.Samples != 10_000 {
		t.Fatalf("keeps %d, counts %d", len(d.samples), r.Samples)
	}
	if r.Median < 14*ms || r.Median > 16*ms || r.P95 < 19*ms-ms/2 {
		t.Errorf("%+v", r)
	}
}

func TestVantage(t *testing.T) {
	for _, c := range []struct {
		name           string
		client, server time.Duration
		want           string
	}{
		{"near the client", 50 * time.Microsecond, 20 * ms, AtClient},
		{"near the server", 20 * ms, 50 * time.Microsecond, AtServer},
		{"half-way", 10 * ms, 10 * ms, InMiddle},
		{"on one host", 20 * time.Microsecond, 30 * time.Microsecond, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := NewView(connect(c.client, c.server).c, nil)
			if v.Path.Vantage != c.want || v.Path.RTT != c.client+c.server {
				t.Errorf("%+v, want %s", v.Path, c.want)
			}
		})
	}
}

func TestARetransmittedSYNLeavesTheServersPartOpen(t *testing.T) {
	w := connect(0, 10*ms)
	w.c.TCP.SYNs[layer.ToServer] = 2
	if v := NewView(w.c, nil); v.Path.HasServer || v.Path.HasRTT {
		t.Errorf("%+v", v.Path)
	}
	w.t.proven = true // the SYN-ACK echoed the second SYN's time stamp
	if v := NewView(w.c, nil); !v.Path.HasRTT {
		t.Errorf("%+v", v.Path)
	}
}

func TestARefusedConnectionIsNoReset(t *testing.T) {
	w := &wire{t: NewTracker().(*Tracker), next: [2]uint32{1000, 0}}
	w.c = &flow.Conversation{TCP: &flow.TCP{ClosedBy: flow.ClosedByReset, Resets: 1}, Tracker: w.t, Transport: layer.TCP}
	w.c.TCP.Handshake.SYN = w.segment(0, layer.ToServer, flow.SYN, 0, 0)
	w.segment(10*ms, layer.ToClient, flow.RST|flow.ACK, 0, 0)
	found := w.findings()
	if _, ok := found["connection-refused"]; !ok {
		t.Error("not refused")
	}
	if _, ok := found["reset-by-peer"]; ok {
		t.Error("called a reset")
	}
}

func BenchmarkSegment(b *testing.B) {
	w := connect(50*time.Microsecond, 10*ms)
	data := flow.Segment{Dir: layer.ToClient, Flags: flow.ACK, Length: mss, Window: 65535, Fresh: true, Seq: w.next[1], Ack: w.next[0]}
	ack := flow.Segment{Dir: layer.ToServer, Flags: flow.ACK, Window: 65535, Seq: w.next[0]}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		data.At = layer.PacketRef{Number: i + 4, Nanos: int64(i) * 1000}
		w.t.Segment(w.c, &data)
		data.Seq += mss
		if i%2 == 1 {
			ack.At, ack.Ack = data.At, data.Seq
			w.t.Segment(w.c, &ack)
		}
	}
}

func TestATrackerIsSmall(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _ = NewTracker() }); n > 1 {
		t.Errorf("%v allocations", n)
	}
	if size := sizeOf(); size > 496 {
		t.Errorf("%d bytes for each of a million connections", size)
	}
}

func sizeOf() uintptr { return unsafe.Sizeof(Tracker{}) }

func TestAPacketCapturedFourTimesIsNoRecovery(t *testing.T) {
	w := connect(0, 10*ms)
	for i := range 4 {
		at := time.Duration(100+i*100) * ms
		w.client(at, 100)
		for range 3 {
			w.again(at, 100)
		}
		w.server(at+10*ms, 0)
		for range 3 {
			w.segment(at+10*ms, layer.ToClient, flow.ACK, 0, flow.DuplicateACK)
		}
	}
	for id := range w.findings() {
		t.Errorf("claims %s", id)
	}
}

func TestRoundTripsBeforeSTARTTLSAreNotCounted(t *testing.T) {
	for _, c := range []struct {
		name   string
		before bool // another protocol spoke before the ClientHello
		known  bool
	}{
		{"TLS from the first byte on", false, true},
		{"a greeting and STARTTLS first", true, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := connect(time.Millisecond, 20*ms)
			if c.before {
				w.server(30*ms, 40)
				w.client(40*ms, 10)
				w.server(60*ms, 20)
			}
			hello := w.segment(70*ms, layer.ToServer, flow.ACK, 200, 0)
			w.c.TLS = &flow.TLS{Version: "TLS 1.2", ClientHello: hello}
			if s := NewView(w.c, nil).Setup; s.HasRoundTrips != c.known {
				t.Errorf("round trips known: %v, want %v", s.HasRoundTrips, c.known)
			}
		})
	}
}
