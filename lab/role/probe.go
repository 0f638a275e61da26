package role

import (
	"encoding/json"
	"errors"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Probe tries to reach something that does not answer as hoped.
type Probe struct {
	Network   string // tcp or udp
	Address   string
	Times     int
	LocalPort int           // bind to this port each time; 0 is any
	Send      int           // bytes; the answer, if any, is read
	Reset     bool          // close with RST (SO_LINGER 0)
	Pause     time.Duration // between attempts
}

// ProbeReport is what each attempt came to.
type ProbeReport struct{ Attempts []Attempt }

// Attempt is one try: the error's name, or empty where it went well.
type Attempt struct {
	Local string `json:"local"`
	Error string `json:"error,omitempty"`
}

func probe(settings []byte) error {
	var s Probe
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	var r ProbeReport
	for i := range max(s.Times, 1) {
		if i > 0 {
			time.Sleep(s.Pause)
		}
		local, err := attempt(s)
		a := Attempt{Local: local}
		if err != nil {
			a.Error = errorName(err)
		}
		r.Attempts = append(r.Attempts, a)
	}
	return report(r)
}

func attempt(s Probe) (local string, err error) {
	d := net.Dialer{Timeout: 10 * time.Second, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
		})
	}}
	switch {
	case s.LocalPort != 0 && s.Network == "tcp":
		d.LocalAddr = &net.TCPAddr{Port: s.LocalPort}
	case s.LocalPort != 0:
		d.LocalAddr = &net.UDPAddr{Port: s.LocalPort}
	}
	c, err := d.Dial(s.Network, s.Address)
	if err != nil {
		return "", err
	}
	defer c.Close()
	local = c.LocalAddr().String()
	if tcp, ok := c.(*net.TCPConn); ok && s.Reset {
		if err := tcp.SetLinger(0); err != nil {
			return local, err
		}
	}
	if s.Send == 0 {
		return local, nil
	}
	if _, err := c.Write(make([]byte, s.Send)); err != nil {
		return local, err
	}
	if err := c.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return local, err
	}
	_, err = c.Read(make([]byte, 65535))
	return local, err
}

func errorName(err error) string {
	for _, known := range []struct {
		err  error
		name string
	}{
		{syscall.ECONNREFUSED, "connection refused"}, {syscall.ECONNRESET, "connection reset"},
		{syscall.EHOSTUNREACH, "no route to host"}, {syscall.ENETUNREACH, "network unreachable"},
	} {
		if errors.Is(err, known.err) {
			return known.name
		}
	}
	return err.Error()
}
