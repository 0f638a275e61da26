package truth

// QUIC is a QUIC connection as one end's library told it (its qlog).
type QUIC struct {
	Connection   string     `json:"connection"` // the client's address and port at the beginning
	Version      string     `json:"version"`
	TLS          TLS        `json:"tls"`
	Used0RTT     bool       `json:"used_0rtt"`
	Rejected0RTT bool       `json:"rejected_0rtt,omitempty"`
	Witness      string     `json:"witness,omitempty"`        // client: whose log the following is
	Packets      *Counts    `json:"packets,omitempty"`        // by qlog's types: initial, handshake, 0RTT, 1RTT, retry, version_negotiation, stateless_reset
	Frames       *Counts    `json:"quic_frames,omitempty"`    // by the RFC's names
	Lost         int        `json:"packets_lost,omitempty"`   // that the witness sent and declared lost
	Offered      []string   `json:"versions_tried,omitempty"` // by the client, before the version agreed on
	KeyUpdates   int        `json:"key_updates,omitempty"`    // as the key phase of the witness counts
	Paths        []string   `json:"paths,omitempty"`          // the client's addresses, where it had several
	MaxDatagram  *Sizes     `json:"max_datagram_frame_size,omitempty"`
	Resets       []Reset    `json:"resets,omitempty"` // RESET_STREAM; StopSending has the others
	StopSending  []Reset    `json:"stop_sending,omitempty"`
	Close        *QUICClose `json:"close,omitempty"`
	HTTP3        *HTTP3     `json:"http3,omitempty"`
	Error        string     `json:"error,omitempty"`
}

// Sizes is a size in bytes that each end declared.
type Sizes struct {
	ToServer int64 `json:"to_server"` // by the client
	ToClient int64 `json:"to_client"`
}

// QUICClose is how a connection ended.
type QUICClose struct {
	From        string `json:"from"`        // client, server
	Application bool   `json:"application"` // CONNECTION_CLOSE of type 0x1d
	Code        uint64 `json:"code"`
	Reason      string `json:"reason,omitempty"`
	Trigger     string `json:"trigger,omitempty"` // qlog's: idle_timeout, stateless_reset, ...
}

// HTTP3 is the frames of HTTP/3 on a QUIC connection.
type HTTP3 struct {
	Frames    *Counts  `json:"frames,omitempty"`              // by the RFC's names
	Encoders  *Sizes   `json:"qpack_encoder_bytes,omitempty"` // instructions on the QPACK encoder streams
	Datagrams *Counts  `json:"datagrams,omitempty"`           // HTTP datagrams (RFC 9297)
	GoAways   []GoAway `json:"goaways,omitempty"`
}
