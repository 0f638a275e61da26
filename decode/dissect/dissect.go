// Package dissect is the contract between the chain (package decode) and the
// protocols above TCP and UDP. A dissector is pushed the bytes of one
// conversation and says what it read; it does no I/O, reads no clock, starts
// no goroutine and keeps no global state.
package dissect

import (
	"net/netip"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/protobuf"
	"github.com/wiresight/wiresight/decode/secrets"
)

// Chunk is a run of bytes in one direction. On a stream, chunks of one
// direction come in stream order without overlap; on datagrams each chunk is
// one whole datagram.
type Chunk struct {
	Dir    layer.Direction
	Data   []byte          // valid during the call only
	At     layer.PacketRef // the packet that carried Data
	Offset int64           // position of Data[0] in this direction's stream; counts datagram bytes for datagrams
	Gap    int             // bytes missing before Data: lost in the capture or never sent again; 0 usually, see UnknownGap
	Stream uint64          // for Inner: which of the parent's streams; 0 where the parent has one
	Cut    int             // datagrams: bytes that the snap length cut off behind Data
	// Datagram tells, for Inner, that Data is one whole datagram rather than a
	// run of a stream's bytes.
	Datagram bool
	// End tells, for Inner, that nothing follows in this direction of the
	// stream. Once both directions have ended the inner dissector is finished.
	// Data may be empty.
	End bool
	// Reset tells, with End, that the sender gave the stream up: what was begun
	// is not whole. Code is the error code that it gave.
	Reset bool
	Code  uint64
	// Connection tells, for Inner, which of several connections between the same
	// addresses and ports the stream is of.
	Connection uint32
	// Path tells on which of its paths a connection's datagram came: 0 is the
	// one that it began on, see Sink.ConnectionID.
	Path int
}

// UnknownGap is the Gap where bytes may be missing and nobody knows how many: in
// what was lost there may have been frames of the stream. It is longer than what
// may be left of a unit that can be read on behind it.
const UnknownGap = 1 << 30

// Dissector reads one protocol in one conversation. Feed and Finish never
// block and never panic; what they keep is bounded.
type Dissector interface {
	Feed(out Sink, c Chunk)
	// Finish is called once when the conversation or the capture has ended
	// (closed tells whether the connection was closed properly): messages that
	// are still open are said as Cut, or as Complete where the close completes
	// them (RFC 9112 section 6.3).
	Finish(out Sink, closed bool)
}

// Sink is what a dissector may say. All calls refer to the packet that is
// being read at the moment.
type Sink interface {
	// Message says that a message was read (or begun: State Head).
	// m is copied as far as it is kept.
	Message(m *flow.Message)
	// Layer says that this packet completes a unit of protocol p. describe is
	// called only when somebody looks at the packet; it must use nothing that
	// is invalid after the Layer call returns, and is called before it returns.
	Layer(p layer.Protocol, describe func() layer.Layer)
	// Inner hands bytes to the protocol inside. An empty p asks the chain to
	// find out by the bytes. A dissector that describes the unit which carried
	// them calls Layer first, so that layers stand outermost first.
	Inner(p layer.Protocol, c Chunk)
	// Announce tells what is known of the protocol on one of the streams before
	// its bytes come by Inner with the same p and stream: its dissector is made
	// with these facts as Context.Facts.
	Announce(p layer.Protocol, stream uint64, facts []flow.Fact)
	// Announced returns the registered protocol that an outer protocol names by
	// an ALPN id, an Upgrade token or a subprotocol's name, "" for an unknown
	// name.
	Announced(name string) layer.Protocol
	// Expect tells that conversations with this endpoint, not seen yet, will
	// speak p: media that a session description names, a data connection.
	Expect(at netip.AddrPort, p layer.Protocol)
	// ConnectionID tells that datagrams of this direction which are addressed to
	// id are the conversation's, whatever their addresses: the chain hands them
	// to this dissector, with Chunk.Path. See Protocol.ConnectionID.
	ConnectionID(id []byte, dir layer.Direction)
	// Withdraw says that these bytes are not of the dissector's protocol after
	// all. The chain drops the dissector when Feed returns and asks the other
	// protocols, beginning with the chunk at hand.
	Withdraw()
	// Problem names something malformed in the current packet.
	Problem(p layer.Protocol, text string)
	// Recording reports whether Layer descriptions are wanted now. A dissector
	// need not ask; it may, to save work.
	Recording() bool
	// TLS and QUIC hand out the handshake's facts; called again as they grow.
	TLS(t *flow.TLS)
	QUIC(q *flow.QUIC)
	// DTLS hands out the facts of a handshake over datagrams.
	DTLS(t *flow.TLS)
	// HTTP2 hands out what the connection's frames said; called again as it grows.
	HTTP2(h *flow.HTTP2)
	// RTP hands out what was measured of media streams; called again as it grows.
	RTP(r *flow.RTP)
	// ServerName tells the server's name as a message gave it (SNI, Host).
	ServerName(name string)
	// Resolved tells that name has the address (DNS answer); addr in text.
	Resolved(name, addr string)
}

