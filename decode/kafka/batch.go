package kafka

import (
	"encoding/binary"
	"strconv"
)

// batch is a record batch (magic 2), or a set of messages of the older formats.
type batch struct {
	magic       int8
	size        int64 // with its header
	records     int64
	compression string
	crc         uint32 // of what is in it: the same when produced and when fetched
	whole       bool   // all of it is there
	control     bool   // written by the broker to end a transaction
	transaction bool
}

// Where things are in a batch (magic 2), and in the entries of older formats
// up to the attributes.
const (
	atLength     = 8
	atMagic      = 16
	atCRC        = 17
	atAttributes = 21
	atRecords    = 57
	batchFixed   = 61
	oldCRC       = 12
	oldFixed     = 26
)

var compressions = [8]string{"none", "gzip", "snappy", "lz4", "zstd", "5", "6", "7"}

// readBatches calls f for each batch of a list of which b holds the beginning.
// The last one may be cut short: brokers send as much as fits.
func readBatches(b []byte, f func(*batch)) {
	for len(b) >= atMagic+1 {
		size := int64(atLength+4) + int64(int32(binary.BigEndian.Uint32(b[atLength:])))
		if size < oldFixed {
			return
		}
		t := batch{magic: int8(b[atMagic]), size: size, whole: int64(len(b)) >= size}
		switch {
		case t.magic == 2 && len(b) >= batchFixed:
			attributes := binary.BigEndian.Uint16(b[atAttributes:])
			t.compression = compressions[attributes&7]
			t.transaction, t.control = attributes&0x10 != 0, attributes&0x20 != 0
			t.records = int64(int32(binary.BigEndian.Uint32(b[atRecords:])))
			t.crc = binary.BigEndian.Uint32(b[atCRC:])
		case t.magic >= 0 && t.magic < 2 && len(b) >= oldFixed:
			t.compression = compressions[b[atMagic+1]&7]
			t.records = 1 // or, compressed, a set of an unknown number
			t.crc = binary.BigEndian.Uint32(b[oldCRC:])
		default:
			return
		}
		if t.records < 0 || size > maxMessage {
			return
		}
		f(&t)
		if !t.whole {
			return
		}
		b = b[size:]
	}
}

// digest tells batches apart wherever they pass.
func (b *batch) digest() string { return strconv.FormatUint(uint64(b.crc), 16) }
