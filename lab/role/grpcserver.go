package role

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // takes and sends compressed messages
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/reflection"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
)

// GRPCServer is what the gRPC server is told. Its service is gRPC's own
// interoperability test service.
type GRPCServer struct {
	Address     string
	Certificate string // PEM files; none is without TLS
	Key         string
}

func serveGRPC(settings []byte) error {
	var s GRPCServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	var options []grpc.ServerOption
	if s.Certificate != "" {
		c, err := credentials.NewServerTLSFromFile(s.Certificate, s.Key)
		if err != nil {
			return err
		}
		options = append(options, grpc.Creds(c))
	}
	server := grpc.NewServer(options...)
	grpc_testing.RegisterTestServiceServer(server, testService{})
	reflection.Register(server)
	l, err := net.Listen("tcp", s.Address)
	if err != nil {
		return err
	}
	go func() { _ = server.Serve(l) }()
	ready()
	untilInputEnds()
	return nil
}

// testService does what the requests of grpc.testing.TestService ask for.
type testService struct {
	grpc_testing.UnimplementedTestServiceServer
}

// UnaryCall answers with a payload of the size asked for, or with the status
// asked for; an INVALID_ARGUMENT has details (google.rpc.BadRequest).
func (testService) UnaryCall(_ context.Context, r *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	if want := r.GetResponseStatus(); want.GetCode() != 0 {
		s := status.New(codes.Code(want.GetCode()), want.GetMessage())
		if s.Code() == codes.InvalidArgument {
			detailed, err := s.WithDetails(protoadapt.MessageV1Of(&errdetails.BadRequest{
				FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "payload", Description: "has no body"}},
			}))
			if err == nil {
				s = detailed
			}
		}
		return nil, s.Err()
	}
	return &grpc_testing.SimpleResponse{Payload: payload(int(r.GetResponseSize())), Username: "lab"}, nil
}

// StreamingOutputCall sends a message for each parameter, after its interval.
func (testService) StreamingOutputCall(r *grpc_testing.StreamingOutputCallRequest, out grpc.ServerStreamingServer[grpc_testing.StreamingOutputCallResponse]) error {
	for _, p := range r.GetResponseParameters() {
		time.Sleep(time.Duration(p.GetIntervalUs()) * time.Microsecond)
		if err := out.Send(&grpc_testing.StreamingOutputCallResponse{Payload: payload(int(p.GetSize()))}); err != nil {
			return err
		}
	}
	return nil
}

// StreamingInputCall adds up the payloads.
func (testService) StreamingInputCall(in grpc.ClientStreamingServer[grpc_testing.StreamingInputCallRequest, grpc_testing.StreamingInputCallResponse]) error {
	sum := 0
	for {
		r, err := in.Recv()
		if errors.Is(err, io.EOF) {
			return in.SendAndClose(&grpc_testing.StreamingInputCallResponse{AggregatedPayloadSize: int32(sum)})
		}
		if err != nil {
			return err
		}
		sum += len(r.GetPayload().GetBody())
	}
}

// FullDuplexCall answers each message with those that it asks for.
func (testService) FullDuplexCall(both grpc.BidiStreamingServer[grpc_testing.StreamingOutputCallRequest, grpc_testing.StreamingOutputCallResponse]) error {
	for {
		r, err := both.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, p := range r.GetResponseParameters() {
			if err := both.Send(&grpc_testing.StreamingOutputCallResponse{Payload: payload(int(p.GetSize()))}); err != nil {
				return err
			}
		}
	}
}

func payload(size int) *grpc_testing.Payload {
	return &grpc_testing.Payload{Body: []byte(strings.Repeat("lab payload ", size/12+1)[:size])}
}
