package role

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// Load is many requests over many connections at once, for the large capture.
type Load struct {
	Address     string
	Host        string
	CA          string // PEM file; none is plain HTTP
	Targets     []string
	Requests    int // in all
	Connections int // at once
	PerRequest  bool
}

// loadHTTP keeps so many connections busy; it does without net/http's client to
// leave the machine to the capture.
func loadHTTP(settings []byte) error {
	var s Load
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	config, err := clientTLS(s.Host, s.CA, "")
	if err != nil {
		return err
	}
	var left atomic.Int64
	left.Store(int64(s.Requests))
	var running sync.WaitGroup
	failures := make(chan error, s.Connections)
	for range s.Connections {
		running.Go(func() {
			if err := s.work(config, &left); err != nil {
				failures <- err
			}
		})
	}
	running.Wait()
	close(failures)
	var all []error
	for err := range failures {
		all = append(all, err)
	}
	return errors.Join(all...)
}

// work makes requests until none are left.
func (s Load) work(config *tls.Config, left *atomic.Int64) error {
	for {
		n := left.Load()
		if n <= 0 {
			return nil
		}
		if err := s.connection(config, left); err != nil {
			return err
		}
	}
}

func (s Load) connection(config *tls.Config, left *atomic.Int64) error {
	c, err := net.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	defer c.Close()
	if s.CA != "" {
		c = tls.Client(c, config)
	}
	in := bufio.NewReader(c)
	last := ""
	if s.PerRequest {
		last = "Connection: close\r\n"
	}
	for {
		n := left.Add(-1)
		if n < 0 {
			return nil
		}
		target := s.Targets[int(n)%len(s.Targets)]
		if _, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: lab-load\r\nAccept: */*\r\n%s\r\n", target, s.Host, last); err != nil {
			return err
		}
		response, err := http.ReadResponse(in, &http.Request{Method: http.MethodGet})
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, response.Body); err != nil {
			return err
		}
		response.Body.Close()
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: status %d", target, response.StatusCode)
		}
		if s.PerRequest || response.Close {
			return nil
		}
	}
}
