package postgresql

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add(start(3<<16, hello)+msg('P', "s\x00select $1\x00\x00\x00")+msg('B', "\x00s\x00\x00\x00\x00\x00\x00\x00")+msg('H')+msg('S'), msg('R', "\x00\x00\x00\x00")+ready+msg('1')+msg('2')+row("x")+ready, false, uint8(3))
	f.Add(start(codeSSL, "")+"\x16\x03", "S\x16\x03", false, uint8(1))
	f.Add(msg('Q', "select 1\x00")+msg('X'), msg('E', "SFATAL\x00C57P01\x00\x00")+msg('A', "\x00\x00\x00\x01a\x00b\x00"), true, uint8(1))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
