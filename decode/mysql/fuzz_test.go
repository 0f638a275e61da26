package mysql

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add(enter(basic)+pkt(0, "\x03select 1"), greet(basic)+pkt(2, ok)+pkt(1, "\x01")+pkt(2, "c")+pkt(3, eof)+pkt(4, "\x017")+pkt(5, eof), false, uint8(3))
	f.Add(pkt(0, "\x17"+le(4, 1))+pkt(0, "\x03\x01\x01\x00\x01\xfe\x00\x01a\x01bselect"), pkt(1, "\xff\x28\x04#42000x"), true, uint8(1))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
