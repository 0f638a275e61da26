package amqp

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
)

// No bytes make the dissector panic, and where nothing is wrong with them the
// messages do not depend on how they are cut.
func FuzzDissector(f *testing.F) {
	f.Add(hello+call(1, 85, 10, "\x00")+publish("ex", "a")+message(1, "r", "i", "x"), call(1, 85, 11)+call(1, 60, 80, tag(1), "\x01")+deliver("", "r", 1)+message(1, "", "i", "y"), false, uint8(3))
	f.Add("AMQP\x00\x01\x00\x00\x00\x00\x00\x0a\x02\x00\x00\x00\x00\x53", call(0, 10, 10, "\x00\x09", longs(shorts("p")+"F"+longs("")), longs("P"), longs("e")), true, uint8(1))
	f.Fuzz(func(t *testing.T, client, server string, late bool, size uint8) {
		dissecttest.Hostile(t, Protocol(), client, server, late, size)
	})
}
