package role

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/wiresight/wiresight/lab/truth"
)

// Pipeline is a client that sends all requests at once, in as many writes, and
// then reads the answers.
type Pipeline struct {
	Address string
	Host    string
	Targets []string
}

func pipelineHTTP(settings []byte) error {
	var s Pipeline
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	connection, err := net.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	defer connection.Close()
	var r HTTPReport
	for i, target := range s.Targets {
		t := truth.Request{
			Connection: connection.LocalAddr().String(), Protocol: "http1", Method: "GET", Target: target,
			Host: s.Host, Start: pointer(), Reused: i > 0,
		}
		if _, err := fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lab-pipeline\r\n\r\n", target, s.Host); err != nil {
			return err
		}
		t.Wrote = pointer()
		r.Requests = append(r.Requests, t)
	}
	in := bufio.NewReader(connection)
	for i := range r.Requests {
		t := &r.Requests[i]
		if _, err := in.Peek(1); err != nil {
			return err
		}
		t.FirstByte = pointer()
		response, err := http.ReadResponse(in, &http.Request{Method: "GET"})
		if err != nil {
			return err
		}
		t.Status = response.StatusCode
		if t.Body, err = io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		response.Body.Close()
		t.Done = pointer()
	}
	return report(r)
}
