package truth

import "time"

// GRPC is a call as the client's library told it.
type GRPC struct {
	Connection string    `json:"connection"`
	Stream     *int64    `json:"stream,omitempty"`
	Protocol   string    `json:"protocol"` // grpc, grpc-web, connect
	Method     string    `json:"method"`   // "/package.Service/Method"
	Kind       string    `json:"kind"`     // unary, client-streaming, server-streaming, bidi
	Status     string    `json:"status"`   // OK, NOT_FOUND, ...
	Message    string    `json:"message,omitempty"`
	Details    []string  `json:"details,omitempty"` // types of the error's details
	Sent       int       `json:"sent"`              // messages to the server
	Received   int       `json:"received"`          // messages to the client
	Deadline   float64   `json:"deadline_s,omitempty"`
	Cancelled  bool      `json:"cancelled,omitempty"` // by the client
	Encoding   string    `json:"encoding,omitempty"`  // of the messages sent
	Start      time.Time `json:"start"`
	Done       time.Time `json:"done"`
}
