package decode

import (
	"hash/maphash"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/layer"
)

// tally counts packets by the protocols in them. Most packets have the same
// few stacks of headers, so whole stacks are counted and taken apart later.
type tally struct {
	stacks []stackCount
	last   int
	index  map[uint64]int // of stacks, by hash; the first one of a hash
	seed   maphash.Seed
	apps   []flow.ProtocolCount
	order  []layer.Protocol // protocols by first sight
}

type stackCount struct {
	layers  []layer.Protocol
	packets int64
	bytes   int64
}

// maxStacks bounds the different stacks counted; hostile captures can nest
// tunnels in many ways.
const maxStacks = 4096

func (t *tally) packet(layers []header.Span, wire int) {
	if len(layers) == 0 {
		return
	}
	i := t.find(layers)
	t.stacks[i].packets++
	t.stacks[i].bytes += int64(wire)
	t.last = i
}

// find returns the index of a stack, making it where it is new.
func (t *tally) find(layers []header.Span) int {
	if t.last < len(t.stacks) && t.stacks[t.last].is(layers) {
		return t.last
	}
	sum := t.sum(layers)
	i, known := t.index[sum]
	if known && t.stacks[i].is(layers) {
		return i
	}
	if len(t.stacks) >= maxStacks {
		return len(t.stacks) - 1
	}
	names := make([]layer.Protocol, len(layers))
	for i := range layers {
		names[i] = layers[i].Protocol
		t.sight(names[i])
	}
	t.stacks = append(t.stacks, stackCount{layers: names})
	if !known {
		t.index[sum] = len(t.stacks) - 1
	}
	return len(t.stacks) - 1
}

// sum hashes a stack. The seed is drawn, so that nobody can make two stacks of
// one hash; if chance does, the second is kept several times, and into adds up.
func (t *tally) sum(layers []header.Span) uint64 {
	if t.index == nil {
		t.index, t.seed = map[uint64]int{}, maphash.MakeSeed()
	}
	var h maphash.Hash
	h.SetSeed(t.seed)
	for i := range layers {
		h.WriteString(string(layers[i].Protocol))
		h.WriteByte(0)
	}
	return h.Sum64()
}

// stack returns the protocols of a packet's headers; the slice is shared and
// must not be changed.
func (t *tally) stack(layers []header.Span) []layer.Protocol {
	return t.stacks[t.find(layers)].layers
}

func (s *stackCount) is(layers []header.Span) bool {
	if len(s.layers) != len(layers) {
		return false
	}
	for i := range layers {
		if s.layers[i] != layers[i].Protocol {
			return false
		}
	}
	return true
}

func (t *tally) sight(p layer.Protocol) {
	for _, q := range t.order {
		if q == p {
			return
		}
	}
	t.order = append(t.order, p)
}

// count counts a packet in which an application protocol was seen.
func (t *tally) count(p layer.Protocol, wire int) {
	for i := range t.apps {
		if t.apps[i].Protocol == p {
			t.apps[i].Packets++
			t.apps[i].Bytes += int64(wire)
			return
		}
	}
	t.sight(p)
	t.apps = append(t.apps, flow.ProtocolCount{Protocol: p, Packets: 1, Bytes: int64(wire)})
}

// into writes the counts by protocol into the model.
func (t *tally) into(m *flow.Model, registry []dissect.Protocol) {
	m.Protocols = m.Protocols[:0]
	for _, p := range t.order {
		n := flow.ProtocolCount{Protocol: p, OSI: osiOf(p, registry)}
		for i := range t.stacks {
			if s := &t.stacks[i]; s.has(p) {
				n.Packets += s.packets
				n.Bytes += s.bytes
			}
		}
		for i := range t.apps {
			if t.apps[i].Protocol == p {
				n.Packets += t.apps[i].Packets
				n.Bytes += t.apps[i].Bytes
			}
		}
		m.Protocols = append(m.Protocols, n)
	}
}

func (s *stackCount) has(p layer.Protocol) bool {
	for _, q := range s.layers {
		if q == p {
			return true
		}
	}
	return false
}
