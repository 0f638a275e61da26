package quic

import (
	"testing"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// A packet is lost that acknowledgements leave out while later ones are
// acknowledged; one that is acknowledged late was not.
func TestLossesBehindTheCapture(t *testing.T) {
	w := newWire(t)
	for range 10 {
		w.send(c2s, varints(framePing))
	}
	w.send(s2c, ack(span{6, 7}, span{0, 2})) // 2 to 5 left out, 4 and 5 may only be late
	if n := w.d.facts.Lost[c2s]; n != 2 {
		t.Errorf("%d lost, want 2", n)
	}
	w.send(s2c, ack(span{6, 8}, span{3, 4}, span{0, 2})) // 3 came late
	if n := w.d.facts.Lost[c2s]; n != 3 {
		t.Errorf("%d lost, want 2 and 4, and 5, which is longer ago than a round trip", n)
	}
	w.send(s2c, ack(span{8, 10})) // receivers forget old ranges
	if q := w.finish(); q.Lost[c2s] != 3 || q.Sent[c2s] != 10 || q.Sent[s2c] != 3 || q.CaptureLost.Sum() != 0 {
		t.Errorf("%+v", q)
	}
}

func TestRoundTripsFromAcknowledgements(t *testing.T) {
	w := newWire(t)
	for range 20 {
		w.send(c2s, varints(framePing))
		w.nanos += 30e6 // and 1 ms between packets
		n := w.next[c2s]
		w.send(s2c, ack(span{0, n}))
		w.send(s2c, ack(span{0, n})) // says nothing new
	}
	r := w.finish().RTT[c2s]
	if r.Samples != 20 || r.Min != 31e6 || r.Smoothed != 31e6 {
		t.Errorf("%+v", r)
	}
}

func TestECNCounts(t *testing.T) {
	w := newWire(t)
	w.send(c2s, varints(framePing))
	w.send(s2c, varints(frameACKECN, 0, 0, 0, 0, 7, 0, 3))
	if e := w.finish().ECN[c2s]; e != (flow.QUICECN{ECT0: 7, CE: 3}) {
		t.Errorf("%+v", e)
	}
}

// An endpoint that acknowledges what nobody sent costs no memory and is not
// believed.
func TestImpossibleAcknowledgements(t *testing.T) {
	w := newWire(t)
	w.send(c2s, varints(framePing))
	w.send(s2c, ack(span{0, 1 << 40}))
	w.send(s2c, varints(frameACK, 1<<61, 0, 0, 1<<61))
	if q := w.finish(); q.CaptureLost.Sum() != 0 || q.Lost.Sum() != 0 {
		t.Errorf("%+v", q)
	}
}

func TestBlockedByFlowControl(t *testing.T) {
	w := newWire(t)
	c := w.d.connections[0]
	c.params[s2c] = &flow.QUICParameters{MaxStreamDataRemote: 8}
	c.data[c2s].start(100)
	w.send(c2s, streamFrame(0, 0, "12345678", false)) // up to the limit
	w.send(s2c, varints(frameMaxStreamData, 0, 20))
	w.send(c2s, streamFrame(0, 8, "more", false))    // it had waited
	w.send(c2s, streamFrame(4, 0, "12345678", true)) // the end, at the limit: nothing waits
	w.send(c2s, varints(frameDataBlocked, 100))
	w.send(s2c, varints(frameMaxData, 200))
	w.send(c2s, varints(frameStreamsBlockedBidi, 3))
	q := w.finish()
	want := []flow.QUICBlock{
		{Dir: c2s, What: flow.StreamData, Limit: 8, From: at(1), To: at(2)},
		{Dir: c2s, What: flow.ConnectionData, Limit: 100, Declared: true, From: at(5), To: at(6)},
		{Dir: c2s, What: flow.StreamCount, Limit: 3, Declared: true, From: at(7), To: at(7), Open: true},
	}
	if len(q.Blocked) != len(want) || q.BlockedTotal != int64(len(want)) {
		t.Fatalf("%+v", q.Blocked)
	}
	for i := range want {
		if q.Blocked[i] != want[i] {
			t.Errorf("%+v\nwant %+v", q.Blocked[i], want[i])
		}
	}
}

// at is the place of a wireside's packet.
func at(n int) layer.PacketRef { return layer.PacketRef{Number: n, Nanos: int64(n) * 1e6} }

func TestStatelessReset(t *testing.T) {
	w := newWire(t)
	token := []byte("0123456789abcdef")
	w.send(s2c, append(append(varints(frameNewConnectionID, 1, 0), 4, 9, 9, 9, 9), token...))
	b := append([]byte{0x45}, make([]byte, 40)...)
	w.d.feed(w.recorder, s2c, 9, append(b, token...))
	if q := w.finish(); q.StatelessReset == nil || q.StatelessReset.By != s2c || q.StatelessReset.At.Number != 9 {
		t.Errorf("%+v", q)
	}
	if len(w.IDs[c2s]) != 1 || string(w.IDs[c2s][0]) != "\x09\x09\x09\x09" {
		t.Errorf("%x", w.IDs)
	}
}

func TestMigrationsAreCounted(t *testing.T) {
	w := newWire(t)
	send := func(path int, frames []byte) {
		w.number++
		pn := w.next[c2s]
		w.next[c2s]++
		b := shortPacket(t, w.keys.phases[0], pn, false, append(frames, make([]byte, 20)...))
		c := chunkOf(c2s, w.number, b)
		c.Path = path
		w.d.Feed(w.recorder, c)
	}
	send(0, varints(framePing))
	send(1, append(varints(framePathChallenge), "12345678"...)) // only a probe
	if n := w.d.facts.Migrations; n != 0 {
		t.Errorf("%d migrations by a probe", n)
	}
	send(1, varints(framePing))
	send(1, varints(framePing))
	send(0, varints(framePing)) // and back
	if q := w.finish(); q.Migrations != 2 {
		t.Errorf("%d migrations, want 2", q.Migrations)
	}
}
