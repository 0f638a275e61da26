package role

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/rtp"
	relay "github.com/pion/turn/v4"
	"github.com/pion/webrtc/v4"

	"github.com/wiresight/wiresight/lab/truth"
)

// WebRTCPeer is what a peer is told. One peer answers: it takes the offer in an
// HTTP request and gives the answer in the response (RFC 9725). The other
// offers, opens a data channel, sends, and reports.
type WebRTCPeer struct {
	Answer   string // address to take offers at; "" offers
	Offer    string // URL of the answering peer
	Keys     string // file for DTLS secrets
	TURN     string // address of a relay, which then is the only way
	Messages []string
	Binary   int // bytes of a binary message, 0 for none
	Media    int // packets of sound that each peer sends, 0 for none
}

// RelayServer is what a TURN server is told.
type RelayServer struct{ Address string }

// WebRTCReport is what the offering peer saw.
type WebRTCReport struct {
	HTTPReport
	WebRTC truth.WebRTC
}

const (
	turnUser     = "lab"
	turnPassword = "lab-secret"
	turnRealm    = "lab.example"
	mediaType    = "application/sdp"
	packetEvery  = 20 * time.Millisecond
)

// rtcPeer is one end of a session.
type rtcPeer struct {
	*webrtc.PeerConnection
	settings WebRTCPeer
	track    *webrtc.TrackLocalStaticRTP

	mu   sync.Mutex
	seen truth.WebRTC
	came chan struct{} // something was received
}

func newPeer(s WebRTCPeer) (*rtcPeer, error) {
	var engine webrtc.SettingEngine
	engine.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	if s.Keys != "" {
		f, err := os.OpenFile(s.Keys, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		engine.SetDTLSKeyLogWriter(f)
	}
	config := webrtc.Configuration{}
	if s.TURN != "" {
		config.ICEServers = []webrtc.ICEServer{{URLs: []string{"turn:" + s.TURN + "?transport=udp"}, Username: turnUser, Credential: turnPassword}}
		config.ICETransportPolicy = webrtc.ICETransportPolicyRelay
	}
	connection, err := webrtc.NewAPI(webrtc.WithSettingEngine(engine)).NewPeerConnection(config)
	if err != nil {
		return nil, err
	}
	p := &rtcPeer{PeerConnection: connection, settings: s, came: make(chan struct{}, 1024)}
	if s.Media > 0 {
		p.track, err = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "sound", "lab")
		if err == nil {
			_, err = connection.AddTrack(p.track)
		}
		if err != nil {
			return nil, err
		}
	}
	connection.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := t.ReadRTP(); err != nil {
				return
			}
			p.note(func(w *truth.WebRTC) { w.MediaReceived++ })
		}
	})
	return p, nil
}

func (p *rtcPeer) note(f func(*truth.WebRTC)) {
	p.mu.Lock()
	f(&p.seen)
	p.mu.Unlock()
	select {
	case p.came <- struct{}{}:
	default:
	}
}

// play sends the packets of sound.
func (p *rtcPeer) play() error {
	for i := range p.settings.Media {
		packet := &rtp.Packet{Header: rtp.Header{
			Version: 2, SequenceNumber: uint16(1000 + i), Timestamp: uint32(i) * 960, Marker: i == 0,
		}, Payload: make([]byte, 80)}
		if err := p.track.WriteRTP(packet); err != nil {
			return err
		}
		time.Sleep(packetEvery)
	}
	return nil
}

// described waits until all candidates are in the local description.
func (p *rtcPeer) described(d webrtc.SessionDescription) (string, error) {
	gathered := webrtc.GatheringCompletePromise(p.PeerConnection)
	if err := p.SetLocalDescription(d); err != nil {
		return "", err
	}
	<-gathered
	return p.LocalDescription().SDP, nil
}

// serveWebRTC answers offers and echoes what comes on data channels.
func serveWebRTC(settings []byte) error {
	var s WebRTCPeer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.Answer)
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		offer, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		var answer string
		if err == nil {
			answer, err = answerOffer(s, string(offer))
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", mediaType)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, answer)
	})
	go func() { _ = http.Serve(l, handler) }()
	ready()
	untilInputEnds()
	return nil
}

func answerOffer(s WebRTCPeer, offer string) (string, error) {
	p, err := newPeer(s)
	if err != nil {
		return "", err
	}
	p.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnMessage(func(m webrtc.DataChannelMessage) {
			if m.IsString {
				_ = d.SendText(string(m.Data))
			} else {
				_ = d.Send(m.Data)
			}
		})
	})
	p.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected && s.Media > 0 {
			go func() { _ = p.play() }()
		}
	})
	if err := p.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", err
	}
	answer, err := p.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	return p.described(answer)
}

