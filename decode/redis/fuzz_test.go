package redis

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add(cmd("SUBSCRIBE", "a", "b")+cmd("HELLO", "3")+"PING\r\n", "*3\r\n"+bulk("subscribe")+bulk("a")+":1\r\n%1\r\n+a\r\n:1\r\n+PONG\r\n", false, uint8(3))
	f.Add(cmd("CLIENT", "REPLY", "SKIP")+cmd("MULTI")+cmd("EXEC"), "|1\r\n+a\r\n*0\r\n*?\r\n$?\r\n;1\r\na\r\n;0\r\n.\r\n*-1\r\n"+pushed("x"), true, uint8(1))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