// Closer is a Dissector that wants to know when one direction of its stream
// ended in order, all bytes of it seen, while the other may go on.
type Closer interface {
	Close(out Sink, dir layer.Direction)
}

// Claimer is a Dissector that can tell by the bytes whether a datagram between
// other addresses is of its connection: where the capture missed that its
// connection ID was announced (Sink.ConnectionID). dir is the direction it goes
// in, by the server's address.
type Claimer interface {
	Claims(dir layer.Direction, datagram []byte) bool
}

// Context is what a dissector is told when it is made.
type Context struct {
	Datagram   bool       // over UDP
	Server     netip.Addr // the server's address; invalid if unknown
	ServerPort uint16     // 0 if unknown
	MidStream  bool       // the capture did not see the stream's beginning
	// Secrets are the keys that the user gave; nil for none.
	Secrets *secrets.Store
	// Schema knows the messages of remote procedure calls, as the user or servers
	// described them; nil for nothing.
	Schema *protobuf.Schema
	// Facts are what the outer protocol announced (Sink.Announce).
	Facts []flow.Fact
}

// Fact returns the value of the first announced fact named key, or "".
func (c *Context) Fact(key string) string {
	for i := range c.Facts {
		if c.Facts[i].Key == key {
			return c.Facts[i].Value
		}
	}
	return ""
}

// Match is a probe's answer.
type Match uint8

// The answers, weakest first.
const (
	No    Match = iota
	More        // not enough bytes to tell
	Maybe       // plausible; a known port or the other direction must agree
	Yes         // these bytes are of this protocol
)

// Verdict is what a probe says of a conversation's first bytes.
type Verdict struct {
	Match Match
	// Client tells who the client is, where the bytes show it.
	Client Client
}

// Client tells which side of the probed bytes is the client.
type Client uint8

// Who the client is.
const (
	Unknown  Client = iota
	Sender          // the bytes were sent by the client (a request, a ClientHello)
	Receiver        // the bytes were sent by the server
)

// Protocol is the registry's entry for one protocol.
type Protocol struct {
	Name  layer.Protocol
	OSI   int    // 5 to 7
	About string // one or two sentences for people who meet it for the first time
	// Stream and Datagram tell on which transports it runs.
	Stream, Datagram bool
	// Multistream tells that one dissector takes all streams of the protocol
	// that carries it, with their ids in Chunk.Stream (HTTP/3 over QUIC).
	Multistream bool
	// Shares tells that other protocols run between the same addresses and ports
	// (RFC 7983): each datagram is probed, and Maybe is good enough.
	Shares bool
	// GivesWay tells that what follows inside stands in its place (TLS behind a
	// STARTTLS): the packets of that are none of this protocol.
	GivesWay bool
	// Ports are the server ports that break ties; IANA's where registered.
	Ports []uint16
	// ExcludePorts are ports where bytes that look alike are of another
	// protocol (NetBIOS names look like DNS).
	ExcludePorts []uint16
	// ConnectionID returns what a datagram is addressed to besides addresses and
	// ports, which its connection may change: length bytes where the datagram
	// does not tell the length itself; nil where it is too short. Nil for
	// protocols without.
	ConnectionID func(datagram []byte, length int) []byte
	// Announced are the names by which an outer protocol announces it (ALPN
	// ids, Upgrade tokens, subprotocols).
	Announced []string
	// Probe judges the first bytes of one direction of a stream, or one
	// datagram. It must be cheap and must not keep first.
	Probe func(first []byte, datagram bool) Verdict
	New   func(Context) Dissector
}
