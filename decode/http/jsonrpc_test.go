package http

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/flow"
)

func TestJSONRPCIsNamed(t *testing.T) {
	for body, want := range map[string]string{
		`{"jsonrpc":"2.0","method":"add","params":[1,2],"id":1}`:                                     "json-rpc add",
		`{"id":1,"params":{"method":"no"},"method":"a\u001bb","jsonrpc":"2.0"}`:                      `json-rpc a\x1bb`,
		` [ {"jsonrpc": "2.0", "method": "first"}, {"jsonrpc": "2.0", "method": "second"} ]`:         "json-rpc first",
		`{"jsonrpc":"2.0","method":"long","params":"` + strings.Repeat("x", 2*maxJSON) + `","id":1}`: "json-rpc long",
		`{"jsonrpc":"2.0","result":3,"id":1}`:                                                        "json-rpc ",
		`{"jsonrpc":"1.0","method":"add"}`:                                                           " ",
		`{"text":"\"jsonrpc\""}`:                                                                     " ",
		`["jsonrpc"]`:                                                                                " ",
		`{"jsonrpc"`:                                                                                 " ",
		``:                                                                                           " ",
	} {
		j := JSONRPCOf([]flow.Fact{{Key: "content-type", Value: "application/json; charset=utf-8"}})
		for i := range len(body) {
			j.Feed([]byte(body[i : i+1]))
		}
		facts := j.Facts(nil)
		if got := Fact(facts, "rpc") + " " + Fact(facts, "rpc-method"); got != want {
			t.Errorf("%.60s: %q, want %q", body, got, want)
		}
		if len(j.begin) > maxJSON {
			t.Errorf("%d bytes are kept", len(j.begin))
		}
	}
	var none *JSONRPC
	none.Feed([]byte("{}"))
	if JSONRPCOf(nil) != nil || none.Facts(nil) != nil {
		t.Error("what is no JSON is looked at")
	}
}
