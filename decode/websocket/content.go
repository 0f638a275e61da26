package websocket

import (
	"bytes"
	"encoding/json"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// maxMethod bounds the name of a JSON-RPC method.
const maxMethod = 128

// recognise tells what a whole text message is written in, as facts, and the
// name of what it asks for, if any.
func recognise(b []byte, facts []flow.Fact) (name string, _ []flow.Fact) {
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
			return layer.Clip([]byte(call.Method), maxMethod), append(facts, flow.Fact{Key: "content", Value: "json-rpc"})
		}
	}
	facts = append(facts, flow.Fact{Key: "content", Value: "json"})
	if bytes.Contains(b, []byte(`"v=0\r\n`)) { // a session description as a value, as WebRTC's signalling sends it
		facts = append(facts, flow.Fact{Key: "sdp", Value: "present"})
	}
	return "", facts
}
