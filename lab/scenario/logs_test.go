package scenario

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/lab/truth"
)

const nghttpLog = `[  0.001] send SETTINGS frame <length=12, flags=0x00, stream_id=0>
          (niv=2)
          [SETTINGS_MAX_CONCURRENT_STREAMS(0x03):100]
[  0.001] send PRIORITY frame <length=5, flags=0x00, stream_id=3>
          (dep_stream_id=0, weight=201, exclusive=0)
[  0.001] send HEADERS frame <length=47, flags=0x2d, stream_id=13>
          ; END_STREAM | END_HEADERS | PADDED | PRIORITY
          (padlen=8, dep_stream_id=3, weight=16, exclusive=0)
          ; Open new stream
          :method: GET
          :path: /
          :authority: 10.7.0.2:8080
[  0.002] recv (stream_id=13) :method: GET
[  0.002] recv (stream_id=13) :path: /style.css
[  0.002] recv PUSH_PROMISE frame <length=44, flags=0x0c, stream_id=13>
          ; END_HEADERS | PADDED
          (padlen=16, promised_stream_id=2)
[  0.002] recv (stream_id=13) :status: 200
[  0.002] recv HEADERS frame <length=118, flags=0x0c, stream_id=13>
          ; END_HEADERS | PADDED
          (padlen=16)
[  0.003] recv DATA frame <length=22, flags=0x08, stream_id=13>
          ; PADDED
          (padlen=16)
[  0.003] recv (stream_id=13) x-checksum: 5cc03f
[  0.004] send RST_STREAM frame <length=4, flags=0x00, stream_id=2>
          (error_code=CANCEL(0x08))
[  0.004] send GOAWAY frame <length=8, flags=0x00, stream_id=0>
          (last_stream_id=2, error_code=NO_ERROR(0x00), opaque_data(0)=[])
`

func TestNghttpsLogTellsFramesAndRequests(t *testing.T) {
	r := nghttpReader{frames: truth.HTTP2{Frames: truth.NewCounts()}, streams: map[int64]*truth.Request{}}
	for line := range strings.Lines(nghttpLog) {
		r.line(strings.TrimRight(line, "\n"))
	}
	page, push := r.streams[13], r.streams[2]
	if page == nil || page.Target != "/" || page.Status != 200 || page.Body != 6 || page.Trailers["x-checksum"] != "5cc03f" {
		t.Errorf("the page: %+v", page)
	}
	if push == nil || !push.Pushed || push.Target != "/style.css" || push.Status != 0 {
		t.Errorf("the push: %+v", push)
	}
	f := r.frames
	if f.Frames.ToServer["GOAWAY"] != 1 || f.Frames.ToClient["PUSH_PROMISE"] != 1 || f.Padded.ToClient["DATA"] != 1 {
		t.Errorf("frames %+v", f)
	}
	if len(f.Priorities) != 2 || f.Priorities[1].DependsOn != 3 || f.Priorities[0].Weight != 201 {
		t.Errorf("priorities %+v", f.Priorities)
	}
	if len(f.Resets) != 1 || f.Resets[0].Stream != 2 || f.GoAways[0].LastStream != 2 || f.Settings.ToServer["MAX_CONCURRENT_STREAMS"] != 100 {
		t.Errorf("ends %+v", f)
	}
}

const opensslLog = `>>> TLS 1.0, RecordHeader [length 0005]
>>> TLS 1.2, Handshake [length 008f], ClientHello
<<< TLS 1.2, Handshake [length 0045], ServerHello
TLS server extension "encrypt-then-mac" (id=22), len=0
>>> TLS 1.2, Handshake [length 0010], Finished
<<< TLS 1.2, Handshake [length 0010], Finished
Server Temp Key: X25519, 253 bits
New, TLSv1.0, Cipher is ECDHE-ECDSA-AES128-SHA
    Protocol  : TLSv1.2
>>> TLS 1.2, Handshake [length 0010], Finished
<<< TLS 1.2, Handshake [length 0010], Finished
>>> TLS 1.2, Alert [length 0002], warning close_notify
`

func TestOpensslsLogTellsTheConnection(t *testing.T) {
	c := opensslTLS(opensslLog)
	if c.Version != "TLS 1.2" || c.CipherSuite != "ECDHE-ECDSA-AES128-SHA" || c.Group != "X25519" || c.Renegotiated != 1 {
		t.Errorf("%+v", c)
	}
	if c.EncryptThenMAC == nil || !*c.EncryptThenMAC || c.Resumed {
		t.Errorf("%+v", c)
	}
	if s, _ := c.Messages.Count("alert warning close_notify"); s != 1 || len(c.Messages.ToClient) != 3 {
		t.Errorf("messages %+v", c.Messages)
	}
}
