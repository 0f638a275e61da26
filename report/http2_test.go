package report

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func TestAnHTTP2ConnectionInWords(t *testing.T) {
	h := &flow.HTTP2{
		Resets: flow.Counts{1, 1}, HeadersHidden: 1, BlockedTotal: 2,
		Blocked: []flow.FlowBlock{{From: layer.PacketRef{Number: 1}, To: layer.PacketRef{Number: 2, Nanos: 3e6}}, {To: layer.PacketRef{Number: 2, Nanos: 1e6}}},
		GoAways: []flow.GoAway{{Code: "NO_ERROR"}, {Dir: layer.ToClient, Code: "ENHANCE_YOUR_CALM"}},
	}
	const want = "held up by HTTP/2 flow control 2 times for 4ms in all, 2 streams reset, GOAWAY of the server with ENHANCE_YOUR_CALM, " +
		"1 header field not known, as the capture begins late or has gaps"
	if got := strings.Join(http2Facts(h), ", "); got != want {
		t.Errorf("%s", got)
	}
	if http2Facts(nil) != nil {
		t.Error("a connection without HTTP/2 is told")
	}
}
