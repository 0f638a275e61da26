package role

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/interop/grpc_testing"

	"github.com/wiresight/wiresight/lab/truth"
)

// ConnectServer is what the server of connectrpc.com is told: it speaks gRPC,
// gRPC-Web and Connect over every version of HTTP without TLS.
type ConnectServer struct{ Address string }

// ConnectClient is what its client is told.
type ConnectClient struct {
	Address  string
	Host     string
	Protocol string // grpc-web, connect
	HTTP2    bool
	JSON     bool
	Calls    []GRPCCall
}

const (
	unaryMethod  = testServiceName + "UnaryCall"
	outputMethod = testServiceName + "StreamingOutputCall"
)

func serveConnect(settings []byte) error {
	var s ConnectServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle(unaryMethod, connect.NewUnaryHandler(unaryMethod,
		func(_ context.Context, r *connect.Request[grpc_testing.SimpleRequest]) (*connect.Response[grpc_testing.SimpleResponse], error) {
			if want := r.Msg.GetResponseStatus(); want.GetCode() != 0 {
				return nil, connect.NewError(connect.Code(want.GetCode()), errors.New(want.GetMessage()))
			}
			return connect.NewResponse(&grpc_testing.SimpleResponse{Payload: payload(int(r.Msg.GetResponseSize()))}), nil
		}))
	mux.Handle(outputMethod, connect.NewServerStreamHandler(outputMethod,
		func(_ context.Context, r *connect.Request[grpc_testing.StreamingOutputCallRequest], out *connect.ServerStream[grpc_testing.StreamingOutputCallResponse]) error {
			for _, p := range r.Msg.GetResponseParameters() {
				time.Sleep(time.Duration(p.GetIntervalUs()) * time.Microsecond)
				if err := out.Send(&grpc_testing.StreamingOutputCallResponse{Payload: payload(int(p.GetSize()))}); err != nil {
					return err
				}
			}
			return nil
		}))
	server := &http.Server{Handler: mux, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	l, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(l) }()
	ready()
	untilInputEnds()
	return nil
}

func callConnect(settings []byte) error {
	var s ConnectClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	log := listenToFrames()
	protocol := map[bool]string{false: "http1", true: "h2c"}[s.HTTP2]
	seen := &exchanges{Transport: &http.Transport{DisableCompression: true, Protocols: protocols(protocol)}}
	client := &http.Client{Transport: seen}
	var options []connect.ClientOption
	if s.Protocol == "grpc-web" {
		options = append(options, connect.WithGRPCWeb())
	}
	if s.JSON {
		options = append(options, connect.WithProtoJSON())
	}
	var r GRPCReport
	for _, call := range s.Calls {
		r.GRPC = append(r.GRPC, s.call(client, options, call))
	}
	seen.CloseIdleConnections()
	r.Requests = seen.requests
	log.into(&r.HTTPReport)
	for i := range r.GRPC {
		r.GRPC[i].Connection, r.GRPC[i].Stream = r.Requests[i].Connection, r.Requests[i].Stream
	}
	return report(r)
}

func (s ConnectClient) call(client *http.Client, options []connect.ClientOption, call GRPCCall) truth.GRPC {
	t := truth.GRPC{Protocol: s.Protocol, Kind: call.Kind, Method: unaryMethod, Sent: 1, Start: time.Now().UTC()}
	base := "http://" + s.Address
	if call.Gzip {
		options = append(options, connect.WithSendGzip())
		t.Encoding = "gzip"
	}
	var err error
	if call.Kind == "unary" {
		request := &grpc_testing.SimpleRequest{ResponseSize: int32(call.Size), Payload: payload(call.Size)}
		if call.Code != codes.OK {
			request.ResponseStatus = &grpc_testing.EchoStatus{Code: int32(call.Code), Message: call.Message}
		}
		_, err = connect.NewClient[grpc_testing.SimpleRequest, grpc_testing.SimpleResponse](client, base+unaryMethod, options...).
			CallUnary(context.Background(), connect.NewRequest(request))
		if err == nil {
			t.Received = 1
		}
	} else {
		t.Method = outputMethod
		err = drainConnect(client, base, options, call, &t)
	}
	t.Done = time.Now().UTC()
	t.Status = "OK"
	if err != nil {
		t.Status = codeName(codes.Code(connect.CodeOf(err)))
		var e *connect.Error
		if errors.As(err, &e) {
			t.Message = e.Message()
		}
	}
	return t
}

func drainConnect(client *http.Client, base string, options []connect.ClientOption, call GRPCCall, t *truth.GRPC) error {
	stream, err := connect.NewClient[grpc_testing.StreamingOutputCallRequest, grpc_testing.StreamingOutputCallResponse](client, base+outputMethod, options...).
		CallServerStream(context.Background(), connect.NewRequest(call.ask(call.Messages)))
	if err != nil {
		return err
	}
	defer stream.Close()
	for stream.Receive() {
		t.Received++
	}
	return stream.Err()
}
