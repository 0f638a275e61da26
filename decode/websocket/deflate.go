package websocket

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of what compressed messages may cost.
const (
	maxCompressed = 1 << 20 // bytes of one message that wait for its end
	maxInflated   = 8 << 20 // bytes of one message when undone
	windowSize    = 32 << 10
	// A direction that has inflated to so much, and so many times its size, is
	// read no further: it is made to cost time.
	freeInflated = 64 << 20
	maxRatio     = 200
	keepScratch  = 1 << 20
)

// Why a compressed message cannot be read.
var (
	errWindow = errors.New("messages before it, which its compression refers to, were not read")
	errLarge  = errors.New("it is too large")
	errBomb   = errors.New("the direction's messages inflate out of proportion")
	errFormat = errors.New("it is no DEFLATE data")
	// Before it is even tried:
	errAgreement  = errors.New("no compression was seen to be agreed on")
	errIncomplete = errors.New("a part of it was not captured")
)

// inflater undoes permessage-deflate in one direction.
type inflater struct {
	fresh  bool   // each message is compressed by itself (no context takeover)
	window []byte // what was inflated last, which the next message may refer to
	// partial tells that what came before window is not known. A message that
	// refers to it cannot be inflated; others can.
	partial bool
	in      int64
	out     int64
}

// scratch is what inflating needs while it lasts.
type scratch struct {
	reader io.ReadCloser // also a flate.Resetter
	source bytes.Reader
	out    []byte
}

// tail ends a message's DEFLATE data: the empty block that RFC 7692 section
// 7.2.1 has removed, and another one that is the last.
var tail = []byte{0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff}

// inflate undoes a message. data may be changed behind its end. The result is
// valid until the next call with s.
func (z *inflater) inflate(s *scratch, data []byte) ([]byte, error) {
	if z.out > freeInflated && z.out > maxRatio*z.in {
		return nil, errBomb
	}
	s.source.Reset(append(data, tail...))
	dictionary := z.window
	if z.fresh {
		dictionary = nil
	}
	if s.reader == nil {
		s.reader = flate.NewReaderDict(&s.source, dictionary)
	} else if err := s.reader.(flate.Resetter).Reset(&s.source, dictionary); err != nil {
		return nil, err
	}
	err := s.read()
	z.in += int64(len(data))
	z.out += int64(len(s.out))
	if err != nil {
		if err == errFormat && z.partial && !z.fresh {
			err = errWindow
		}
		z.lose()
		return nil, err
	}
	z.slide(s.out)
	return s.out, nil
}

// lose tells that a message was not inflated.
func (z *inflater) lose() { z.window, z.partial = z.window[:0], true }

// read fills s.out with all that the reader gives.
func (s *scratch) read() error {
	if cap(s.out) > keepScratch {
		s.out = nil
	}
	s.out = s.out[:0]
	for {
		if len(s.out) == cap(s.out) {
			s.out = append(s.out, 0)[:len(s.out)]
		}
		n, err := s.reader.Read(s.out[len(s.out):cap(s.out)])
		s.out = s.out[:len(s.out)+n]
		switch {
		case len(s.out) > maxInflated:
			return errLarge
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return errFormat
		}
	}
}

// slide moves the window to the end of what was inflated.
func (z *inflater) slide(plain []byte) {
	if z.fresh {
		return
	}
	if len(plain) >= windowSize {
		z.window = append(z.window[:0], plain[len(plain)-windowSize:]...)
		return
	}
	if over := len(z.window) + len(plain) - windowSize; over > 0 {
		z.window = z.window[:copy(z.window, z.window[over:])]
	}
	z.window = append(z.window, plain...)
}

// extensions are those that both sides agreed on (RFC 6455 section 9.1).
type extensions struct {
	deflate bool
	fresh   [2]bool // no context takeover, by direction
	other   bool    // any that is not known here, or may be: it may use the reserved bits
}

// agreed reads the values of the response's Sec-WebSocket-Extensions. Where only
// the request was seen, what it offers may be used, and a reserved bit tells
// whether it is.
func agreed(c *dissect.Context) (x extensions) {
	offered := c.Fact(http.AnswerFact) != ""
	x.other = offered || unknown(c)
	x.deflate = unknown(c) // a reserved bit tells
	for _, f := range c.Facts {
		if f.Key != extensionsFact {
			continue
		}
		for extension := range strings.SplitSeq(f.Value, ",") {
			name, parameters, _ := strings.Cut(extension, ";")
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "permessage-deflate"):
				x.deflate = true
				if !offered {
					x.parameters(parameters)
				}
			case name != "":
				x.other = true
			}
		}
	}
	return x
}

// unknown reports whether the connection's beginning was not seen: HTTP, which
// always announces some facts, did not.
func unknown(c *dissect.Context) bool { return len(c.Facts) == 0 }

// parameters reads those of permessage-deflate (RFC 7692 section 7.1). The
// window's size does not matter: one of 32 KiB reads smaller ones, too.
func (x *extensions) parameters(list string) {
	for p := range strings.SplitSeq(list, ";") {
		switch strings.ToLower(strings.TrimSpace(p)) {
		case "client_no_context_takeover":
			x.fresh[layer.ToServer] = true
		case "server_no_context_takeover":
			x.fresh[layer.ToClient] = true
		}
	}
}
