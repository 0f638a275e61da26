package component

import (
	"slices"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// Run is one of the runs of bytes that a packet's layers count from: the
// frame, or what was put together or decrypted.
type Run struct {
	Title   string // "Frame", "Reassembled TCP"
	Data    []byte
	Packets []int // that carried them; none for the frame
}

// BytesOf returns the frame and every further run of bytes, and for each
// layer which of them it counts from, -1 where its bytes are not at hand.
func BytesOf(frame []byte, layers []layer.Layer) (runs []Run, of []int) {
	runs = []Run{{Title: "Frame", Data: frame}}
	for i := range layers {
		l := &layers[i]
		switch {
		case l.Source == layer.Frame:
			of = append(of, 0)
			continue
		case len(l.Data) == 0:
			of = append(of, -1)
			continue
		}
		at := slices.IndexFunc(runs, func(r Run) bool { return same(r.Data, l.Data) })
		if at < 0 {
			at = len(runs)
			verb := "Reassembled"
			if l.Source == layer.Decrypted {
				verb = "Decrypted"
			}
			runs = append(runs, Run{Title: verb + " " + carrier(layers, i), Data: l.Data, Packets: l.Packets})
		}
		of = append(of, at)
	}
	return runs, of
}

// same reports whether two runs are the same memory.
func same(a, b []byte) bool { return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0] }

// carrier names the protocol that carried a layer's bytes: what was encrypted
// is of the one that encrypts (OSI layers 5 and 6, and QUIC), what was put
// together of the one below.
func carrier(layers []layer.Layer, i int) string {
	if layers[i].Source == layer.Decrypted {
		for j := i; j >= 0; j-- {
			if k := &layers[j]; k.OSI == 5 || k.OSI == 6 || k.Protocol == "quic" {
				return strings.ToUpper(string(k.Protocol))
			}
		}
	}
	for j := i - 1; j >= 0; j-- {
		if k := &layers[j]; k.OSI < layers[i].OSI {
			return strings.ToUpper(string(k.Protocol))
		}
	}
	return strings.ToUpper(string(layers[i].Protocol))
}
