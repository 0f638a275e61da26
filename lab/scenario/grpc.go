package scenario

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/wiresight/wiresight/lab/role"
)

func grpcScenarios() []Scenario {
	path := Path{OneWay: 10 * time.Millisecond}
	four := []role.GRPCCall{
		{Kind: "unary", Size: 100},
		{Kind: "client-streaming", Messages: 5, Size: 60, Every: 5 * time.Millisecond},
		{Kind: "server-streaming", Messages: 6, Size: 50, Every: 5 * time.Millisecond},
		{Kind: "bidi", Messages: 4, Size: 40},
	}
	return []Scenario{
		{
			Name: "grpc-kinds", Description: "A grpc-go client makes calls of the four kinds without TLS: unary, client streaming, server streaming, bidirectional.",
			Path: path, Shows: []string{"unary", "server-streaming", "client-streaming", "bidirectional-streaming"},
			DoesNotShow: []string{"server-sent-events", "chunked-streaming", "push", "grpc-error", "bulk-transfer"},
			Run:         func(e *Env) error { return runGRPC(e, false, four) },
			Check:       all(calls("OK", "OK", "OK", "OK"), callMessages(1, 1, 5, 1, 1, 6, 4, 4)),
		},
		{
			Name: "grpc-kinds-tls", Description: "The same calls over TLS 1.3.",
			Path: path, Shows: []string{"unary", "server-streaming", "client-streaming", "bidirectional-streaming"},
			DoesNotShow: []string{"grpc-error"},
			Run:         func(e *Env) error { return runGRPC(e, true, four) },
			Check:       all(calls("OK", "OK", "OK", "OK"), versions("TLS 1.3"), callMessages(1, 1, 5, 1, 1, 6, 4, 4)),
		},
		{
			Name: "grpc-errors", Description: "gRPC calls fail: NOT_FOUND, INVALID_ARGUMENT with details, PERMISSION_DENIED; no message comes back.",
			Path: path, Shows: []string{"grpc-error"},
			DoesNotShow: []string{"server-streaming", "client-streaming", "bidirectional-streaming", "unary", "retry"},
			Run: func(e *Env) error {
				return runGRPC(e, false, []role.GRPCCall{
					{Kind: "unary", Size: 20, Code: codes.NotFound, Message: "no item 7, nor a café"},
					{Kind: "unary", Size: 20, Code: codes.InvalidArgument, Message: "the payload is bad"},
					{Kind: "unary", Size: 20, Code: codes.PermissionDenied, Message: "not for you"},
				})
			},
			Check: all(calls("NOT_FOUND", "INVALID_ARGUMENT", "PERMISSION_DENIED"), callMessages(1, 0, 1, 0, 1, 0)),
		},
		{
			Name: "grpc-deadline", Description: "A gRPC call's deadline of 150 ms passes while the server streams; the client then makes a call that fits its deadline.",
			Path: path, Shows: []string{"grpc-error"},
			Run: func(e *Env) error {
				return runGRPC(e, false, []role.GRPCCall{
					{Kind: "server-streaming", Messages: 10, Size: 30, Every: 40 * time.Millisecond, Deadline: 150 * time.Millisecond},
					{Kind: "unary", Size: 30, Deadline: 2 * time.Second},
				})
			},
			Check: calls("DEADLINE_EXCEEDED", "OK"),
		},
		{
			Name: "grpc-cancel", Description: "A gRPC client cancels a server-streaming call after three messages: RST_STREAM with CANCEL.",
			Path: path, Run: func(e *Env) error {
				return runGRPC(e, false, []role.GRPCCall{
					{Kind: "server-streaming", Messages: 20, Size: 30, Every: 30 * time.Millisecond, Cancel: 3},
					{Kind: "unary", Size: 30},
				})
			},
			Check: all(calls("CANCELLED", "OK"), callMessages(1, 3, 1, 1), resets(1)),
		},
		{
			Name: "grpc-gzip", Description: "gRPC messages are compressed with gzip both ways.",
			Path: path, Shows: []string{"unary", "bidirectional-streaming"},
			DoesNotShow: []string{"server-streaming", "client-streaming", "grpc-error"},
			Run: func(e *Env) error {
				return runGRPC(e, false, []role.GRPCCall{
					{Kind: "unary", Size: 2000, Gzip: true}, {Kind: "bidi", Messages: 2, Size: 500, Gzip: true},
				})
			},
			Check: all(calls("OK", "OK"), callMessages(1, 1, 2, 2)),
		},
		{
			Name: "grpc-reflection", Description: "A gRPC client asks the server by reflection for its services and their descriptors, then calls one.",
			Path: path, Shows: []string{"unary", "bidirectional-streaming"},
			DoesNotShow: []string{"server-streaming", "client-streaming"},
			Run: func(e *Env) error {
				return runGRPC(e, false, []role.GRPCCall{{Kind: "reflection"}, {Kind: "unary", Size: 80}})
			},
			Check: all(calls("OK", "OK"), callMessages(2, 2, 1, 1)),
		},
		{
			Name: "grpc-web", Description: "A connect-go client makes gRPC-Web calls over HTTP/1.1: unary, streaming, and one that fails.",
			Path: path, Shows: []string{"unary", "server-streaming", "grpc-error"},
			DoesNotShow: []string{"chunked-streaming", "client-streaming", "bidirectional-streaming"},
			Run:         func(e *Env) error { return runConnect(e, role.ConnectClient{Protocol: "grpc-web"}) },
			Check:       all(statuses(200, 200, 200), calls("OK", "OK", "NOT_FOUND"), callMessages(1, 1, 1, 4, 1, 0)),
		},
		{
			Name: "connect", Description: "A connect-go client makes Connect calls over HTTP/2 without TLS: unary, streaming, and one that fails.",
			Path: path, Shows: []string{"server-streaming"},
			DoesNotShow: []string{"chunked-streaming", "client-streaming", "bidirectional-streaming"},
			Run:         func(e *Env) error { return runConnect(e, role.ConnectClient{Protocol: "connect", HTTP2: true}) },
			Check:       all(statuses(200, 200, 404), calls("OK", "OK", "NOT_FOUND"), callMessages(1, 1, 1, 4, 1, 0)),
		},
		{
			Name: "connect-json", Description: "A connect-go client makes Connect calls with JSON over HTTP/1.1.",
			Path: path, Shows: []string{"server-streaming"},
			DoesNotShow: []string{"client-streaming", "bidirectional-streaming"},
			Run:         func(e *Env) error { return runConnect(e, role.ConnectClient{Protocol: "connect", JSON: true}) },
			Check:       all(statuses(200, 200, 404), calls("OK", "OK", "NOT_FOUND"), callMessages(1, 1, 1, 4, 1, 0)),
		},
	}
}

