package role

import (
	"testing"

	"github.com/wiresight/wiresight/lab/truth"
)

// What Go's HTTP/2 logs with GODEBUG=http2debug=2.
const framerLog = `http2: Framer 0xc0001: wrote SETTINGS len=12, settings: ENABLE_PUSH=0, INITIAL_WINDOW_SIZE=4194304
http2: Transport encoding header ":authority" = "api.lab.example"
http2: Transport encoding header ":path" = "/one"
http2: Framer 0xc0001: wrote HEADERS flags=END_STREAM|END_HEADERS stream=1 len=39
http2: Framer 0xc0001: read SETTINGS flags=ACK len=0
http2: Framer 0xc0001: read HEADERS flags=END_HEADERS stream=1 len=60
http2: Framer 0xc0001: read DATA flags=END_STREAM|PADDED stream=1 len=100 data="ErrCode=CANCEL stream=7"
http2: Framer 0xc0002: wrote SETTINGS len=6, settings: ENABLE_PUSH=0
http2: Transport encoding header ":path" = "/two"
http2: Framer 0xc0002: wrote HEADERS flags=END_HEADERS stream=1 len=22
http2: Framer 0xc0002: wrote HEADERS flags=END_STREAM|END_HEADERS stream=1 len=9
http2: Framer 0xc0002: wrote RST_STREAM stream=1 len=4 ErrCode=CANCEL
http2: Framer 0xc0002: read GOAWAY len=8 LastStreamID=1 ErrCode=NO_ERROR Debug=""
`

func TestTheFramerLogTellsConnectionsAndStreams(t *testing.T) {
	var l frameLog
	_, _ = l.Write([]byte(framerLog))
	r := HTTPReport{Requests: []truth.Request{
		{Target: "/two", Protocol: "http2", Connection: "b"}, {Target: "/one", Protocol: "http2", Connection: "a"},
	}}
	l.into(&r)
	if len(r.HTTP2) != 2 || r.HTTP2[0].Connection != "a" || r.HTTP2[1].Connection != "b" {
		t.Fatalf("connections %+v", r.HTTP2)
	}
	if one, two := r.Requests[1].Stream, r.Requests[0].Stream; one == nil || two == nil || *one != 1 || *two != 1 {
		t.Errorf("streams %v and %v", one, two)
	}
	first, second := r.HTTP2[0], r.HTTP2[1]
	if first.Frames.ToClient["DATA"] != 1 || first.Padded == nil || first.Padded.ToClient["DATA"] != 1 || len(first.Resets) != 0 {
		t.Errorf("the first connection: %+v", first)
	}
	if first.Settings.ToServer["INITIAL_WINDOW_SIZE"] != 4194304 {
		t.Errorf("settings %+v", first.Settings)
	}
	// Trailers of a request open no stream.
	if second.Frames.ToServer["HEADERS"] != 2 || len(second.Resets) != 1 || second.Resets[0].Code != "CANCEL" || second.Resets[0].From != "client" {
		t.Errorf("the second connection: %+v", second)
	}
	if len(second.GoAways) != 1 || second.GoAways[0].LastStream != 1 || second.GoAways[0].From != "server" {
		t.Errorf("GOAWAY: %+v", second.GoAways)
	}
}
