package role

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/wiresight/wiresight/lab/truth"
)

// GRPCClient is what the gRPC client is told.
type GRPCClient struct {
	Address  string
	Host     string
	CA, Keys string // CA is a PEM file; none is without TLS
	Calls    []GRPCCall
}

// GRPCCall is one call to make; the calls follow each other.
type GRPCCall struct {
	Kind     string // unary, client-streaming, server-streaming, bidi, reflection
	Messages int    // of the streaming side or sides
	Size     int    // of each payload
	Every    time.Duration
	Deadline time.Duration
	Cancel   int        // after so many messages received; 0 is never
	Code     codes.Code // that the server is asked to answer with
	Message  string
	Gzip     bool
}

// GRPCReport is what the gRPC client saw.
type GRPCReport struct {
	HTTPReport
	GRPC []truth.GRPC
}

const testServiceName = "/grpc.testing.TestService/"

func callGRPC(settings []byte) error {
	var s GRPCClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	log := listenToFrames()
	transport := insecure.NewCredentials()
	if s.CA != "" {
		config, err := clientTLS(s.Host, s.CA, s.Keys)
		if err != nil {
			return err
		}
		transport = credentials.NewTLS(config)
	}
	c, err := grpc.NewClient("passthrough:///"+s.Address, grpc.WithTransportCredentials(transport),
		grpc.WithAuthority(s.Host), grpc.WithStatsHandler(messageCounter{}))
	if err != nil {
		return err
	}
	var r GRPCReport
	for _, call := range s.Calls {
		r.call(c, call)
	}
	if err := c.Close(); err != nil {
		return err
	}
	r.frames(log)
	return report(r)
}

// call makes a call and notes how it went.
func (r *GRPCReport) call(c *grpc.ClientConn, call GRPCCall) {
	t := truth.GRPC{Protocol: "grpc", Kind: call.Kind, Deadline: call.Deadline.Seconds(), Start: time.Now().UTC()}
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), callKey{}, &t))
	defer cancel()
	if call.Deadline > 0 {
		ctx, cancel = context.WithTimeout(ctx, call.Deadline)
		defer cancel()
	}
	var from peer.Peer
	options := []grpc.CallOption{grpc.Peer(&from)}
	if call.Gzip {
		options = append(options, grpc.UseCompressor("gzip"))
		t.Encoding = "gzip"
	}
	err := call.make(ctx, cancel, c, &t, options)
	t.Done = time.Now().UTC()
	s := status.Convert(err)
	t.Status, t.Message = codeName(s.Code()), s.Message()
	for _, d := range s.Proto().GetDetails() {
		t.Details = append(t.Details, strings.TrimPrefix(d.GetTypeUrl(), "type.googleapis.com/"))
	}
	if from.LocalAddr != nil {
		t.Connection = from.LocalAddr.String()
	}
	if i, ok := from.AuthInfo.(credentials.TLSInfo); ok && len(r.TLS) == 0 {
		r.TLS = append(r.TLS, tlsTruth(t.Connection, i.State))
	}
	r.GRPC = append(r.GRPC, t)
}

func (call GRPCCall) make(ctx context.Context, cancel func(), c *grpc.ClientConn, t *truth.GRPC, options []grpc.CallOption) error {
	service := grpc_testing.NewTestServiceClient(c)
	switch call.Kind {
	case "unary":
		t.Method = testServiceName + "UnaryCall"
		_, err := service.UnaryCall(ctx, &grpc_testing.SimpleRequest{
			ResponseSize: int32(call.Size), Payload: payload(call.Size),
			ResponseStatus: &grpc_testing.EchoStatus{Code: int32(call.Code), Message: call.Message},
		}, options...)
		return err
	case "server-streaming":
		t.Method = testServiceName + "StreamingOutputCall"
		stream, err := service.StreamingOutputCall(ctx, call.ask(call.Messages), options...)
		if err != nil {
			return err
		}
		return call.drain(stream.Recv, cancel, t)
	case "client-streaming":
		t.Method = testServiceName + "StreamingInputCall"
		stream, err := service.StreamingInputCall(ctx, options...)
		if err != nil {
			return err
		}
		for range call.Messages {
			time.Sleep(call.Every)
			if err := stream.Send(&grpc_testing.StreamingInputCallRequest{Payload: payload(call.Size)}); err != nil {
				return err
			}
		}
		_, err = stream.CloseAndRecv()
		return err
	case "bidi":
		t.Method = testServiceName + "FullDuplexCall"
		return call.converse(ctx, cancel, service, t, options)
	case "reflection":
		t.Kind, t.Method = "bidi", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
		return reflect(ctx, c, options)
	}
	return errors.New("no such kind of call")
}

