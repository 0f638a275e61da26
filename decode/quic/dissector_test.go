package quic

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// A datagram of many small packets that no key opens costs no more key
// derivations than one of a single packet.
func TestKeysAreTriedFewTimesForOneDatagram(t *testing.T) {
	var b []byte
	for i := range 40 {
		b = append(b, 0xc0, 0, 0, 0, 1, 1, byte(i), 0, 0, 20) // Initial, version 1, DCID of a byte
		b = append(b, make([]byte, 20)...)
	}
	d := newDissector(dissect.Context{}, &budget{})
	d.Feed(&nothing{}, dissect.Chunk{Data: b, At: layer.PacketRef{Number: 1}})
	if d.derived == 0 || d.derived > maxTries {
		t.Errorf("keys were derived %d times", d.derived)
	}
}
