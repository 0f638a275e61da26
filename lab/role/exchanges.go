package role

import (
	"fmt"
	"net/http"
	"net/http/httptrace"
	"sync"

	"github.com/wiresight/wiresight/lab/truth"
)

// exchanges notes the requests that a library makes through an HTTP transport.
type exchanges struct {
	*http.Transport
	mu       sync.Mutex
	requests []truth.Request
}

// RoundTrip notes where the request went and how it was answered. Bodies are the
// library's affair: how long they were is not known here.
func (x *exchanges) RoundTrip(r *http.Request) (*http.Response, error) {
	t := truth.Request{Method: r.Method, Target: r.URL.RequestURI(), Host: r.URL.Host, Start: pointer()}
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		t.Connection, t.Reused = i.Conn.LocalAddr().String(), i.Reused
	}}
	response, err := x.Transport.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err == nil {
		t.Status, t.Protocol = response.StatusCode, fmt.Sprintf("http%d", response.ProtoMajor)
	} else {
		t.Error = err.Error()
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.requests = append(x.requests, t)
	return response, err
}
