package sdp

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/layer"
)

const offer = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=call\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n" +
	"m=audio 49170 RTP/AVP 0 96\r\na=rtpmap:96 opus/48000/2\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secretsecret\r\n" +
	"m=video 0 RTP/AVP 31\r\nm=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host\r\na=ice-pwd:hidden\r\n"

func TestADescriptionNamesItsMedia(t *testing.T) {
	d, ok := Parse([]byte(offer))
	if !ok || len(d.Media) != 3 || d.Session != "call" || !d.ICE || d.DTLS {
		t.Fatalf("%v %+v", ok, d)
	}
	audio := d.Media[0]
	if audio.Port != 49170 || audio.Addr != netip.MustParseAddr("192.0.2.1") || len(audio.Formats) != 2 || audio.Codecs[0] != "opus/48000/2" {
		t.Errorf("audio is %+v", audio)
	}
	if s := d.Summary(); s != "session description: audio opus/48000/2, video rejected, application" {
		t.Errorf("summary %q", s)
	}
}

func TestMediaAreExpectedAndKeysAreNotShown(t *testing.T) {
	r := dissecttest.Game{Closed: true}.Play(Protocol(), dissecttest.Client(offer))
	if r.Expected[netip.MustParseAddrPort("192.0.2.1:49170")] != "rtp" || r.Expected[netip.MustParseAddrPort("192.0.2.1:49171")] != "rtcp" || len(r.Expected) != 2 {
		t.Errorf("expected %v", r.Expected)
	}
	if len(r.Layers) != 1 {
		t.Fatalf("%d layers", len(r.Layers))
	}
	for _, f := range r.Layers[0].Fields {
		if strings.Contains(f.Value, "secretsecret") || strings.Contains(f.Value, "hidden") {
			t.Errorf("%s shows a key: %s", f.Name, f.Value)
		}
	}
}

func FuzzDescription(f *testing.F) {
	f.Add([]byte(offer))
	f.Add([]byte("v=0\nm=\nc=\na=rtcp:x\nm=audio 1/2\na=rtcp:1 IN IP4 1.2.3.4"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &dissecttest.Recorder{}
		d := Protocol().New(dissect.Context{})
		d.Feed(r, dissect.Chunk{Data: b, At: layer.PacketRef{Number: 1}})
		d.Finish(r, true)
		for _, l := range r.Layers {
			for _, field := range l.Fields {
				if field.Offset+field.Length > len(b) {
					t.Fatalf("%s lies outside", field.Name)
				}
			}
		}
	})
}