// ask is a request for so many answers.
func (call GRPCCall) ask(answers int) *grpc_testing.StreamingOutputCallRequest {
	r := &grpc_testing.StreamingOutputCallRequest{Payload: payload(call.Size)}
	for range answers {
		r.ResponseParameters = append(r.ResponseParameters, &grpc_testing.ResponseParameters{
			Size: int32(call.Size), IntervalUs: int32(call.Every.Microseconds()),
		})
	}
	return r
}

// drain takes the answers until the call ends, or cancels it.
func (call GRPCCall) drain(recv func() (*grpc_testing.StreamingOutputCallResponse, error), cancel func(), t *truth.GRPC) error {
	for n := 1; ; n++ {
		if _, err := recv(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if n == call.Cancel {
			t.Cancelled = true
			cancel()
		}
	}
}

func (call GRPCCall) converse(ctx context.Context, cancel func(), service grpc_testing.TestServiceClient, t *truth.GRPC, options []grpc.CallOption) error {
	stream, err := service.FullDuplexCall(ctx, options...)
	if err != nil {
		return err
	}
	for range call.Messages {
		time.Sleep(call.Every)
		if err := stream.Send(call.ask(1)); err != nil {
			return err
		}
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	return call.drain(stream.Recv, cancel, t)
}

// reflect asks the server for its services and for the file of one.
func reflect(ctx context.Context, c *grpc.ClientConn, options []grpc.CallOption) error {
	stream, err := grpc_reflection_v1.NewServerReflectionClient(c).ServerReflectionInfo(ctx, options...)
	if err != nil {
		return err
	}
	for _, q := range []*grpc_reflection_v1.ServerReflectionRequest{
		{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_ListServices{}},
		{MessageRequest: &grpc_reflection_v1.ServerReflectionRequest_FileContainingSymbol{FileContainingSymbol: "grpc.testing.TestService"}},
	} {
		if err := stream.Send(q); err != nil {
			return err
		}
		if _, err := stream.Recv(); err != nil {
			return err
		}
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// callKey is where the context of a call carries its truth.
type callKey struct{}

// messageCounter lets the library count each call's messages.
type messageCounter struct{}

func (messageCounter) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (messageCounter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (messageCounter) HandleConn(context.Context, stats.ConnStats)                       {}

func (messageCounter) HandleRPC(ctx context.Context, s stats.RPCStats) {
	t, ok := ctx.Value(callKey{}).(*truth.GRPC)
	if !ok {
		return
	}
	switch s.(type) {
	case *stats.OutPayload:
		t.Sent++
	case *stats.InPayload:
		t.Received++
	}
}

// frames adds what the log tells: calls open streams in their order.
func (r *GRPCReport) frames(log *frameLog) {
	all, opened := log.connections()
	for i := range r.GRPC {
		t := &r.GRPC[i]
		q := truth.Request{Connection: t.Connection, Protocol: "http2", Method: "POST", Target: t.Method, Status: 200, Reused: i > 0}
		if i < len(opened) {
			t.Stream = &opened[i].id
			q.Stream = t.Stream
		}
		if t.Received == 0 && (t.Cancelled || t.Status == "DEADLINE_EXCEEDED") {
			q.Status = 0 // nothing came
		}
		r.Requests = append(r.Requests, q)
	}
	for i := range all {
		if len(r.GRPC) > 0 {
			all[i].Connection = r.GRPC[0].Connection
		}
	}
	r.HTTP2 = all
}

// codeName is a code as gRPC's specification writes it: in upper case with
// underscores.
func codeName(c codes.Code) string {
	switch c {
	case codes.OK:
		return "OK"
	case codes.Canceled: // Go's spelling is not the specification's
		return "CANCELLED"
	}
	var b strings.Builder
	for i, r := range c.String() {
		if i > 0 && r >= 'A' && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String())
}
