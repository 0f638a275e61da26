package scenario

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

const (
	signalPort = 8080
	relayPort  = 3478
	sipPort    = 5060
)

func realtimeScenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	chat := []string{"hello", "how are you?", strings.Repeat("long ", 600)}
	return []Scenario{
		{
			Name: "webrtc-data", Description: "Two WebRTC peers find a direct way with ICE, agree on keys with DTLS, and echo three text messages, one larger than a packet, and a binary one on a data channel. The session descriptions travel in an HTTP request and its response.",
			Path:        path,
			Shows:       []string{"peer-to-peer"},
			DoesNotShow: []string{"paced-streaming", "keep-alive"},
			Run: func(e *Env) error {
				return runWebRTC(e, role.WebRTCPeer{Messages: chat, Binary: 2000}, false)
			},
			Check: all(pairOf("host", "host"), channelled(4)),
		},
		{
			Name: "webrtc-media", Description: "Two WebRTC peers send each other sound, forty packets of SRTP each way, 20 ms apart.",
			Path:        path,
			Shows:       []string{"peer-to-peer", "paced-streaming"},
			DoesNotShow: []string{"bulk-transfer"},
			Run: func(e *Env) error {
				return runWebRTC(e, role.WebRTCPeer{Messages: chat[:1], Media: 40}, false)
			},
			Check: all(pairOf("host", "host"), channelled(1)),
		},
		{
			Name: "webrtc-relay", Description: "The same data channel, but each peer reaches the other only through a TURN server on the server's host: allocations, permissions, channels.",
			Path:        path,
			Shows:       []string{"peer-to-peer"},
			DoesNotShow: []string{"keep-alive"},
			Run: func(e *Env) error {
				return runWebRTC(e, role.WebRTCPeer{Messages: chat[:2]}, true)
			},
			Check: all(pairOf("relay", "relay"), channelled(2)),
		},
		{
			Name: "sip-call", Description: "sipp calls sipp twice over UDP, one call after the other: INVITE, ringing, answer, ACK, and after 200 ms BYE.",
			Path: path, Programs: []string{"sipp"},
			DoesNotShow: []string{"publish-subscribe", "peer-to-peer"},
			Run:         func(e *Env) error { return runSIP(e, "un") },
		},
		{
			Name: "sip-tcp", Description: "The same two calls over one TCP connection.",
			Path: path, Programs: []string{"sipp"},
			Run: func(e *Env) error { return runSIP(e, "t1") },
		},
	}
}

func runWebRTC(e *Env, s role.WebRTCPeer, relayed bool) error {
	answer := s
	answer.Answer = e.Server.address(signalPort)
	s.Offer, s.Keys = "http://"+answer.Answer+"/session", e.Keys
	if relayed {
		s.TURN = e.Server.address(relayPort)
		answer.TURN = s.TURN
		if _, err := e.serve(e.Server, "relay-server", role.RelayServer{Address: s.TURN}); err != nil {
			return err
		}
	}
	if _, err := e.serve(e.Server, "rtc-server", answer); err != nil {
		return err
	}
	var r role.WebRTCReport
	if err := e.run(e.Client, "rtc-client", s, &r); err != nil {
		return err
	}
	e.Truth.WebRTC, e.Truth.Requests = &r.WebRTC, r.Requests
	return nil
}

// pairOf: the selected pair's candidates are of these types.
func pairOf(local, remote string) func(*Env) error {
	return func(e *Env) error {
		if w := e.Truth.WebRTC; w.Local.Type != local || w.Remote.Type != remote {
			return fmt.Errorf("the pair is %+v and %+v", w.Local, w.Remote)
		}
		return nil
	}
}

// channelled: so many messages went each way, and all media.
func channelled(n int) func(*Env) error {
	return func(e *Env) error {
		if w := e.Truth.WebRTC; w.MessagesSent != n || w.MessagesReceived != n || w.MediaSent != w.MediaReceived {
			return fmt.Errorf("sent and received: %+v", w)
		}
		return nil
	}
}

// runSIP lets sipp's built-in caller call its built-in callee, and counts the
// messages in the caller's own log.
func runSIP(e *Env, transport string) error {
	const calls = 2
	e.software("sipp", "sipp", "-v")
	address := e.Server.address(sipPort)
	if _, err := e.start(e.Server, "sipp", "-sn", "uas", "-i", e.Server.IP, "-p", strconv.Itoa(sipPort), "-t", transport, "-max_socket", "1000", "-nostdin"); err != nil {
		return err
	}
	time.Sleep(500 * time.Millisecond) // it says nowhere that it listens
	log := filepath.Join(e.Temp, "messages")
	caller := exec.Command("sipp", "-sn", "uac", address, "-i", e.Client.IP, "-p", strconv.Itoa(sipPort), "-t", transport,
		"-m", strconv.Itoa(calls), "-l", "1", "-d", "200", "-max_socket", "1000", "-nostdin", "-trace_msg", "-message_file", log)
	if _, err := e.finish(e.Client, caller); err != nil {
		return fmt.Errorf("sipp: %w", err)
	}
	b, err := os.ReadFile(log)
	if err != nil {
		return err
	}
	e.Truth.SIP = &truth.SIP{Calls: calls, Messages: sipMessages(string(b))}
	if n := e.Truth.SIP.Messages["INVITE"]; n != calls {
		return fmt.Errorf("%d INVITEs: %v", n, e.Truth.SIP.Messages)
	}
	return nil
}

var sipStart = regexp.MustCompile(`(?m)^(?:([A-Z]+) sip:\S* SIP/2\.0|SIP/2\.0 (\d{3}) )`)

// sipMessages counts the messages of sipp's log by method or status.
func sipMessages(log string) map[string]int {
	counts := map[string]int{}
	for _, m := range sipStart.FindAllStringSubmatch(log, -1) {
		counts[m[1]+m[2]]++
	}
	return counts
}
