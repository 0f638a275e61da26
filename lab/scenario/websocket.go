package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/role"
)

func webSocketScenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	words := strings.Repeat("the quick brown fox jumps over the lazy dog ", 6)
	talk := []role.WebSocketMessage{{Text: "hello"}, {Text: words}, {Binary: 300}, {Text: "ping comes before this", Ping: true}, {Text: words}}
	return []Scenario{
		{
			Name: "websocket", Description: "A WebSocket client sends text and binary messages of all three lengths' encodings to an echo server, and a ping; it closes with 1000.",
			Path: path, DoesNotShow: []string{"server-sent-events", "push", "bidirectional-messaging", "peer-to-peer", "keep-alive"},
			Run: func(e *Env) error {
				return runWebSocket(e, role.WebSocketServer{}, role.WebSocketClient{
					Messages: append(talk, role.WebSocketMessage{Text: strings.Repeat("x", 66000), Silent: true}), Reason: "bye",
				})
			},
			Check: all(statuses(101), webSocket(6, 5), opcode("ping", 1, 0), opcode("pong", 0, 1), opcode("close", 1, 1)),
		},
		{
			Name: "websocket-fragments", Description: "A WebSocket client sends messages in fragments, with a ping between the fragments of one.",
			Path: path, DoesNotShow: []string{"push", "bidirectional-messaging"},
			Run: func(e *Env) error {
				return runWebSocket(e, role.WebSocketServer{}, role.WebSocketClient{
					Messages: []role.WebSocketMessage{{Text: words, Fragments: 4, Ping: true}, {Binary: 3000, Fragments: 3}, {Text: "whole"}},
				})
			},
			Check: all(statuses(101), webSocket(3, 3), opcode("continuation", 7, 0), opcode("ping", 1, 0)),
		},
		{
			Name: "websocket-deflate", Description: "WebSocket messages are compressed with permessage-deflate; the context is taken over from message to message.",
			Path: path, DoesNotShow: []string{"bidirectional-messaging"},
			Run: func(e *Env) error {
				return runWebSocket(e, role.WebSocketServer{Compression: "takeover"}, role.WebSocketClient{Compression: "takeover", Messages: talk})
			},
			Check: all(statuses(101), webSocket(5, 5), compressed, extension("no_context_takeover", false)),
		},
		{
			Name: "websocket-deflate-no-takeover", Description: "WebSocket messages are compressed with permessage-deflate, each on its own, one of them in fragments.",
			Path: path, Run: func(e *Env) error {
				return runWebSocket(e, role.WebSocketServer{Compression: "no-takeover"}, role.WebSocketClient{Compression: "no-takeover",
					Messages: append([]role.WebSocketMessage{{Text: strings.Repeat(words, 8), Fragments: 3, Ping: true}}, talk...)})
			},
			Check: all(statuses(101), webSocket(6, 6), compressed, extension("no_context_takeover", true)),
		},
		{
			Name: "websocket-push", Description: "A WebSocket server pushes eight messages, one every 50 ms, and closes with a code of its own (4001).",
			Path: path, Shows: []string{"push"},
			DoesNotShow: []string{"server-sent-events", "chunked-streaming", "bidirectional-messaging", "publish-subscribe", "synchronous"},
			Run: func(e *Env) error {
				return runWebSocket(e, role.WebSocketServer{Ticks: 8, Every: 50 * time.Millisecond}, role.WebSocketClient{Listen: true})
			},
			Check: all(statuses(101), webSocket(0, 8), opcode("close", 1, 1), closed("server", 4001)),
		},
		{
			Name: "websocket-chat", Description: "A client says seven things over a WebSocket at its own pace, and the server ten at another; nobody answers anybody.",
			Path: path, Shows: []string{"bidirectional-messaging", "push"}, DoesNotShow: []string{"keep-alive", "request-response", "polling"},
			Run:   func(e *Env) error { return runWebSocketTalk(e, "") },
			Check: all(statuses(101), webSocket(7, 10), closed("server", 4001)),
		},
		{
			Name: "websocket-chat-tls", Description: "The same over TLS.",
			Path: path, Shows: []string{"bidirectional-messaging", "push"}, DoesNotShow: []string{"keep-alive", "request-response", "polling", "long-polling"},
			Run:   func(e *Env) error { return runWebSocketTalk(e, "lab") },
			Check: all(statuses(101), webSocket(7, 10), closed("server", 4001)),
		},
		{
			Name: "websocket-heartbeat", Description: "Nothing but a ping every 300 ms goes over a WebSocket, and one message before its end.",
			Path: path, Shows: []string{"keep-alive"}, DoesNotShow: []string{"bidirectional-messaging", "push", "polling"},
			Run: func(e *Env) error {
				return runWebSocket(e, role.WebSocketServer{Ticks: 1, Every: 1900 * time.Millisecond, Hears: true},
					role.WebSocketClient{Listen: true, Pause: 300 * time.Millisecond, Messages: make([]role.WebSocketMessage, 5)})
			},
			Check: all(statuses(101), webSocket(0, 1), opcode("ping", 5, 0), opcode("pong", 0, 5)),
		},
		{
			Name: "websocket-tls", Description: "WebSocket over TLS with a subprotocol and compression; the client closes with 4000.",
			Path: path, Run: func(e *Env) error {
				return runWebSocket(e, role.WebSocketServer{Compression: "takeover", Subprotocols: []string{"v2.chat.lab", "v1.chat.lab"}},
					role.WebSocketClient{CA: "lab", Compression: "takeover", Subprotocols: []string{"v1.chat.lab"}, Messages: talk, Code: 4000, Reason: "moved on"})
			},
			Check: all(statuses(101), versions("TLS 1.3"), webSocket(5, 5), closed("client", 4000), compressed),
		},
		{
			Name: "websocket-http2", Description: "A WebSocket on a stream of an HTTP/2 connection with TLS (extended CONNECT, RFC 8441), after a plain request over it.",
			Path: path, Run: runWebSocketHTTP2,
			Check: all(statuses(200, 200), connections(1), protocol("http2"), streams(1, 3), webSocket(3, 3), opcode("pong", 0, 1), opcode("close", 1, 1)),
		},
	}
}

