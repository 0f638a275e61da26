package role

import (
	"fmt"
	"sync"

	"github.com/quic-go/quic-go"
	h3log "github.com/quic-go/quic-go/http3/qlog"
	"github.com/quic-go/quic-go/qlog"
	"github.com/quic-go/quic-go/qlogwriter"

	"github.com/wiresight/wiresight/lab/truth"
)

// quicLog takes the events that quic-go would write to a qlog of the client's
// connection, and those of its HTTP/3. They are the library's own account; the
// lab reads no packets.
type quicLog struct {
	mu      sync.Mutex
	quic    truth.QUIC
	streams []stream // that the client asked on
}

func newQUICLog() *quicLog {
	packets, frames := truth.NewCounts(), truth.NewCounts()
	return &quicLog{quic: truth.QUIC{Witness: "client", Packets: &packets, Frames: &frames}}
}

// AddProducer is for the library.
func (l *quicLog) AddProducer() qlogwriter.Recorder { return l }

// SupportsSchemas is for the library.
func (l *quicLog) SupportsSchemas(string) bool { return true }

// Close is for the library.
func (l *quicLog) Close() error { return nil }

// RecordEvent notes what of an event belongs to the truth.
func (l *quicLog) RecordEvent(e qlogwriter.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := &l.quic
	switch e := e.(type) {
	case qlog.PacketSent:
		l.packet(true, string(e.Header.PacketType), e.Frames)
		l.version(e.Header)
	case qlog.PacketReceived:
		l.packet(false, string(e.Header.PacketType), e.Frames)
	case qlog.VersionNegotiationReceived:
		q.Packets.Add(false, string(qlog.PacketTypeVersionNegotiation))
	case qlog.PacketDropped:
		if e.Header.PacketType == qlog.PacketTypeStatelessReset {
			q.Packets.Add(false, string(e.Header.PacketType))
		}
	case qlog.PacketLost:
		q.Lost++
	case qlog.KeyUpdated:
		q.KeyUpdates = max(q.KeyUpdates, int(e.KeyPhase))
	case qlog.ParametersSet:
		l.parameters(e)
	case qlog.ConnectionClosed:
		l.closed(e)
	default:
		l.http3(e)
	}
}

// version notes the versions of Initial packets: where there was more than one,
// the client had to begin again.
func (l *quicLog) version(h qlog.PacketHeader) {
	if h.PacketType != qlog.PacketTypeInitial {
		return
	}
	v := quic.Version(h.Version).String()
	if n := len(l.quic.Offered); n == 0 || l.quic.Offered[n-1] != v {
		l.quic.Offered = append(l.quic.Offered, v)
	}
}

func (l *quicLog) packet(toServer bool, kind string, frames []qlog.Frame) {
	from := map[bool]string{true: "client", false: "server"}[toServer]
	l.quic.Packets.Add(toServer, kind)
	for _, f := range frames {
		l.quic.Frames.Add(toServer, frameName(f.Frame))
		switch f := f.Frame.(type) {
		case *qlog.ResetStreamFrame:
			l.quic.Resets = append(l.quic.Resets, truth.Reset{From: from, Stream: int64(f.StreamID), Code: fmt.Sprintf("0x%x", uint64(f.ErrorCode))})
		case *qlog.StopSendingFrame:
			l.quic.StopSending = append(l.quic.StopSending, truth.Reset{From: from, Stream: int64(f.StreamID), Code: fmt.Sprintf("0x%x", uint64(f.ErrorCode))})
		}
	}
}

func frameName(f any) string {
	switch f.(type) {
	case *qlog.AckFrame:
		return "ACK"
	case *qlog.ConnectionCloseFrame:
		return "CONNECTION_CLOSE"
	case *qlog.DataBlockedFrame:
		return "DATA_BLOCKED"
	case *qlog.HandshakeDoneFrame:
		return "HANDSHAKE_DONE"
	case *qlog.MaxDataFrame:
		return "MAX_DATA"
	case *qlog.MaxStreamDataFrame:
		return "MAX_STREAM_DATA"
	case *qlog.MaxStreamsFrame:
		return "MAX_STREAMS"
	case *qlog.NewConnectionIDFrame:
		return "NEW_CONNECTION_ID"
	case *qlog.NewTokenFrame:
		return "NEW_TOKEN"
	case *qlog.PathChallengeFrame:
		return "PATH_CHALLENGE"
	case *qlog.PathResponseFrame:
		return "PATH_RESPONSE"
	case *qlog.PingFrame:
		return "PING"
	case *qlog.ResetStreamFrame:
		return "RESET_STREAM"
	case *qlog.RetireConnectionIDFrame:
		return "RETIRE_CONNECTION_ID"
	case *qlog.StopSendingFrame:
		return "STOP_SENDING"
	case *qlog.StreamsBlockedFrame:
		return "STREAMS_BLOCKED"
	case *qlog.StreamDataBlockedFrame:
		return "STREAM_DATA_BLOCKED"
	case *qlog.CryptoFrame:
		return "CRYPTO"
	case *qlog.StreamFrame:
		return "STREAM"
	case *qlog.DatagramFrame:
		return "DATAGRAM"
	}
	return fmt.Sprintf("%T", f)
}

