package pcapng

import (
	"fmt"
	"io"

	"github.com/wiresight/wiresight/capture"
)

// packet fills f from a block that holds a packet and was checked to be whole.
// first is the section's first interface in ifaces. A text says what is wrong;
// dropped is what the obsolete block says was lost before this packet.
func packet(kind uint32, body []byte, o order, ifaces []iface, first int, skipOptions bool, f *capture.Frame) (dropped uint16, text string) {
	if kind == blockSimplePacket {
		return 0, simplePacket(body, o, ifaces, first, f)
	}
	if len(body) < enhancedHeader {
		return 0, "a packet block that is too short"
	}
	index := o.uint32(body)
	if kind == blockPacket {
		index = uint32(o.uint16(body))
		if dropped = o.uint16(body[2:]); dropped == 0xffff {
			dropped = 0 // not known
		}
	}
	if uint64(index) >= uint64(len(ifaces)-first) {
		return 0, fmt.Sprintf("a packet of interface %d, which is not described", index)
	}
	captured := o.uint32(body[12:])
	switch {
	case captured > maxCaptured:
		return 0, fmt.Sprintf("the next packet claims %d captured bytes, more than any packet has (%d)", captured, maxCaptured)
	case int(captured) > len(body)-enhancedHeader:
		return 0, fmt.Sprintf("the next packet claims %d captured bytes, more than its block has", captured)
	}
	end := enhancedHeader + int(captured)
	f.Comments = nil
	if options := body[min(padded(end), len(body)):]; len(options) > 0 && !skipOptions {
		var ok bool
		if f.Comments, ok = o.comments(options); !ok {
			return 0, "a packet with " + badOptions
		}
	}
	i := &ifaces[first+int(index)]
	f.Nanos = i.clock.nanos(uint64(o.uint32(body[4:]))<<32 | uint64(o.uint32(body[8:])))
	f.Link = i.link
	f.Interface = first + int(index)
	f.Length = int(o.uint32(body[16:]))
	f.Data = body[enhancedHeader:end:end]
	return dropped, ""
}

// simplePacket takes a Simple Packet Block (section 4.4): interface 0, no time,
// and as many bytes as the snap length allows.
func simplePacket(body []byte, o order, ifaces []iface, first int, f *capture.Frame) string {
	if len(body) < 4 {
		return "a packet block that is too short"
	}
	if len(ifaces) == first {
		return "a packet of interface 0, which is not described"
	}
	i := &ifaces[first]
	length := o.uint32(body)
	captured := length
	if i.snap != 0 {
		captured = min(captured, i.snap)
	}
	switch {
	case captured > maxCaptured:
		return fmt.Sprintf("the next packet claims %d captured bytes, more than any packet has (%d)", captured, maxCaptured)
	case int(captured) > len(body)-4:
		return fmt.Sprintf("the next packet claims %d captured bytes, more than its block has", captured)
	}
	end := 4 + int(captured)
	f.Nanos = 0
	f.Link = i.link
	f.Interface = first
	f.Length = int(length)
	f.Data = body[4:end:end]
	f.Comments = nil
	return ""
}

// FrameAt reads the frame whose block begins at offset again from src, the
// same bytes that the reader reads. The frame owns its data.
func (r *Reader) FrameAt(src io.ReaderAt, number int, offset int64, f *capture.Frame) error {
	s, ifaces := r.sectionAt(offset)
	block, err := readBlock(src, offset, s.order)
	if err != nil {
		return fmt.Errorf("%s: packet %d: %w", r.name, number, err)
	}
	kind := s.order.uint32(block)
	if !isPacket(kind) || s.interfaces > len(ifaces) {
		return fmt.Errorf("%s: packet %d is not at byte %d any more", r.name, number, offset)
	}
	if _, text := packet(kind, block[blockHeader:], s.order, ifaces, s.interfaces, false, f); text == "a packet with "+badOptions {
		_, text = packet(kind, block[blockHeader:], s.order, ifaces, s.interfaces, true, f)
		if text != "" {
			return fmt.Errorf("%s: packet %d: %s", r.name, number, text)
		}
	} else if text != "" {
		return fmt.Errorf("%s: packet %d: %s", r.name, number, text)
	}
	f.Number, f.Offset = number, offset
	return nil
}

// readBlock reads the block at offset but for its trailing length.
func readBlock(src io.ReaderAt, offset int64, o order) ([]byte, error) {
	header := make([]byte, blockHeader)
	if n, err := src.ReadAt(header, offset); n < len(header) {
		return nil, err
	}
	total := o.uint32(header[4:])
	if total < blockOverhead || total > maxBlock {
		return nil, io.ErrUnexpectedEOF
	}
	block := make([]byte, total-4)
	if n, err := src.ReadAt(block, offset); n < len(block) {
		return nil, err
	}
	return block, nil
}

func isPacket(kind uint32) bool {
	return kind == blockEnhancedPacket || kind == blockSimplePacket || kind == blockPacket
}
