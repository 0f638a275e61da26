package quic

import (
	"time"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// spoken are the frames that are said as messages: those by which a connection
// does more than to carry data.
var spoken = map[uint64]string{
	framePing: "ping", frameResetStream: "reset_stream", frameResetStreamAt: "reset_stream", frameStopSending: "stop_sending",
	frameDataBlocked: "data_blocked", frameStreamDataBlocked: "stream_data_blocked",
	frameStreamsBlockedBidi: "streams_blocked", frameStreamsBlockedUni: "streams_blocked",
	framePathChallenge: "path_challenge", framePathResponse: "path_response", frameClose: "connection_close",
	frameCloseApp: "connection_close", frameDatagram: "datagram", frameDatagramLength: "datagram", frameNewToken: "new_token",
}

// take reads the frames of a packet, but for those of the handshake.
func (c *connection) take(r *reading) {
	acks := 0
	for i := range r.frames {
		f := &r.frames[i]
		switch {
		case f.isStream():
			c.streamFrame(r, f)
			continue
		case f.kind == framePadding || f.kind == frameCrypto:
			continue
		case f.kind == frameACK || f.kind == frameACKECN:
			if acks++; acks <= maxACKs {
				c.ack(r, f)
			}
			continue
		}
		if kind := spoken[f.kind]; kind != "" {
			c.d.say(kind, f.size)
		}
		c.control(r, f)
	}
}

// maxACKs bounds the ACK frames that are heeded in one packet, which needs but
// one: each may mean a look at all packets that wait for theirs.
const maxACKs = 4

// control reads the frames that carry no data.
func (c *connection) control(r *reading, f *frame) {
	dir, at, q := r.chunk.Dir, r.chunk.At, c.d.facts
	back := dir.Reverse()
	switch f.kind {
	case frameResetStream, frameResetStreamAt:
		c.resetStream(r, f)
	case frameDatagram, frameDatagramLength:
		c.hand(r.out, dissect.Chunk{Dir: dir, Data: f.data, At: at, Stream: DatagramStream, Connection: c.serial, Datagram: true})
	case frameClose, frameCloseApp:
		c.closed(r, f)
	case frameHandshakeDone:
		if !q.HandshakeDone.Valid() {
			q.HandshakeDone, c.d.news = at, true
		}
	case frameNewConnectionID: // it is what the other side will address its packets by
		c.addID(r.out, back, f.data)
		c.addToken(dir, f.token)
	case frameMaxData:
		c.data[back].raise(f.limit, at, blocks{q: q, dir: back, what: flow.ConnectionData})
	case frameMaxStreamsBidi, frameMaxStreamsUni:
		c.counts[back][f.kind-frameMaxStreamsBidi].raise(f.limit, at, blocks{q: q, dir: back, what: flow.StreamCount})
	case frameDataBlocked:
		c.data[dir].block(f.limit, at)
	case frameStreamsBlockedBidi, frameStreamsBlockedUni:
		c.counts[dir][f.kind-frameStreamsBlockedBidi].block(f.limit, at)
	case frameMaxStreamData:
		if s := c.streams.open[f.stream]; s != nil {
			s.half[back].limit.raise(f.limit, at, blocks{q: q, dir: back, what: flow.StreamData, stream: f.stream})
		}
	case frameStreamDataBlocked:
		if s := c.streams.open[f.stream]; s != nil && !s.half[dir].ended {
			s.half[dir].limit.block(f.limit, at)
		}
	}
}

// DatagramStream is what Chunk.Stream is for DATAGRAM frames, which belong to
// no stream: no stream has this id (RFC 9000 section 2.1).
const DatagramStream = 1 << 62

// closed takes a CONNECTION_CLOSE frame (RFC 9000 section 19.19).
func (c *connection) closed(r *reading, f *frame) {
	q := c.d.facts
	if q.Close != nil && c.d.closed >= c.serial { // that of the last connection tells most
		return
	}
	c.d.closed = c.serial
	q.Close = &flow.QUICClose{
		At: r.chunk.At, By: r.chunk.Dir, Code: f.code, Application: f.kind == frameCloseApp, Reason: layer.Clip(f.data, maxText),
	}
	if !q.Close.Application {
		q.Close.Name = ErrorName(f.code)
	}
	c.d.news = true
}

// ack takes an ACK frame: it tells of the packets that went the other way.
func (c *connection) ack(r *reading, f *frame) {
	back, space := r.chunk.Dir.Reverse(), r.packet.kind.space()
	delay := int64(0)
	if p := c.params[r.chunk.Dir]; space == spaceApplication {
		exponent, most := uint64(3), int64(25*time.Millisecond)
		if p != nil {
			exponent, most = p.AckDelayExponent, p.MaxAckDelay
		}
		delay = most
		if micros := f.limit << exponent; micros>>exponent == f.limit && micros < 1<<32 {
			delay = min(int64(micros)*int64(time.Microsecond), most)
		}
	}
	n := &c.packets[back][space]
	if n.acknowledge(f, r.chunk.At, delay, &c.rtt[back]) && space == spaceApplication {
		c.missed(r, back)
	}
}
