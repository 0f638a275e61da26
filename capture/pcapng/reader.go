package pcapng

import (
	"fmt"
	"io"
	"sync"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/window"
)

// Reader reads the frames of one pcapng input. Next must not be called from
// two goroutines; Info and FrameAt may be called beside it.
type Reader struct {
	in      *window.Reader
	name    string
	number  int
	err     error // what Next returns from now on
	current section

	silent      bool // damage was reported and no frame was read since
	skipOptions bool // the next block's options were reported as malformed
	secretBytes int

	mu       sync.Mutex // held to change what follows; only Next changes it
	sections []section
	ifaces   []iface
	info     capture.Info
	snapshot *capture.Info
	changed  bool
}

// NewReader begins at the first Section Header Block; name is how errors and
// Info call the input.
func NewReader(in *window.Reader, name string) (*Reader, error) {
	b, err := in.Peek(blockOverhead)
	if !Magic(b) {
		return nil, fmt.Errorf("%s: %w", name, capture.ErrFormat)
	}
	if _, ended := window.Ended(err); err != nil && !ended {
		return nil, err
	}
	return &Reader{in: in, name: name, info: capture.Info{Source: name, Format: "pcapng"}}, nil
}

// Next reads the next frame. Its data is valid until the next call.
func (r *Reader) Next(f *capture.Frame) error {
	if r.err != nil {
		return r.err
	}
	for {
		block, kind, b := r.block()
		if b.err != nil {
			r.err = b.err
			return r.err
		}
		if b.text == "" && isPacket(kind) {
			var dropped uint16
			dropped, b.text = packet(kind, block[blockHeader:len(block)-4], r.current.order, r.ifaces, r.current.interfaces, r.skipOptions, f)
			if b.text == "" {
				r.frame(f, dropped)
				r.in.Advance(len(block))
				return nil
			}
		} else if b.text == "" {
			b.text = r.take(kind, block)
		}
		if b.text == "" {
			r.in.Advance(len(block))
			continue
		}
		if err := r.damage(b.text, len(block)); err != nil {
			return err
		}
	}
}

// bad is why there is no block: an error of reading, or damage.
type bad struct {
	err  error
	text string
}

// block returns the block at the current position, checked to be whole. With a
// text, the block's own length cannot be believed and the block is nil.
func (r *Reader) block() (block []byte, kind uint32, b bad) {
	window, err := r.in.Peek(blockOverhead)
	if err != nil {
		return nil, 0, r.ended(len(window), err)
	}
	o := r.current.order
	kind = o.uint32(window)
	if kind == blockSection { // reads the same either way
		var ok bool
		if o, ok = orderOf(window[8:]); !ok {
			return nil, 0, bad{text: "a section without a byte order magic"}
		}
	} else if len(r.sections) == 0 {
		return nil, 0, bad{text: "no section header"}
	}
	total := o.uint32(window[4:])
	if text := lengthProblem(kind, total); text != "" {
		return nil, 0, bad{text: text}
	}
	n := int(total)
	if len(window) < n {
		if window, err = r.in.Peek(n); err != nil {
			return nil, 0, r.ended(len(window), err)
		}
	}
	if again := o.uint32(window[n-4:]); again != total {
		return nil, 0, bad{text: fmt.Sprintf("a block says it has %d bytes, and %d at its end", total, again)}
	}
	return window[:n:n], kind, bad{}
}

func lengthProblem(kind, total uint32) string {
	switch {
	case total < blockOverhead, kind == blockSection && total < minSection:
		return fmt.Sprintf("a block of %d bytes is too short", total)
	case total > maxBlock:
		return fmt.Sprintf("a block claims %d bytes, more than any block has (%d)", total, maxBlock)
	case total%4 != 0:
		return fmt.Sprintf("a block of %d bytes, which is no multiple of 4", total)
	}
	return ""
}

// frame finishes a frame that was read, before its block is consumed.
func (r *Reader) frame(f *capture.Frame, dropped uint16) {
	r.number++
	f.Number = r.number
	f.Offset = r.in.Offset()
	r.silent, r.skipOptions = false, false
	if dropped > 0 {
		r.mu.Lock()
		r.info.Interfaces[f.Interface].Dropped += uint64(dropped)
		r.changed = true
		r.mu.Unlock()
	}
}

// take keeps what a block without a packet says. Blocks of other types,
// custom blocks among them, are left out.
func (r *Reader) take(kind uint32, block []byte) string {
	body := block[blockHeader : len(block)-4]
	switch kind {
	case blockSection:
		o, _ := orderOf(body)
		return r.beginSection(body, o, r.in.Offset())
	case blockInterface:
		return r.describeInterface(body)
	case blockNames:
		return r.names(body)
	case blockStatistics:
		return r.statistics(body)
	case blockSecrets:
		return r.secrets(body)
	}
	return ""
}

// ended is the end of the input where have bytes of a block were left.
func (r *Reader) ended(have int, err error) bad {
	text, ended := window.Ended(err)
	switch {
	case !ended:
		return bad{err: err}
	case text != "":
		return bad{text: text}
	case have > 0:
		return bad{text: "the file is cut off in the middle of a block"}
	}
	return bad{err: io.EOF}
}
