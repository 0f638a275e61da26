package display

import (
	"regexp"
	"strings"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// test judges one value.
type test interface{ holds(value string) bool }

// comparison asks a field's values a question: some of them must pass the
// test, or all.
type comparison struct {
	field
	test test
	all  bool
	mask uint64 // only the values' bits under it count; 0 for no mask
}

// judge runs the test over the values that visitAll yields.
func (n *comparison) judge(visitAll func(visit)) truth {
	any, every := false, true
	visitAll(func(value string) bool {
		if n.mask != 0 {
			value = masked(value, n.mask)
		}
		if n.test.holds(value) {
			any = true
			return n.all
		}
		every = false
		return !n.all
	})
	if n.all {
		return truthOf(any && every)
	}
	return truthOf(any)
}

func (n *comparison) packet(p *wiresight.Packet) truth {
	return n.judge(func(v visit) { n.values(p, v) })
}

func (n *comparison) conversation(c *flow.Conversation) truth {
	return n.ask(c, func() truth { return n.judge(func(v visit) { n.whole(c, v) }) })
}

func (n *comparison) needsPackets() bool { return n.whole == nil }

// relation is one of the six ways to order two values.
type relation struct {
	to   literal
	less bool
	same bool
	more bool
}

func (t relation) holds(value string) bool {
	order, ok := t.to.compare(value)
	switch {
	case !ok: // of another kind: not equal, and in no order
		return t.less && t.more
	case order < 0:
		return t.less
	case order > 0:
		return t.more
	}
	return t.same
}

// member is one of a set's values, or of its ranges.
type member []span

type span struct{ from, to literal }

func (t member) holds(value string) bool {
	for i := range t {
		low, ok := t[i].from.compare(value)
		if !ok || low < 0 {
			continue
		}
		high, ok := t[i].to.compare(value)
		if ok && high <= 0 {
			return true
		}
	}
	return false
}

type contains string

func (t contains) holds(value string) bool { return strings.Contains(value, string(t)) }

type matches struct{ *regexp.Regexp }

func (t matches) holds(value string) bool { return t.MatchString(value) }

// nonzero is the test of "field & mask" alone.
type nonzero struct{}

func (nonzero) holds(value string) bool { return value != "0" && value != "" }

// masked returns a value's bits under a mask, in decimal; "" for what is no
// number.
func masked(value string, mask uint64) string {
	head, name := split(value)
	n, ok := valueNumber(value, head, name)
	if !ok || !n.exact || n.negative {
		return ""
	}
	return formatUint(n.size & mask)
}

// bytesOf asks a protocol's bytes, from its header to the end of the frame.
// What was put together from several packets is asked by its fields.
type bytesOf struct {
	protocol layer.Protocol // "frame" for the whole frame
	test     test
}

func (n bytesOf) packet(p *wiresight.Packet) truth {
	if n.protocol == frame {
		return truthOf(n.test.holds(string(p.Data)))
	}
	for i := range p.Layers {
		l := &p.Layers[i]
		if l.Protocol != n.protocol {
			continue
		}
		if l.Source == layer.Frame && l.Offset >= 0 && l.Offset <= len(p.Data) && n.test.holds(string(p.Data[l.Offset:])) {
			return yes
		}
		if n.test.holds(l.Summary) || n.fields(l.Fields) {
			return yes
		}
	}
	return no
}

func (n bytesOf) fields(list []layer.Field) bool {
	for i := range list {
		if n.test.holds(list[i].Value) || n.fields(list[i].Children) {
			return true
		}
	}
	return false
}

func (n bytesOf) conversation(c *flow.Conversation) truth {
	if n.protocol != frame && !c.Has(n.protocol) {
		return no
	}
	return maybe
}

func (n bytesOf) needsPackets() bool { return true }

// same compares the values of two fields: some pair, or each, stands in the
// relation.
type same struct {
	a, b  field
	holds func(order int) bool
	all   bool
}

func (n *same) packet(p *wiresight.Packet) truth {
	any, every := false, true
	n.b.values(p, func(right string) bool {
		to := newLiteral(right)
		n.a.values(p, func(left string) bool {
			order, ok := to.compare(left)
			if !ok {
				order = 1
			}
			if n.holds(order) {
				any = true
			} else {
				every = false
			}
			return true
		})
		return true
	})
	return truthOf(any && (every || !n.all))
}

func (n *same) conversation(c *flow.Conversation) truth {
	if n.a.ask(c, func() truth { return maybe }) == no || n.b.ask(c, func() truth { return maybe }) == no {
		return no
	}
	return maybe
}

func (n *same) needsPackets() bool { return true }
