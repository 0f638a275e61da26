package pcapng

import (
	"encoding/binary"
	"io"

	"github.com/wiresight/wiresight/capture"
)

// nanoseconds is if_tsresol of 10^-9 seconds.
const nanoseconds = 9

// application is who wrote the file (shb_userappl).
const application = "wiresight"

var little = binary.LittleEndian

// begun appends a block's type and room for its length.
func begun(b []byte, kind uint32) []byte {
	b = little.AppendUint32(b, kind)
	return little.AppendUint32(b, 0)
}

// ended fills in the length of the block that begins at start, at both ends.
func ended(b []byte, start int) []byte {
	n := uint32(len(b) - start + 4)
	little.PutUint32(b[start+4:], n)
	return little.AppendUint32(b, n)
}

// appendPadded appends data and what makes its length a multiple of 4.
func appendPadded[T string | []byte](b []byte, data T) []byte {
	b = append(b, data...)
	return append(b, 0, 0, 0)[:len(b)+padded(len(data))-len(data)]
}

func appendOption[T string | []byte](b []byte, code uint16, value T) []byte {
	b = little.AppendUint16(b, code)
	b = little.AppendUint16(b, uint16(len(value)))
	return appendPadded(b, value)
}

// appendSection appends a Section Header Block (section 4.1) of a section
// whose length is not known.
func appendSection(b []byte) []byte {
	start := len(b)
	b = begun(b, blockSection)
	b = little.AppendUint32(b, byteOrderMagic)
	b = little.AppendUint16(b, 1)
	b = little.AppendUint16(b, 0)
	b = little.AppendUint64(b, 1<<64-1)
	b = appendOption(b, optApplication, application)
	b = appendOption(b, optEnd, "")
	return ended(b, start)
}

// appendInterface appends an Interface Description Block (section 4.2).
func appendInterface(b []byte, link capture.LinkType, about capture.Interface) []byte {
	start := len(b)
	b = begun(b, blockInterface)
	b = little.AppendUint16(b, uint16(link))
	b = little.AppendUint16(b, 0)
	b = little.AppendUint32(b, uint32(about.SnapLength))
	if name := about.Name; name != "" {
		b = appendOption(b, optInterfaceName, name[:min(len(name), maxOption)])
	}
	b = appendOption(b, optTimeResolution, []byte{nanoseconds})
	b = appendOption(b, optEnd, "")
	return ended(b, start)
}

// appendPacket appends an Enhanced Packet Block (section 4.3).
func appendPacket(b []byte, id uint32, f *capture.Frame) []byte {
	start := len(b)
	b = begun(b, blockEnhancedPacket)
	b = little.AppendUint32(b, id)
	stamp := uint64(max(0, f.Nanos))
	b = little.AppendUint32(b, uint32(stamp>>32))
	b = little.AppendUint32(b, uint32(stamp))
	b = little.AppendUint32(b, uint32(len(f.Data)))
	b = little.AppendUint32(b, uint32(f.Length))
	b = appendPadded(b, f.Data)
	for _, c := range f.Comments {
		b = appendOption(b, optComment, c[:min(len(c), maxOption)])
	}
	if len(f.Comments) > 0 {
		b = appendOption(b, optEnd, "")
	}
	return ended(b, start)
}

// appendStatistics appends an Interface Statistics Block (section 4.6).
func appendStatistics(b []byte, id uint32, nanos int64, dropped uint64) []byte {
	start := len(b)
	b = begun(b, blockStatistics)
	b = little.AppendUint32(b, id)
	b = little.AppendUint32(b, uint32(uint64(nanos)>>32))
	b = little.AppendUint32(b, uint32(nanos))
	b = appendOption(b, optDropped, little.AppendUint64(nil, dropped))
	b = appendOption(b, optEnd, "")
	return ended(b, start)
}

// buffered reads blocks that are still in memory.
type buffered []byte

// ReadAt implements io.ReaderAt.
func (b buffered) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 || offset > int64(len(b)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, b[offset:])
	if n < len(p) {
		return n, io.ErrUnexpectedEOF
	}
	return n, nil
}
