package nats

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add(hello+"PING\r\nPUB a r 1\r\nx\r\nSUB a q 1\r\nUNSUB 1 2\r\n", info+"PONG\r\nMSG r 1 1\r\ny\r\n-ERR 'x'\r\n", false, uint8(3))
	f.Add("HPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\n", "HMSG a 1 r 12 12\r\nNATS/1.0\r\n\r\n\r\n", true, uint8(1))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
