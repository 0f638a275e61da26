package role

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// dialed dials TCP and remembers the client's end of each connection, so that
// the truth can name it.
type dialed struct {
	mu    sync.Mutex
	conns []string
}

func (d *dialed) dial(ctx context.Context, _, address string) (net.Conn, error) {
	c, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns = append(d.conns, c.LocalAddr().String())
	return c, nil
}

// Dial is dial for libraries that know no context.
func (d *dialed) Dial(network, address string) (net.Conn, error) {
	return d.dial(context.Background(), network, address)
}

// last is the client's end of the connection that was opened last.
func (d *dialed) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.conns) == 0 {
		return ""
	}
	return d.conns[len(d.conns)-1]
}

// oneConnectionClient is an HTTP client that has this one connection.
func oneConnectionClient(c net.Conn) *http.Client {
	return &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return c, nil }}}
}
