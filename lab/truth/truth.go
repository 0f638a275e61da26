// Package truth is the shape of testdata's *.truth.json: what a scenario set,
// did and saw itself. testdata/README.md explains the fields to readers.
package truth

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/wiresight/wiresight/lab/link"
)

// Schema names the shape; it changes when a field changes its meaning.
const Schema = "wiresight.truth/1"

// Truth is all that is known of a scenario.
type Truth struct {
	Schema        string               `json:"schema"`
	Scenario      string               `json:"scenario"`
	Description   string               `json:"description"`
	Software      map[string]string    `json:"software"` // program -> version
	Hosts         []Host               `json:"hosts"`
	Link          Link                 `json:"link"`
	Captures      []Capture            `json:"captures"`
	Shows         []string             `json:"shows,omitempty"`         // ids of patterns, set-up ways and findings that are there
	DoesNotShow   []string             `json:"does_not_show,omitempty"` // ids that a reader might take it for, wrongly
	Conversations []*link.Conversation `json:"conversations"`
	LinkEvents    []link.Event         `json:"link_events,omitempty"`
	Requests      []Request            `json:"requests,omitempty"`
	NotTold       bool                 `json:"requests_not_told,omitempty"` // there were HTTP requests that Requests does not list
	TLS           []TLS                `json:"tls,omitempty"`
	QUIC          []QUIC               `json:"quic,omitempty"`
	HTTP2         []HTTP2              `json:"http2,omitempty"`
	WebSocket     []WebSocket          `json:"websocket,omitempty"`
	SSE           []SSE                `json:"sse,omitempty"`
	GRPC          []GRPC               `json:"grpc,omitempty"`
	DNS           []DNS                `json:"dns,omitempty"`
	Messages      *Messages            `json:"messages,omitempty"`
	Messaging     []Messaging          `json:"messaging,omitempty"`
	WebRTC        *WebRTC              `json:"webrtc,omitempty"`
	SIP           *SIP                 `json:"sip,omitempty"`
	Notes         map[string]any       `json:"notes,omitempty"` // what belongs to one scenario alone
}

// Host is one end.
type Host struct {
	Name string   `json:"name"`
	IP   []string `json:"ip"`
	MAC  string   `json:"mac"`
	Role string   `json:"role"` // client or server
}

// Link is what was set between the client and the servers.
type Link struct {
	RTT      float64       `json:"rtt_s"`           // both ways, as set
	OneWay   Ways          `json:"one_way_delay_s"` // as set
	Middle   float64       `json:"middle_at"`       // share of the delay between the client and the middle
	Jitter   float64       `json:"jitter_s,omitempty"`
	Rate     int64         `json:"rate_bit_s,omitempty"`
	Loss     float64       `json:"loss,omitempty"` // probability, each way
	MTU      int           `json:"mtu"`
	Lateness link.Lateness `json:"lateness"` // what came on top of the delays set
	Rules    []Rule        `json:"rules,omitempty"`
}

// Ways is a value for each direction.
type Ways struct {
	ToServer float64 `json:"to_server"`
	ToClient float64 `json:"to_client"`
}

// Rule is a deterministic disturbance.
type Rule struct {
	Name   string `json:"name"`
	From   string `json:"from"`
	Where  string `json:"where"`
	Action string `json:"action"`
	Nth    int    `json:"nth,omitempty"`
	Count  int    `json:"count,omitempty"`
}

// Capture is one file.
type Capture struct {
	File    string    `json:"file"`
	Vantage string    `json:"vantage"`
	Packets int       `json:"packets"`
	Bytes   int64     `json:"bytes"`
	First   time.Time `json:"first_time"`
	Last    time.Time `json:"last_time"`
}

// Request is an HTTP exchange as the client program saw it.
type Request struct {
	Connection      string            `json:"connection"` // client's address and port; empty where the client does not say
	Protocol        string            `json:"protocol"`   // http1, http2, http3
	Stream          *int64            `json:"stream,omitempty"`
	Method          string            `json:"method"`
	Target          string            `json:"target"`
	Host            string            `json:"host,omitempty"`
	Status          int               `json:"status"`
	RequestBody     int64             `json:"request_body_bytes"`
	Body            int64             `json:"response_body_bytes"` // after transfer decoding
	Reused          bool              `json:"connection_reused"`
	Start           *time.Time        `json:"start,omitempty"`      // before anything was sent, also before connecting
	Wrote           *time.Time        `json:"wrote,omitempty"`      // the request was handed to the kernel
	FirstByte       *time.Time        `json:"first_byte,omitempty"` // of the response
	Done            *time.Time        `json:"done,omitempty"`
	ContentEncoding string            `json:"content_encoding,omitempty"` // response_body_bytes are then the encoded ones
	Trailers        map[string]string `json:"trailers,omitempty"`
	Continue        bool              `json:"continue,omitempty"`  // the server said 100 Continue
	Upgraded        bool              `json:"upgraded,omitempty"`  // asked in HTTP/1.1 and answered after its Upgrade
	Pushed          bool              `json:"pushed,omitempty"`    // the server's request, by PUSH_PROMISE
	Cancelled       bool              `json:"cancelled,omitempty"` // by the client, which had read response_body_bytes by then
	Error           string            `json:"error,omitempty"`
}

// DNS is a question and its answer as the client saw them.
type DNS struct {
	Connection string    `json:"connection"`
	Transport  string    `json:"transport"`
	ID         uint16    `json:"id"`
	Name       string    `json:"name"` // with the final dot
	Type       string    `json:"type"`
	RCode      string    `json:"rcode"` // NOERROR, NXDOMAIN ...
	Truncated  bool      `json:"truncated"`
	Answers    []string  `json:"answers"` // "A 10.7.0.2", "CNAME www.lab.example."
	Start      time.Time `json:"start"`
	Done       time.Time `json:"done"`
}

// Messages is a conversation of plain writes and answers (the Nagle scenarios).
type Messages struct {
	Connection    string  `json:"connection"`
	ClientNoDelay bool    `json:"client_tcp_nodelay"`
	ServerNoDelay bool    `json:"server_tcp_nodelay"`
	ServerQuick   bool    `json:"server_tcp_quickack"` // set again before each read
	Warmup        int     `json:"warmup_rounds"`       // rounds of one write each, before the others
	Rounds        []Round `json:"rounds"`
	Mode          string  `json:"mode,omitempty"`   // how the client wrote its pieces: "" a write each, "cork", "stuck", "vector", "typed"
	TLS           bool    `json:"tls,omitempty"`    // over TLS
	Pieces        []int   `json:"pieces,omitempty"` // of a request
	AnswerPieces  []int   `json:"answer_pieces,omitempty"`
	StallCost     float64 `json:"stall_cost_s,omitempty"` // what those rounds took above two round trips and the server's own time
	Stalls        int     `json:"stalls"`                 // rounds, without the warm-up, that waited for a delayed ACK by the client's clock
}

// Round is a request in one or several writes and its answer.
type Round struct {
	Warmup bool       `json:"warmup,omitempty"`
	Writes []Write    `json:"writes"`
	Answer *time.Time `json:"answer,omitempty"` // the client had read it whole
	Took   float64    `json:"took_s,omitempty"` // first write to answer
	Served float64    `json:"served_s"`         // how long the server thought, by its own clock
}

// Write is one write call.
type Write struct {
	Time  time.Time `json:"time"`
	Bytes int       `json:"bytes"`
}

// WriteFile writes the truth as indented JSON.
func (t *Truth) WriteFile(path string) error {
	b, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return fmt.Errorf("truth: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("truth: %w", err)
	}
	return nil
}
