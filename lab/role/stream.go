package role

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// StreamServer answers each request of RequestSize bytes with chunks of bytes.
type StreamServer struct {
	Address string
	Chunks  []StreamChunk
}

// StreamChunk is what is written at once, and the pause before it.
type StreamChunk struct {
	Bytes int
	Pause time.Duration
}

// StreamClient asks and reads, several times over one connection.
type StreamClient struct {
	Address  string
	Requests int
	Pause    time.Duration // between an answer and the next request
	Buffer   int           // SO_RCVBUF in bytes, which the kernel doubles; 0 leaves it
	Bytes    int           // of each answer
	Dawdle   time.Duration // before the first read of each answer
	Limit    time.Duration // gives up after so long; 0 never
}

// RequestSize is the length of a request to a StreamServer in bytes.
const RequestSize = 64

// StreamReport is how long each answer took by the client's clock, from the
// request to the last byte, and how many bytes came.
type StreamReport struct {
	Connection string
	Took       []float64
	Bytes      []int64
}

func serveStream(settings []byte) error {
	var s StreamServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	// Reno is in every kernel and sends in flights, as the RFCs describe.
	listen := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		if err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "reno")
		}); err != nil {
			return err
		}
		return failed
	}}
	l, err := listen.Listen(context.Background(), "tcp", s.Address)
	if err != nil {
		return err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.answer(c)
		}
	}()
	ready()
	untilInputEnds()
	return nil
}

func (s *StreamServer) answer(c net.Conn) {
	defer c.Close()
	request := make([]byte, RequestSize)
	for {
		if _, err := io.ReadFull(c, request); err != nil {
			return
		}
		for _, k := range s.Chunks {
			time.Sleep(k.Pause)
			if _, err := c.Write(make([]byte, k.Bytes)); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return
			}
		}
	}
}

func readStream(settings []byte) error {
	var s StreamClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	d := net.Dialer{}
	if s.Buffer > 0 {
		d.Control = func(_, _ string, c syscall.RawConn) error {
			return c.Control(func(fd uintptr) {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, s.Buffer)
			})
		}
	}
	c, err := d.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	r := StreamReport{Connection: c.LocalAddr().String()}
	for i := range s.Requests {
		if i > 0 {
			time.Sleep(s.Pause)
		}
		began := time.Now()
		if s.Limit > 0 {
			_ = c.SetDeadline(began.Add(s.Limit))
		}
		if _, err := c.Write(make([]byte, RequestSize)); err != nil {
			return err
		}
		time.Sleep(s.Dawdle)
		n, err := io.CopyN(io.Discard, c, int64(s.Bytes))
		r.Took, r.Bytes = append(r.Took, time.Since(began).Seconds()), append(r.Bytes, n)
		if err != nil {
			break
		}
	}
	return report(r)
}
