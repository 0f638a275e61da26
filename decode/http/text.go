package http

import (
	"bytes"
	"encoding/json"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// MaxText bounds a text that Text looks at.
const MaxText = 64 << 10

// Text tells what a whole text, a message or an event, is written in: it
// appends a fact "content" where that is JSON, JSON-RPC or SDP. method is what a
// JSON-RPC message calls, "" for none. A longer text than MaxText is not looked
// at.
func Text(b []byte, facts []flow.Fact) (method string, _ []flow.Fact) {
	if len(b) > MaxText {
		return "", facts
	}
	b = bytes.TrimSpace(b)
	switch {
	case len(b) == 0:
		return "", facts
	case bytes.HasPrefix(b, []byte("v=0\r\n")), bytes.HasPrefix(b, []byte("v=0\n")): // RFC 8866 section 5.1
		return "", append(facts, flow.Fact{Key: "content", Value: "sdp"})
	case b[0] != '{' && b[0] != '[', !json.Valid(b):
		return "", facts
	case bytes.Contains(b, []byte(`"jsonrpc"`)):
		var call struct{ JSONRPC, Method string }
		if err := json.Unmarshal(b, &call); err == nil && call.JSONRPC == "2.0" {
			return layer.Clip([]byte(call.Method), MaxMethod), append(facts, flow.Fact{Key: "content", Value: "json-rpc"})
		}
	}
	facts = append(facts, flow.Fact{Key: "content", Value: "json"})
	if bytes.Contains(b, []byte(`"v=0\r\n`)) { // a session description as a value, as WebRTC's signalling sends it
		facts = append(facts, flow.Fact{Key: "sdp", Value: "present"})
	}
	return "", facts
}
