package http

import (
	"io"
	"iter"
)

// Decoder undoes content codings while the bytes come, for protocols that must
// know which packet completed what. The libraries' decoders pull their input
// and cannot go on after a short read, so they run as a coroutine that is left
// where the input ends and taken up again by the next Write: on one thread, and
// nothing goes on while nobody writes.
type Decoder struct {
	in   pushed
	next func() ([]byte, bool)
	stop func()
	err  error
	done bool
	left int64 // bytes that may still come out
}

// MaxDecoded bounds the bytes that come out of a Decoder.
const MaxDecoded = 1 << 30

// NewDecoder returns a decoder for the codings of a Content-Encoding field, or
// ErrCoding. Whoever makes one calls Close.
func NewDecoder(contentEncoding string) (*Decoder, error) {
	d := &Decoder{left: MaxDecoded}
	r, err := decoder(contentEncoding, &d.in)
	if err != nil {
		return nil, err
	}
	d.next, d.stop = iter.Pull(func(yield func([]byte) bool) {
		d.in.wait = func() bool { return yield(nil) }
		buffer := make([]byte, 16<<10)
		for {
			n, err := r.Read(buffer)
			if n > 0 && !yield(buffer[:n]) {
				return
			}
			if err != nil {
				if err != io.EOF {
					d.err = err
				}
				return
			}
		}
	})
	return d, nil
}

// Write decodes data and hands what comes out to each, in pieces that are valid
// during the call only. Once it has returned an error it does nothing more.
func (d *Decoder) Write(data []byte, each func([]byte)) error {
	if d.done || len(data) == 0 {
		return d.err
	}
	d.in.data = data
	for {
		piece, more := d.next()
		if !more {
			d.done = true
			return d.err
		}
		if len(piece) == 0 {
			return nil // waits for more input
		}
		if d.left -= int64(len(piece)); d.left < 0 {
			d.done, d.err = true, errTooMuch
			d.stop()
			return d.err
		}
		each(piece)
	}
}

// Close ends the decoder: it is no fault that more could have come.
func (d *Decoder) Close() {
	err := d.err
	d.done = true
	d.stop()
	d.err = err
}

type decodeError string

func (e decodeError) Error() string { return string(e) }

const errTooMuch decodeError = "the decoded body is too large"

// pushed is the input of a decoder: what was written and not read yet.
type pushed struct {
	data []byte
	wait func() bool
}

func (p *pushed) Read(b []byte) (int, error) {
	for len(p.data) == 0 {
		if !p.wait() {
			return 0, io.ErrUnexpectedEOF
		}
	}
	n := copy(b, p.data)
	p.data = p.data[n:]
	return n, nil
}

func (p *pushed) ReadByte() (byte, error) {
	var one [1]byte
	_, err := p.Read(one[:])
	return one[0], err
}
