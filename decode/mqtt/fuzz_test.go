package mqtt

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add(hello(5, 0xfe, "\x00", str("c"), "\x00", str("w"), str("m"), str("u"), str("p")), packet(0x20, "\x00\x00\x00"), false, uint8(3))
	f.Add(packet(0x34, str("t"), "\x00\x07", "x")+packet(0x62, "\x00\x07"), packet(0x50, "\x00\x07")+packet(0x70, "\x00\x07"), true, uint8(1))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