// runWebSocketTalk lets both sides speak when they like.
func runWebSocketTalk(e *Env, ca string) error {
	var list []role.WebSocketMessage
	for i := range 7 {
		list = append(list, role.WebSocketMessage{Text: fmt.Sprintf("what I wanted to say, part %d", i)})
	}
	return runWebSocket(e, role.WebSocketServer{Ticks: 10, Every: 45 * time.Millisecond, Hears: true},
		role.WebSocketClient{CA: ca, Listen: true, Pause: 55 * time.Millisecond, Messages: list})
}

func runWebSocketHTTP2(e *Env) error {
	c, err := e.certificate()
	if err != nil {
		return err
	}
	address := e.Server.address(tlsPort)
	if _, err := e.serve(e.Server, "http-server", role.HTTPServer{
		Addresses: []string{address}, Protocols: []string{"http2"}, Certificate: c.Certificate, Key: c.Key,
	}); err != nil {
		return err
	}
	var r role.WebSocketReport
	if err := e.run(e.Client, "ws-http2-client", role.HTTPClient{
		Base: "https://" + address, Host: serverName, Protocol: "http2", CA: c.CA, Keys: e.Keys, Fetches: gets("/"),
	}, &r); err != nil {
		return err
	}
	e.Truth.Requests, e.Truth.TLS, e.Truth.HTTP2 = r.Requests, r.TLS, r.HTTP2
	e.Truth.WebSocket = append(e.Truth.WebSocket, r.WebSocket)
	return nil
}

// runWebSocket lets the client talk to the server, over TLS where it is told of
// a CA.
func runWebSocket(e *Env, server role.WebSocketServer, client role.WebSocketClient) error {
	client.URL, server.Address = "ws://"+serverName+"/chat", e.Server.address(serverPort)
	if client.CA != "" {
		c, err := e.certificate()
		if err != nil {
			return err
		}
		server.Certificate, server.Key, client.CA, client.Keys = c.Certificate, c.Key, c.CA, e.Keys
		client.URL, server.Address = "wss://"+serverName+"/chat", e.Server.address(tlsPort)
	}
	client.Address = server.Address
	if _, err := e.serve(e.Server, "ws-server", server); err != nil {
		return err
	}
	var r role.WebSocketReport
	if err := e.run(e.Client, "ws-client", client, &r); err != nil {
		return err
	}
	e.Truth.Requests, e.Truth.TLS = r.Requests, r.TLS
	e.Truth.WebSocket = append(e.Truth.WebSocket, r.WebSocket)
	return nil
}

// webSocket: so many messages went each way, and each is in at least one frame.
func webSocket(toServer, toClient int) func(*Env) error {
	return func(e *Env) error {
		sent := map[string]int{}
		for _, m := range e.Truth.WebSocket[0].Messages {
			sent[m.From]++
			if m.Frames == 0 {
				return fmt.Errorf("a message without a frame: %+v", m)
			}
		}
		if sent["client"] != toServer || sent["server"] != toClient {
			return fmt.Errorf("messages %v, not %d and %d", sent, toServer, toClient)
		}
		return nil
	}
}

func opcode(name string, toServer, toClient int) func(*Env) error {
	return func(e *Env) error {
		f := e.Truth.WebSocket[0].Frames
		if f.ToServer[name] != toServer || f.ToClient[name] != toClient {
			return fmt.Errorf("%d and %d %s frames, not %d and %d", f.ToServer[name], f.ToClient[name], name, toServer, toClient)
		}
		return nil
	}
}

func compressed(e *Env) error {
	c := e.Truth.WebSocket[0].Compressed
	if c == nil || c.ToServer["text"] == 0 || c.ToClient["text"] == 0 {
		return fmt.Errorf("not compressed both ways: %+v", c)
	}
	return nil
}

func extension(parameter string, want bool) func(*Env) error {
	return func(e *Env) error {
		if got := e.Truth.WebSocket[0].Extensions; strings.Contains(got, parameter) != want {
			return fmt.Errorf("extensions %q", got)
		}
		return nil
	}
}

// closed: the side that closed first did so with this code.
func closed(from string, code int) func(*Env) error {
	return func(e *Env) error {
		for _, c := range e.Truth.WebSocket[0].Close {
			if c.From == from && c.Code == code {
				return nil
			}
		}
		return fmt.Errorf("close frames %+v", e.Truth.WebSocket[0].Close)
	}
}
