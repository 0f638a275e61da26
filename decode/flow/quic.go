package flow

import "github.com/wiresight/wiresight/decode/layer"

// QUIC is what is known of a QUIC connection (RFC 9000): what its long headers
// and Initial packets say to anybody, and with keys what its frames say.
type QUIC struct {
	Version            string // "1", "2", "draft-29", ...
	SNI                string
	ALPN               string
	OfferedALPN        []string
	Retry              bool
	ZeroRTT            bool
	EarlyData          string // with keys: "accepted" or "rejected"; "offered" where that is not known; else ""
	VersionNegotiation bool
	Migrations         int // changes of the client's address that the connection went on behind
	SpinBit            bool
	Close              *QUICClose
	StatelessReset     *QUICReset
	Decrypted          bool   // 1-RTT packets were read with keys
	KeyProblem         string // why they were not, where keys were given
	InitialDecrypted   bool
	JA3, JA3String     string // of the ClientHello
	JA4                string

	// The handshake, as far as it could be read.
	CipherSuite  string // IANA name
	Group        string // key exchange group, IANA name
	Resumed      bool
	HelloRetry   bool
	Certificates []Certificate // the server's chain, leaf first

	FirstInitial  [2]layer.PacketRef // first Initial of each direction
	RetryAt       layer.PacketRef
	FirstFlight2  layer.PacketRef    // the client's first datagram after the server's first
	First1RTT     [2]layer.PacketRef // first short-header packet of each direction
	HandshakeDone layer.PacketRef    // the server's HANDSHAKE_DONE frame

	Parameters [2]*QUICParameters // that the sender of each direction declared; nil where not read
	KeyUpdates Counts             // seen in each direction

	// What the packets of each direction met. Only decrypted packets have
	// numbers and acknowledgements; those of all packet number spaces count.
	Sent        Counts     // numbered packets
	Lost        Counts     // of these, lost behind the capture: acknowledgements leave them out, and later ones are acknowledged
	Losses      []QUICLoss // the first of Lost, at most MaxQUICLosses
	CaptureLost Counts     // acknowledged, but not in the capture
	Unseen      Counts     // numbers neither seen nor acknowledged below the highest: lost before the capture, or passed over on purpose
	Resent      Counts     // bytes of streams that had been sent before
	ECN         [2]QUICECN
	RTT         [2]QUICRTT // from a direction's packets to their acknowledgements, less the declared delay
	SpinRTT     QUICRTT    // of the whole path, between edges of the spin bit

	Streams      Counts // opened by the client, by the server
	Blocked      []QUICBlock
	BlockedTotal int64 // kept or not
}

// QUICClose is a CONNECTION_CLOSE frame (RFC 9000 section 19.19).
type QUICClose struct {
	At          layer.PacketRef
	By          layer.Direction // the direction that the frame went
	Code        uint64
	Application bool   // the code is the application's, not the transport's
	Name        string // of the code, where the transport's are meant
	Reason      string
}

// QUICReset is a stateless reset (RFC 9000 section 10.3).
type QUICReset struct {
	At layer.PacketRef
	By layer.Direction
}

// QUICParameters are the transport parameters of one endpoint (RFC 9000
// section 18.2) that bound what its peer may send.
type QUICParameters struct {
	MaxIdleTimeout        int64 // nanoseconds; 0 for none
	MaxUDPPayload         uint64
	MaxData               uint64
	MaxStreamDataLocal    uint64 // on bidirectional streams that the endpoint opens
	MaxStreamDataRemote   uint64 // on those that its peer opens
	MaxStreamDataUni      uint64
	MaxStreamsBidi        uint64
	MaxStreamsUni         uint64
	AckDelayExponent      uint64
	MaxAckDelay           int64 // nanoseconds
	ActiveConnectionIDs   uint64
	MaxDatagram           uint64 // of DATAGRAM frames (RFC 9221); 0 for none
	NoMigration           bool
	GreaseQUICBit         bool
	StatelessResetToken   bool // one was given
	HasPreferredAddress   bool
	VersionInformation    bool   // RFC 9368
	InitialSourceID       string // hexadecimal
	OriginalDestinationID string
	RetrySourceID         string
}

// QUICLoss is a packet that acknowledgements leave out while later ones are
// acknowledged (RFC 9002 section 6.1).
type QUICLoss struct {
	Dir        layer.Direction // that the packet went
	Sent, Told layer.PacketRef // the packet, and the one with the acknowledgement
}

// MaxQUICLosses bounds QUIC.Losses.
const MaxQUICLosses = 64

// QUICRTT are round trip times in nanoseconds.
type QUICRTT struct {
	Min, Smoothed, Latest int64
	Samples               int64
}

// QUICECN are the counts that the receiver of a direction's packets last
// reported (RFC 9000 section 19.3.2).
type QUICECN struct{ ECT0, ECT1, CE uint64 }

// QUICBlock is a time in which flow control kept a sender from sending.
type QUICBlock struct {
	Dir      layer.Direction // in which the data would have gone
	What     QUICLimit
	Stream   uint64 // for StreamData
	Limit    uint64 // bytes, or streams
	Declared bool   // the sender said so itself; otherwise it had reached the limit and went on once that was raised
	From, To layer.PacketRef
	Open     bool // nobody raised the limit; To is the last packet seen
}

// QUICLimit names a limit of flow control.
type QUICLimit uint8

// The limits.
const (
	ConnectionData QUICLimit = iota // MAX_DATA
	StreamData                      // MAX_STREAM_DATA
	StreamCount                     // MAX_STREAMS
)

// String names the limit's frame.
func (l QUICLimit) String() string {
	switch l {
	case StreamData:
		return "MAX_STREAM_DATA"
	case StreamCount:
		return "MAX_STREAMS"
	}
	return "MAX_DATA"
}

// MaxQUICBlocks bounds QUIC.Blocked.
const MaxQUICBlocks = 256
