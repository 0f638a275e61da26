// Package pcap reads the pcap file format (draft-ietf-opsawg-pcap) in all its
// forms: both byte orders, micro- and nanoseconds, and the variant with longer
// record headers that patched Linux systems wrote. It parses in place and
// takes from the input only what the format says; what lies in the frames is
// none of its business.
package pcap

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/window"
)

// The magic numbers, as they read in the file's own byte order.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // Kuznetzov's patch: 8 more bytes in each record header
)

const (
	fileHeaderSize   = 24
	recordHeaderSize = 16
	modifiedSize     = 24

	// maxCaptured is the longest frame that is believed; Wireshark's bound.
	maxCaptured = 262144
)

// Magic says whether b begins a pcap file.
func Magic(b []byte) bool {
	_, ok := parseMagic(b)
	return ok
}

// format is what the magic number decides.
type format struct {
	swapped    bool  // big endian
	unit       int64 // nanoseconds of the fraction field's step
	headerSize int   // of a record
}

func parseMagic(b []byte) (format, bool) {
	if len(b) < 4 {
		return format{}, false
	}
	magic := binary.LittleEndian.Uint32(b)
	for _, swapped := range [...]bool{false, true} {
		switch magic {
		case magicMicro:
			return format{swapped, 1000, recordHeaderSize}, true
		case magicNano:
			return format{swapped, 1, recordHeaderSize}, true
		case magicModified:
			return format{swapped, 1000, modifiedSize}, true
		}
		magic = bits.ReverseBytes32(magic)
	}
	return format{}, false
}

func (h *format) uint32(b []byte) uint32 {
	v := binary.LittleEndian.Uint32(b)
	if h.swapped {
		v = bits.ReverseBytes32(v)
	}
	return v
}

func (h *format) uint16(b []byte) uint16 {
	v := binary.LittleEndian.Uint16(b)
	if h.swapped {
		v = bits.ReverseBytes16(v)
	}
	return v
}

// lengths is the order of a record's two length fields, which files before
// version 2.4 do not agree on.
type lengths uint8

const (
	capturedFirst lengths = iota
	originalFirst
	smallerIsCaptured
)

// Reader reads the frames of one pcap input. Next must not be called from two
// goroutines; Info and FrameAt may be called beside it.
type Reader struct {
	in      *window.Reader
	name    string
	format  format
	lengths lengths
	link    capture.LinkType
	info    capture.Info
	number  int
	err     error // what Next returns from now on
}

// NewReader reads the file's header; name is how errors and Info call the
// input. A header that is cut off is a *capture.Damage.
func NewReader(in *window.Reader, name string) (*Reader, error) {
	r := &Reader{in: in, name: name}
	b, err := in.Peek(fileHeaderSize)
	h, ok := parseMagic(b)
	if !ok {
		return nil, fmt.Errorf("%s: %w", name, capture.ErrFormat)
	}
	if err != nil {
		return nil, r.cutOff("the file header", len(b), err)
	}
	r.format = h
	r.lengths = lengthOrder(h.uint16(b[4:]), h.uint16(b[6:]))
	// The upper 16 bits of the network field tell about a frame check
	// sequence (draft-ietf-opsawg-pcap section 4).
	r.link = capture.LinkType(h.uint32(b[20:]))
	r.info = capture.Info{Source: name, Format: "pcap", Interfaces: []capture.Interface{{
		Link:       r.link,
		SnapLength: int(h.uint32(b[16:])),
		Resolution: h.unit,
	}}}
	in.Advance(fileHeaderSize)
	return r, nil
}

func lengthOrder(major, minor uint16) lengths {
	switch {
	case major == 2 && minor < 3, major == 543: // 543.0 is what DG/UX's tcpdump wrote
		return originalFirst
	case major == 2 && minor == 3:
		return smallerIsCaptured
	}
	return capturedFirst
}

// Info describes the file; it does not change.
func (r *Reader) Info() *capture.Info { return &r.info }

// Next reads the next frame. Its data is valid until the next call.
func (r *Reader) Next(f *capture.Frame) error {
	if r.err != nil {
		return r.err
	}
	header := r.format.headerSize
	b, err := r.in.Peek(header)
	if err != nil {
		return r.cutOff("a packet's header", len(b), err)
	}
	captured := r.record(b, f)
	if captured > maxCaptured {
		return r.damage(fmt.Sprintf("the next packet claims %d captured bytes, more than any packet has (%d)", captured, maxCaptured))
	}
	n := header + int(captured)
	if len(b) < n {
		if b, err = r.in.Peek(n); err != nil {
			return r.cutOff("a packet", len(b), err)
		}
	}
	f.Offset = r.in.Offset()
	f.Data = b[header:n:n]
	r.in.Advance(n)
	r.number++
	f.Number = r.number
	return nil
}

// record fills f from a record's header and returns the captured length.
func (r *Reader) record(b []byte, f *capture.Frame) (captured uint32) {
	h := &r.format
	captured, original := h.uint32(b[8:]), h.uint32(b[12:])
	if r.lengths == originalFirst || r.lengths == smallerIsCaptured && captured > original {
		captured, original = original, captured
	}
	// 2^32 seconds and 2^32 steps more stay far below 2^63 nanoseconds.
	f.Nanos = int64(h.uint32(b))*1e9 + int64(h.uint32(b[4:]))*h.unit
	f.Link = r.link
	f.Interface = 0
	f.Length = int(original)
	f.Comments = nil
	return captured
}

// FrameAt reads the frame whose record begins at offset again from src, the
// same bytes that the reader reads. The frame owns its data.
func (r *Reader) FrameAt(src io.ReaderAt, number int, offset int64, f *capture.Frame) error {
	header := make([]byte, r.format.headerSize)
	if n, err := src.ReadAt(header, offset); n < len(header) {
		return fmt.Errorf("%s: packet %d: %w", r.name, number, err)
	}
	captured := r.record(header, f)
	if captured > maxCaptured {
		return fmt.Errorf("%s: packet %d is not at byte %d any more", r.name, number, offset)
	}
	f.Data = make([]byte, captured)
	if n, err := src.ReadAt(f.Data, offset+int64(len(header))); n < len(f.Data) {
		return fmt.Errorf("%s: packet %d: %w", r.name, number, err)
	}
	f.Number, f.Offset = number, offset
	return nil
}

// cutOff is the end of the input where part of what was left of have bytes.
func (r *Reader) cutOff(part string, have int, err error) error {
	text, ended := window.Ended(err)
	switch {
	case !ended:
		r.err = err
		return err
	case text != "":
		return r.damage(text)
	case have > 0 || r.info.Format == "":
		return r.damage("the file is cut off in the middle of " + part)
	}
	r.err = io.EOF
	return io.EOF
}

func (r *Reader) damage(text string) error {
	r.err = io.EOF
	return &capture.Damage{File: r.name, Frame: r.number, Offset: r.in.Offset(), Text: text}
}
