package scenario

import (
	"fmt"
	"slices"
)

// Checks of the HTTP/2 scenarios.

// protocol: each request went over this one.
func protocol(want string) func(*Env) error {
	return func(e *Env) error {
		for _, r := range e.Truth.Requests {
			if r.Protocol != want {
				return fmt.Errorf("%s went over %s", r.Target, r.Protocol)
			}
		}
		return nil
	}
}

// streams: the requests were on these, in this order.
func streams(want ...int64) func(*Env) error {
	return func(e *Env) error {
		var got []int64
		for _, r := range e.Truth.Requests {
			if r.Stream == nil {
				return fmt.Errorf("the client did not tell the stream of %s", r.Target)
			}
			got = append(got, *r.Stream)
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("streams %v, not %v", got, want)
		}
		return nil
	}
}

// frames: the client's library logged at least so many of a kind.
func frames(kind string, toServer, toClient int) func(*Env) error {
	return func(e *Env) error {
		f := e.Truth.HTTP2[0].Frames
		if f.ToServer[kind] < toServer || f.ToClient[kind] < toClient {
			return fmt.Errorf("%d and %d %s frames, not %d and %d", f.ToServer[kind], f.ToClient[kind], kind, toServer, toClient)
		}
		return nil
	}
}

func resets(want int) func(*Env) error {
	return func(e *Env) error {
		if n := len(e.Truth.HTTP2[0].Resets); n != want {
			return fmt.Errorf("%d RST_STREAM frames, not %d", n, want)
		}
		return nil
	}
}

func goaways(want int) func(*Env) error {
	return func(e *Env) error {
		if n := len(e.Truth.HTTP2[0].GoAways); n < want {
			return fmt.Errorf("%d GOAWAY frames, not %d", n, want)
		}
		return nil
	}
}

func blocked(want int) func(*Env) error {
	return func(e *Env) error {
		if n := len(e.Truth.HTTP2[0].Stalls); n != want {
			return fmt.Errorf("%d stalls, not %d", n, want)
		}
		return nil
	}
}

func padded(e *Env) error {
	p := e.Truth.HTTP2[0].Padded
	if p == nil || p.ToServer["HEADERS"] == 0 || p.ToClient["HEADERS"] == 0 {
		return fmt.Errorf("no padding on both sides: %+v", p)
	}
	return nil
}

// onlyConnection: nghttp does not say from which port it asked, but there is
// only one connection on the link.
func onlyConnection(e *Env) error {
	c, err := e.tcp(0)
	if err != nil {
		return err
	}
	if _, err := e.tcp(1); err == nil {
		return fmt.Errorf("more than one connection")
	}
	for i := range e.Truth.Requests {
		e.Truth.Requests[i].Connection = c.Client.String()
	}
	for i := range e.Truth.HTTP2 {
		e.Truth.HTTP2[i].Connection = c.Client.String()
	}
	return nil
}

// upgraded: the first request went out as HTTP/1.1 and was answered over
// HTTP/2 on stream 1 (RFC 7540 sec. 3.2). Of the truth's requests it is told as
// the one that HTTP/1.1 saw, with the status 101, and as the one of stream 1.
func upgraded(e *Env) error {
	first := e.Truth.Requests[0]
	if first.Protocol != "http2" {
		return fmt.Errorf("the connection stayed with %s", first.Protocol)
	}
	one := int64(1)
	e.Truth.Requests[0].Stream, e.Truth.Requests[0].Upgraded = &one, true
	asked := first
	asked.Protocol, asked.Status, asked.Body, asked.Stream = "http1", 101, 0, nil
	e.Truth.Requests = append(e.Truth.Requests, asked)
	return nil
}
