package truth

import "time"

// WebSocket is a connection of RFC 6455 as the client's library told it; its
// frames are counted by another library in the bytes that the client's passed
// to its connection and took from it.
type WebSocket struct {
	Connection  string             `json:"connection"`
	Stream      *int64             `json:"stream,omitempty"` // over HTTP/2 and 3
	Target      string             `json:"target"`
	Subprotocol string             `json:"subprotocol,omitempty"`
	Extensions  string             `json:"extensions,omitempty"` // as the server accepted them
	Frames      Counts             `json:"frames"`               // by opcode: text, binary, continuation, close, ping, pong
	Compressed  *Counts            `json:"compressed,omitempty"` // those of them with RSV1
	Messages    []WebSocketMessage `json:"messages"`             // text and binary, in the order in which the client had them
	Close       []WebSocketClose   `json:"close,omitempty"`
}

// WebSocketMessage is a message of the application.
type WebSocketMessage struct {
	From       string    `json:"from"` // client or server
	Type       string    `json:"type"` // text or binary
	Bytes      int       `json:"bytes"`
	Frames     int       `json:"frames"`
	Compressed bool      `json:"compressed,omitempty"`
	Text       string    `json:"text,omitempty"` // of short text messages
	Time       time.Time `json:"time"`           // sent, or received whole
}

// WebSocketClose is a Close frame with its status.
type WebSocketClose struct {
	From   string `json:"from"`
	Code   int    `json:"code"`
	Reason string `json:"reason,omitempty"`
}

// SSE is an event stream as its reader parsed it.
type SSE struct {
	Connection string  `json:"connection"`
	Stream     *int64  `json:"stream,omitempty"`
	Target     string  `json:"target"`
	Events     []Event `json:"events"`
}

// Event is one that an event stream dispatched.
type Event struct {
	Time  time.Time `json:"time"` // the blank line that ends it had been read
	ID    string    `json:"id,omitempty"`
	Event string    `json:"event"` // "message" where none was named
	Data  string    `json:"data"`
}
