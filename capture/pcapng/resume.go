package pcapng

import (
	"io"

	"github.com/wiresight/wiresight/capture"
)

// maxPlausible bounds the blocks that a search for the next one believes in.
const maxPlausible = 1 << 20

// damage handles a malformed block at the current position: it goes to the
// next block that can be told, and returns what Next reports. It returns nil
// where nothing new is to be said: one report is enough until the next frame.
// length is the block's where its two lengths agree, else 0.
func (r *Reader) damage(text string, length int) error {
	d := &capture.Damage{File: r.name, Frame: r.number, Offset: r.in.Offset(), Text: text}
	if length > 0 && !r.skipOptions && text == "a packet with "+badOptions {
		// The packet itself is whole: the next call reads it.
		r.skipOptions = true
		d.Recovered = true
	} else {
		r.skipOptions = false
		d.Recovered = r.resume(length)
	}
	if !d.Recovered && r.err == nil {
		r.err = io.EOF
	}
	if r.silent {
		return r.err
	}
	r.silent = true
	return d
}

// resume goes to the next plausible block, 4-byte aligned as blocks are.
func (r *Reader) resume(length int) bool {
	step := max(length, 4)
	for {
		b, err := r.in.Peek(step + blockOverhead)
		if err != nil {
			r.in.Advance(len(b))
			return false
		}
		r.in.Advance(step)
		step = 4
		if r.plausible() {
			return true
		}
	}
}

// plausible says whether a block of a known type, whose two lengths agree,
// is at the current position.
func (r *Reader) plausible() bool {
	b, err := r.in.Peek(blockOverhead)
	if err != nil {
		return false
	}
	o := r.current.order
	kind := o.uint32(b)
	switch kind {
	case blockSection:
		var ok bool
		if o, ok = orderOf(b[8:]); !ok {
			return false
		}
	case blockInterface, blockPacket, blockSimplePacket, blockNames, blockStatistics,
		blockEnhancedPacket, blockSecrets, blockCustom, blockCustomNotCopied:
		if len(r.sections) == 0 {
			return false
		}
	default:
		return false
	}
	total := o.uint32(b[4:])
	if total > maxPlausible || lengthProblem(kind, total) != "" {
		return false
	}
	n := int(total)
	if b, err = r.in.Peek(n); err != nil {
		return false
	}
	return o.uint32(b[n-4:]) == total
}
