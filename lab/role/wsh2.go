package role

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/net/http2"

	"github.com/wiresight/wiresight/lab/truth"
)

// connectWebSocket answers the extended CONNECT of a WebSocket (RFC 8441) and
// echoes its messages.
func connectWebSocket(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(":protocol") != "websocket" {
		http.Error(w, "only websocket", http.StatusNotImplemented)
		return
	}
	control := http.NewResponseController(w)
	w.WriteHeader(http.StatusOK)
	_ = control.Flush()
	for {
		f, err := readFrame(r.Body)
		if err != nil {
			return
		}
		switch f.Header.OpCode {
		case ws.OpPing:
			f = ws.NewPongFrame(f.Payload)
		case ws.OpClose:
			_ = ws.WriteFrame(w, ws.NewCloseFrame(f.Payload))
			return
		default:
			f = ws.NewFrame(f.Header.OpCode, true, f.Payload)
		}
		if err := ws.WriteFrame(w, f); err != nil {
			return
		}
		_ = control.Flush()
	}
}

// talkWebSocketHTTP2 opens a WebSocket on a stream of an HTTP/2 connection that
// it has used for a plain request before.
func talkWebSocketHTTP2(settings []byte) error {
	var s HTTPClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	config, err := clientTLS(s.Host, s.CA, s.Keys)
	if err != nil {
		return err
	}
	frames := listenToFrames()
	//lint:ignore SA1019 net/http's own transport takes no pseudo-header for an extended CONNECT
	transport := &http2.Transport{TLSClientConfig: config, DisableCompression: true}
	client := &http.Client{Transport: transport}
	r := WebSocketReport{HTTPReport: fetchAll(client, s)}
	if err := r.overHTTP2(client, s); err != nil {
		return err
	}
	client.CloseIdleConnections()
	frames.into(&r.HTTPReport)
	r.WebSocket.Connection, r.WebSocket.Stream = r.Requests[1].Connection, r.Requests[1].Stream
	return report(r)
}

func (r *WebSocketReport) overHTTP2(client *http.Client, s HTTPClient) error {
	const target = "/chat"
	toServer, body := io.Pipe()
	request, err := http.NewRequest(http.MethodConnect, s.Base+target, toServer)
	if err != nil {
		return err
	}
	request.Host = s.Host
	request.Header[":protocol"] = []string{"websocket"}
	request.Header.Set("Sec-WebSocket-Version", "13")
	t := truth.Request{Protocol: "http2", Method: request.Method, Target: target, Host: s.Host, Start: pointer()}
	request = request.WithContext(httptrace.WithClientTrace(request.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		t.Connection, t.Reused = i.Conn.LocalAddr().String(), i.Reused
	}}))
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	t.Status = response.StatusCode
	r.Requests = append(r.Requests, t)
	if t.Status != http.StatusOK {
		return fmt.Errorf("the server answered %s", response.Status)
	}
	w := &r.WebSocket
	w.Target, w.Frames = target, truth.NewCounts()
	for _, f := range []ws.Frame{
		ws.NewTextFrame([]byte("hello over HTTP/2")), ws.NewPingFrame([]byte("?")),
		ws.NewBinaryFrame([]byte(strings.Repeat("\x00\x01\x02", 100))), ws.NewTextFrame([]byte("bye")),
		ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusNormalClosure, "done")),
	} {
		noteFrameOf(w, true, f)
		if err := ws.WriteFrame(body, ws.MaskFrame(f)); err != nil {
			return err
		}
		answer, err := readFrame(response.Body)
		if err != nil {
			return err
		}
		noteFrameOf(w, false, answer)
	}
	return body.Close()
}

// noteFrameOf counts a frame, which is a message of its own if it is one.
func noteFrameOf(w *truth.WebSocket, toServer bool, f ws.Frame) {
	name := opcodes[f.Header.OpCode]
	from := map[bool]string{true: "client", false: "server"}[toServer]
	w.Frames.Add(toServer, name)
	switch f.Header.OpCode {
	case ws.OpText, ws.OpBinary:
		m := truth.WebSocketMessage{From: from, Type: name, Bytes: len(f.Payload), Frames: 1, Time: time.Now().UTC()}
		if name == "text" {
			m.Text = string(f.Payload)
		}
		w.Messages = append(w.Messages, m)
	case ws.OpClose:
		code, reason := ws.ParseCloseFrameData(f.Payload)
		w.Close = append(w.Close, truth.WebSocketClose{From: from, Code: int(code), Reason: reason})
	}
}
