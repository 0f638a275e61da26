package quic

import (
	"slices"
	"testing"
	"time"
)

func TestTransportParameters(t *testing.T) {
	token := []byte("0123456789abcdef")
	b := slices.Concat(
		varints(paramIdleTimeout, 4), []byte{0x80, 0, 0x75, 0x30}, varints(paramMaxData, 2), []byte{0x47, 0xd0},
		varints(paramNoMigration, 0), varints(paramResetToken, resetToken), token, varints(paramInitialSource, 2, 1, 2),
		varints(0x1f*7+27, 3), []byte("???"), varints(paramDatagram, 1, 63),
	)
	p, list, ok := parseParameters(b)
	if !ok || len(list) != 7 || p.MaxIdleTimeout != int64(30*time.Second) || p.MaxData != 2000 || !p.NoMigration || !p.StatelessResetToken ||
		p.InitialSourceID != "0102" || p.MaxDatagram != 63 || p.AckDelayExponent != 3 || p.MaxAckDelay != int64(25*time.Millisecond) {
		t.Errorf("%v %d %+v", ok, len(list), p)
	}
	for name, b := range map[string][]byte{
		"a length beyond the end":   varints(paramMaxData, 9, 1),
		"a number with a tail":      varints(paramMaxData, 2, 1, 1),
		"a short token":             varints(paramResetToken, 1, 1),
		"an id of 21 bytes":         append(varints(paramInitialSource, 21), make([]byte, 21)...),
		"a preferred address of 10": append(varints(paramPreferredAddress, 10), make([]byte, 10)...),
	} {
		if _, _, ok := parseParameters(b); ok {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzParameters(f *testing.F) {
	f.Add(varints(paramMaxData, 1, 5, paramNoMigration, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, list, _ := parseParameters(b)
		if len(list) > maxParameters || p.AckDelayExponent > 20 && p.AckDelayExponent != 3 || p.MaxAckDelay < 0 || p.MaxIdleTimeout < 0 {
			t.Errorf("%d parameters, %+v", len(list), p)
		}
		parameterList(list)
	})
}
