package truth

// WebRTC is a session as the offering peer's library told it.
type WebRTC struct {
	Connection       string    `json:"connection"` // its own address of the selected pair
	Local            Candidate `json:"local"`
	Remote           Candidate `json:"remote"`
	Label            string    `json:"label"`         // of the data channel
	MessagesSent     int       `json:"messages_sent"` // on the data channel
	MessagesReceived int       `json:"messages_received"`
	MediaSent        int       `json:"media_sent"` // RTP packets
	MediaReceived    int       `json:"media_received"`
}

// Candidate is an ICE candidate.
type Candidate struct {
	Type    string `json:"type"` // host, srflx, prflx, relay
	Address string `json:"address"`
}

// SIP is what a caller says of its calls.
type SIP struct {
	Calls    int            `json:"calls"`
	Messages map[string]int `json:"messages"` // by method or status, sent and received by the caller
	Media    int            `json:"media,omitempty"`
}
