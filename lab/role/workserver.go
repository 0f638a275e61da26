package role

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// WorkServer is an HTTP server with so many workers, each of which takes a
// connection, works for its one request, and closes it.
type WorkServer struct {
	Address string
	Workers int           // that take connections from one queue
	Shards  int           // sockets of one worker each that share the port (SO_REUSEPORT); 0 is one socket for all
	Service time.Duration // the work for a request
	Late    time.Duration // how long nobody takes a connection at first
}

func serveWork(settings []byte) error {
	var s WorkServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	c := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			if s.Shards > 0 {
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}
		})
	}}
	for range max(s.Shards, 1) {
		l, err := c.Listen(context.Background(), "tcp", s.Address)
		if err != nil {
			return err
		}
		for range max(s.Workers, 1) {
			go s.work(l)
		}
	}
	ready()
	untilInputEnds()
	return nil
}

// work serves one connection after the other.
func (s WorkServer) work(l net.Listener) {
	time.Sleep(s.Late)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			time.Sleep(s.Service)
			const body = "done\n"
			_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
		}
		c.Close()
	}
}
