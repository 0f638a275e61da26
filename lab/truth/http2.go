package truth

// HTTP2 is the frames of a connection as the library at one end logged them.
// A log that tells a header block as one HEADERS frame counts no CONTINUATION.
type HTTP2 struct {
	Connection string     `json:"connection"`
	Witness    string     `json:"witness"`          // client or server: whose log it is
	Frames     Counts     `json:"frames"`           // by the RFC's names
	Padded     *Counts    `json:"padded,omitempty"` // those of them with the PADDED flag
	Settings   Settings   `json:"settings"`         // in the first SETTINGS frame of each end
	Pushes     []Push     `json:"pushes,omitempty"`
	Resets     []Reset    `json:"resets,omitempty"`
	GoAways    []GoAway   `json:"goaways,omitempty"`
	Priorities []Priority `json:"priorities,omitempty"`
	Stalls     []Stall    `json:"stalls,omitempty"`
}

// Counts is how many of each kind passed, for each direction.
type Counts struct {
	ToServer map[string]int `json:"to_server"`
	ToClient map[string]int `json:"to_client"`
}

// NewCounts is ready to count.
func NewCounts() Counts { return Counts{ToServer: map[string]int{}, ToClient: map[string]int{}} }

// Add counts one more; toServer is its direction.
func (c *Counts) Add(toServer bool, kind string) {
	if toServer {
		c.ToServer[kind]++
	} else {
		c.ToClient[kind]++
	}
}

// Settings are the values that each end declared.
type Settings struct {
	ToServer map[string]uint32 `json:"to_server,omitempty"`
	ToClient map[string]uint32 `json:"to_client,omitempty"`
}

// Push is a promised stream.
type Push struct {
	Stream   int64  `json:"stream"` // on which it was promised
	Promised int64  `json:"promised"`
	Target   string `json:"target"`
}

// Reset is a RST_STREAM frame, or QUIC's RESET_STREAM and STOP_SENDING.
type Reset struct {
	From   string `json:"from"` // client or server
	Stream int64  `json:"stream"`
	Code   string `json:"code"` // CANCEL, ...
}

// GoAway is a GOAWAY frame.
type GoAway struct {
	From       string `json:"from"`
	LastStream int64  `json:"last_stream"`
	Code       string `json:"code"`
}

// Priority is what one end said of a stream's weight: in a PRIORITY frame or a
// HEADERS frame with the PRIORITY flag (RFC 7540 sec. 5.3), or, with Value, in a
// PRIORITY_UPDATE frame or priority field (RFC 9218).
type Priority struct {
	From      string `json:"from"`
	Frame     string `json:"frame"`
	Stream    int64  `json:"stream"`
	DependsOn int64  `json:"depends_on,omitempty"`
	Weight    int    `json:"weight,omitempty"` // 1 to 256
	Exclusive bool   `json:"exclusive,omitempty"`
	Value     string `json:"value,omitempty"` // "u=1, i"
}

// Stall is a time for which a sender had more to send than the receiver's
// window let it, by the receiver's clock: from the last byte that the window
// allowed to the WINDOW_UPDATE.
type Stall struct {
	From   string  `json:"from"` // the sender
	Stream int64   `json:"stream"`
	Window uint32  `json:"window"` // bytes
	Took   float64 `json:"took_s"`
}
