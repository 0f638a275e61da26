package memcached

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add("set k 0 60 5\r\nhello\r\nget k\r\nmg a v q\r\nmn\r\n", "STORED\r\nVALUE k 0 5\r\nhello\r\nEND\r\nVA 1\r\nx\r\nMN\r\n", false, uint8(3))
	f.Add("stats\r\ncas k 0 0 1 7\r\nx\r\nbogus\r\n", "STAT a b\r\nEND\r\nEXISTS\r\nERROR\r\n12\r\n", true, uint8(1))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