func (l *quicLog) parameters(e qlog.ParametersSet) {
	if e.MaxDatagramFrameSize <= 0 {
		return
	}
	if l.quic.MaxDatagram == nil {
		l.quic.MaxDatagram = new(truth.Sizes)
	}
	if e.Initiator == qlog.InitiatorLocal {
		l.quic.MaxDatagram.ToServer = int64(e.MaxDatagramFrameSize)
	} else {
		l.quic.MaxDatagram.ToClient = int64(e.MaxDatagramFrameSize)
	}
}

func (l *quicLog) closed(e qlog.ConnectionClosed) {
	c := &truth.QUICClose{From: "client", Reason: e.Reason, Trigger: string(e.Trigger)}
	if e.Initiator == qlog.InitiatorRemote {
		c.From = "server"
	}
	if e.ConnectionError != nil {
		c.Code = uint64(*e.ConnectionError)
	}
	if e.ApplicationError != nil {
		c.Application, c.Code = true, uint64(*e.ApplicationError)
	}
	l.quic.Close = c
}

func (l *quicLog) http3(e qlogwriter.Event) {
	switch e := e.(type) {
	case h3log.FrameCreated:
		l.http3Frame(true, int64(e.StreamID), e.Frame.Frame)
	case h3log.FrameParsed:
		l.http3Frame(false, int64(e.StreamID), e.Frame.Frame)
	case h3log.DatagramCreated:
		l.datagram(true)
	case h3log.DatagramParsed:
		l.datagram(false)
	}
}

func (l *quicLog) ofHTTP3() *truth.HTTP3 {
	if l.quic.HTTP3 == nil {
		frames := truth.NewCounts()
		l.quic.HTTP3 = &truth.HTTP3{Frames: &frames}
	}
	return l.quic.HTTP3
}

func (l *quicLog) datagram(toServer bool) {
	h := l.ofHTTP3()
	if h.Datagrams == nil {
		counts := truth.NewCounts()
		h.Datagrams = &counts
	}
	h.Datagrams.Add(toServer, "DATAGRAM")
}

func (l *quicLog) http3Frame(toServer bool, id int64, f any) {
	h, name := l.ofHTTP3(), "unknown"
	switch f := f.(type) {
	case h3log.DataFrame, *h3log.DataFrame:
		name = "DATA"
	case h3log.HeadersFrame:
		name = "HEADERS"
		l.asked(toServer, id, f)
	case *h3log.HeadersFrame:
		name = "HEADERS"
		l.asked(toServer, id, *f)
	case h3log.SettingsFrame, *h3log.SettingsFrame:
		name = "SETTINGS"
	case h3log.GoAwayFrame:
		name = "GOAWAY"
		l.goAway(toServer, int64(f.StreamID))
	case *h3log.GoAwayFrame:
		name = "GOAWAY"
		l.goAway(toServer, int64(f.StreamID))
	case h3log.PriorityUpdateFrame, *h3log.PriorityUpdateFrame:
		name = "PRIORITY_UPDATE"
	case h3log.ReservedFrame, *h3log.ReservedFrame:
		name = "reserved"
	}
	h.Frames.Add(toServer, name)
}

func (l *quicLog) goAway(toServer bool, id int64) {
	from := map[bool]string{true: "client", false: "server"}[toServer]
	l.ofHTTP3().GoAways = append(l.ofHTTP3().GoAways, truth.GoAway{From: from, LastStream: id})
}

func (l *quicLog) asked(toServer bool, id int64, f h3log.HeadersFrame) {
	if !toServer {
		return
	}
	for _, h := range f.HeaderFields {
		if h.Name == ":path" {
			l.streams = append(l.streams, stream{id: id, target: h.Value})
		}
	}
}

// into completes the truth of a connection and of the requests made over it.
func (l *quicLog) into(t *truth.QUIC, requests []truth.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := l.quic
	q.Connection, q.Version, q.TLS, q.Used0RTT, q.Rejected0RTT, q.Paths = t.Connection, t.Version, t.TLS, t.Used0RTT, t.Rejected0RTT, t.Paths
	if len(q.Offered) == 1 {
		q.Offered = nil
	}
	*t = q
	for i := range requests {
		for j := range l.streams {
			if l.streams[j].target == requests[i].Target && requests[i].Stream == nil {
				requests[i].Stream = &l.streams[j].id
				l.streams[j].target = "" // taken
				break
			}
		}
	}
}
