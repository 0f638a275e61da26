package http

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// JSONRPC looks whether a request's body is a call of JSON-RPC 2.0, by its
// first bytes. A nil one looks at nothing.
type JSONRPC struct{ begin []byte }

// maxJSON bounds the bytes that are looked at.
const maxJSON = 512

// JSONRPCOf returns what looks at the body of a request with these facts; nil
// where it is not JSON.
func JSONRPCOf(facts []flow.Fact) *JSONRPC {
	switch t := mediaType(Fact(facts, "content-type")); t {
	case "application/json", "application/json-rpc", "application/jsonrequest":
		return new(JSONRPC)
	}
	return nil
}

// Feed takes bytes of the body.
func (j *JSONRPC) Feed(b []byte) {
	if j != nil && len(j.begin) < maxJSON {
		j.begin = append(j.begin, b[:min(len(b), maxJSON-len(j.begin))]...)
	}
}

// Facts adds the method that is called: "rpc" is "json-rpc" then, and
// "rpc-method" the method, the first one of a batch.
func (j *JSONRPC) Facts(facts []flow.Fact) []flow.Fact {
	if j == nil || !bytes.Contains(j.begin, []byte(`"jsonrpc"`)) {
		return facts
	}
	version, method := members(j.begin)
	if version != "2.0" {
		return facts
	}
	facts = append(facts, flow.Fact{Key: "rpc", Value: "json-rpc"})
	if method != "" {
		facts = append(facts, flow.Fact{Key: "rpc-method", Value: layer.Clip([]byte(method), MaxMethod)})
	}
	return facts
}

// members returns the members "jsonrpc" and "method" of an object, or of the
// first one in an array, as far as they stand in b.
func members(b []byte) (version, method string) {
	text := bytes.TrimLeft(b, " \t\r\n[")
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return "", ""
	}
	for version == "" || method == "" {
		key, err := d.Token()
		if err != nil || key == json.Delim('}') {
			break
		}
		var value json.RawMessage
		if d.Decode(&value) != nil {
			break
		}
		switch key {
		case "jsonrpc":
			version = strings.Trim(string(value), `"`)
		case "method":
			if json.Unmarshal(value, &method) != nil {
				return "", ""
			}
		}
	}
	return version, method
}