func runGRPC(e *Env, secure bool, list []role.GRPCCall) error {
	const port = 50051
	server := role.GRPCServer{Address: e.Server.address(port)}
	client := role.GRPCClient{Address: server.Address, Host: serverName, Calls: list}
	if secure {
		c, err := e.certificate()
		if err != nil {
			return err
		}
		server.Certificate, server.Key, client.CA, client.Keys = c.Certificate, c.Key, c.CA, e.Keys
	}
	if _, err := e.serve(e.Server, "grpc-server", server); err != nil {
		return err
	}
	var r role.GRPCReport
	if err := e.run(e.Client, "grpc-client", client, &r); err != nil {
		return err
	}
	e.noteCalls(r)
	return nil
}

func runConnect(e *Env, client role.ConnectClient) error {
	server := role.ConnectServer{Address: e.Server.address(serverPort)}
	if _, err := e.serve(e.Server, "connect-server", server); err != nil {
		return err
	}
	client.Address, client.Host = server.Address, serverName
	client.Calls = []role.GRPCCall{
		{Kind: "unary", Size: 100},
		{Kind: "server-streaming", Messages: 4, Size: 50, Every: 10 * time.Millisecond},
		{Kind: "unary", Size: 20, Code: codes.NotFound, Message: "no such item"},
	}
	var r role.GRPCReport
	if err := e.run(e.Client, "connect-client", client, &r); err != nil {
		return err
	}
	e.noteCalls(r)
	return nil
}

func (e *Env) noteCalls(r role.GRPCReport) {
	e.Truth.Requests, e.Truth.TLS, e.Truth.HTTP2, e.Truth.GRPC = r.Requests, r.TLS, r.HTTP2, r.GRPC
}

// calls: these were their statuses, in this order.
func calls(want ...string) func(*Env) error {
	return func(e *Env) error {
		var got []string
		for _, c := range e.Truth.GRPC {
			got = append(got, c.Status)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("statuses %q (%+v), not %q", got, e.Truth.GRPC, want)
		}
		return nil
	}
}

// callMessages: so many messages went in each call, to the server and to the
// client.
func callMessages(want ...int) func(*Env) error {
	return func(e *Env) error {
		var got []int
		for _, c := range e.Truth.GRPC {
			got = append(got, c.Sent, c.Received)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("messages %v, not %v", got, want)
		}
		return nil
	}
}
