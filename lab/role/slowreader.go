package role

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/lab/truth"
)

// SlowReader asks for something large and then does not read for a while.
type SlowReader struct {
	Address, Host, Target string
	Buffer                int // SO_RCVBUF in bytes, which the kernel doubles
	Pause                 time.Duration
}

func readSlowly(settings []byte) error {
	var s SlowReader
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	d := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, s.Buffer)
		})
	}}
	t := truth.Request{Protocol: "http1", Method: "GET", Target: s.Target, Host: s.Host, Start: pointer()}
	c, err := d.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	t.Connection = c.LocalAddr().String()
	if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", s.Target, s.Host); err != nil {
		return err
	}
	t.Wrote = pointer()
	time.Sleep(s.Pause)
	response, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: http.MethodGet})
	if err != nil {
		return err
	}
	t.Status = response.StatusCode
	if t.Body, err = io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	response.Body.Close()
	t.Done = pointer()
	return report(HTTPReport{Requests: []truth.Request{t}})
}