// talkWebRTC offers a session, sends on a data channel and gets all of it back.
func talkWebRTC(settings []byte) error {
	var s WebRTCPeer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	p, err := newPeer(s)
	if err != nil {
		return err
	}
	open, connected := make(chan struct{}), make(chan struct{}, 8)
	p.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			connected <- struct{}{}
		}
	})
	channel, err := p.CreateDataChannel("chat", nil)
	if err != nil {
		return err
	}
	channel.OnOpen(func() { close(open) })
	channel.OnMessage(func(m webrtc.DataChannelMessage) {
		p.note(func(w *truth.WebRTC) { w.MessagesReceived++ })
	})
	request, err := p.signal()
	if err != nil {
		return err
	}
	for _, c := range []<-chan struct{}{connected, open} {
		select {
		case <-c:
		case <-time.After(20 * time.Second):
			return errors.New("no way was found, or the data channel did not open")
		}
	}
	if err := p.send(channel); err != nil {
		return err
	}
	if err := p.conclude(); err != nil {
		return err
	}
	return report(WebRTCReport{HTTPReport{Requests: []truth.Request{request}}, p.seen})
}

// signal swaps descriptions with the answering peer.
func (p *rtcPeer) signal() (request truth.Request, err error) {
	offer, err := p.CreateOffer(nil)
	if err != nil {
		return request, err
	}
	text, err := p.described(offer)
	if err != nil {
		return request, err
	}
	q, err := http.NewRequest("POST", p.settings.Offer, strings.NewReader(text))
	if err != nil {
		return request, err
	}
	q.Header.Set("Content-Type", mediaType)
	q = q.WithContext(httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) { request.Connection = i.Conn.LocalAddr().String() },
	}))
	r, err := http.DefaultClient.Do(q)
	if err != nil {
		return request, err
	}
	defer r.Body.Close()
	answer, err := io.ReadAll(r.Body)
	if err == nil && r.StatusCode != http.StatusCreated {
		err = fmt.Errorf("%s: %s", r.Status, answer)
	}
	if err != nil {
		return request, err
	}
	request.Protocol, request.Method, request.Target, request.Host = "http1", "POST", q.URL.Path, q.URL.Host
	request.Status, request.RequestBody, request.Body = r.StatusCode, int64(len(text)), int64(len(answer))
	return request, p.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: string(answer)})
}

// send sends messages and sound, and waits until all that is to come back did.
func (p *rtcPeer) send(channel *webrtc.DataChannel) error {
	expected := 0
	for _, m := range p.settings.Messages {
		if err := channel.SendText(m); err != nil {
			return err
		}
		expected++
	}
	if p.settings.Binary > 0 {
		if err := channel.Send(make([]byte, p.settings.Binary)); err != nil {
			return err
		}
		expected++
	}
	if p.settings.Media > 0 {
		if err := p.play(); err != nil {
			return err
		}
	}
	p.note(func(w *truth.WebRTC) {
		w.Label, w.MessagesSent, w.MediaSent = channel.Label(), expected, p.settings.Media
	})
	deadline := time.After(20 * time.Second)
	for {
		p.mu.Lock()
		done := p.seen.MessagesReceived >= expected && p.seen.MediaReceived >= p.settings.Media
		p.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-p.came:
		case <-deadline:
			return fmt.Errorf("not all came back: %+v", p.seen)
		}
	}
}

// conclude notes the pair of candidates that carried it all, and leaves.
func (p *rtcPeer) conclude() error {
	pair, err := p.SCTP().Transport().ICETransport().GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return fmt.Errorf("no candidate pair was selected: %w", err)
	}
	p.note(func(w *truth.WebRTC) {
		w.Local, w.Remote = candidate(pair.Local), candidate(pair.Remote)
		w.Connection = fmt.Sprintf("%s:%d", pair.Local.Address, pair.Local.Port)
	})
	return p.Close()
}

func candidate(c *webrtc.ICECandidate) truth.Candidate {
	return truth.Candidate{Type: c.Typ.String(), Address: fmt.Sprintf("%s:%d", c.Address, c.Port)}
}

// serveRelay is a TURN server.
func serveRelay(settings []byte) error {
	var s RelayServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	conn, err := net.ListenPacket("udp4", s.Address)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	server, err := relay.NewServer(relay.ServerConfig{
		Realm: turnRealm,
		AuthHandler: func(user, realm string, _ net.Addr) ([]byte, bool) {
			return relay.GenerateAuthKey(user, realm, turnPassword), user == turnUser
		},
		PacketConnConfigs: []relay.PacketConnConfig{{
			PacketConn:            conn,
			RelayAddressGenerator: &relay.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP(host), Address: host},
		}},
	})
	if err != nil {
		return err
	}
	ready()
	untilInputEnds()
	return server.Close()
}
