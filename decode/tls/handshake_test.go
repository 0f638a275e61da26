package tls

import (
	"strconv"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// A long message in records of one byte should cost about as much as short
// messages in as many records.
func BenchmarkMessageInTinyRecords(b *testing.B) {
	const total = 256 << 10
	for _, messages := range []int{1, 64} {
		b.Run(strconv.Itoa(messages)+"messages", func(b *testing.B) {
			b.SetBytes(total)
			for b.Loop() {
				feedTinyRecords(messages, total/messages)
			}
		})
	}
}

// feedTinyRecords feeds messages of so many bytes, a byte in a record behind
// the first ones.
func feedTinyRecords(messages, size int) {
	out := &nothing{}
	d := newDissector(dissect.Context{})
	const begin = 64
	n := size - handshakeHeader
	var b []byte
	for range messages {
		b = append(b, typeHandshake, 3, 1, 0, begin, certificateStatus, byte(n>>16), byte(n>>8), byte(n))
		b = append(b, make([]byte, begin-handshakeHeader)...)
		for range size - begin {
			b = append(b, typeHandshake, 3, 1, 0, 1, 0)
		}
	}
	for i := 0; len(b) > 0; i++ {
		c := b[:min(len(b), 1400)]
		b = b[len(c):]
		d.Feed(out, dissect.Chunk{Data: c, Offset: int64(i) * 1400, At: layer.PacketRef{Number: i + 1}})
	}
}
