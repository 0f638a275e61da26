package display

import (
	"strings"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// visit is given one value after another and returns whether it wants more.
type visit func(value string) (more bool)

// field is a name whose values can be asked of a packet or a conversation.
type field struct {
	name   string
	exact  []string       // names in the trees of layers
	family layer.Protocol // without it, no conversation has the field; "" where that says nothing
	// computed yields values that are in no tree; nil for others.
	computed func(*wiresight.Packet, visit)
	// whole yields a conversation's values; nil where only packets know.
	whole whole
}

// pairs are names that stand for the fields of both sides.
var pairs = map[string][]string{
	"ip.addr": {"ip.src", "ip.dst"}, "ipv6.addr": {"ipv6.src", "ipv6.dst"}, "eth.addr": {"eth.src", "eth.dst"},
	"tcp.port": {"tcp.srcport", "tcp.dstport"}, "udp.port": {"udp.srcport", "udp.dstport"},
	"sctp.port": {"sctp.srcport", "sctp.dstport"},
}

// analysisFlags are the fields that tcp.analysis.flags stands for.
var analysisFlags = []string{
	"tcp.analysis.retransmission", "tcp.analysis.fast_retransmission", "tcp.analysis.spurious_retransmission",
	"tcp.analysis.out_of_order", "tcp.analysis.duplicate_ack", "tcp.analysis.lost_segment",
	"tcp.analysis.ack_lost_segment", "tcp.analysis.zero_window", "tcp.analysis.window_full",
	"tcp.analysis.window_update", "tcp.analysis.keep_alive", "tcp.analysis.keep_alive_ack",
	"tcp.analysis.zero_window_probe", "tcp.analysis.zero_window_probe_ack", "tcp.analysis.reused_ports",
}

// newField makes the field of a name; ok is false for a name that cannot be
// one.
func newField(name string, f *Filter) (field, bool) {
	if c, ok := computed[name]; ok {
		return field{name: name, computed: c.bind(f), whole: c.whole, family: c.family}, true
	}
	family, canonical, ok := fieldName(name)
	if !ok {
		return field{}, false
	}
	x := field{name: canonical, family: family, exact: []string{canonical}}
	if canonical != name {
		x.exact = append(x.exact, name)
	}
	if both, ok := pairs[canonical]; ok {
		x.exact = both
	}
	if canonical == "tcp.analysis.flags" {
		x.exact = analysisFlags
	}
	x.whole = wholes[canonical]
	return x, true
}

// values visits a packet's values.
func (x *field) values(p *wiresight.Packet, v visit) {
	if x.computed != nil {
		x.computed(p, v)
		return
	}
	for i := range p.Layers {
		if !x.tree(p.Layers[i].Fields, v) {
			return
		}
	}
}

func (x *field) tree(fields []layer.Field, v visit) (more bool) {
	for i := range fields {
		f := &fields[i]
		for _, name := range x.exact {
			if f.Name == name && !v(f.Value) {
				return false
			}
		}
		if len(f.Children) > 0 && !x.tree(f.Children, v) {
			return false
		}
	}
	return true
}

// exists is true where the field, or a field below it, is there:
// "http.request" is true of a packet with an "http.request.method".
type exists struct{ field }

func (n exists) packet(p *wiresight.Packet) truth {
	found := false
	n.values(p, func(string) bool { found = true; return false })
	if found || n.computed != nil {
		return truthOf(found)
	}
	for i := range p.Layers {
		if n.below(p.Layers[i].Fields) {
			return yes
		}
	}
	return no
}

func (n exists) below(fields []layer.Field) bool {
	for i := range fields {
		for _, name := range n.exact {
			if rest, ok := strings.CutPrefix(fields[i].Name, name); ok && strings.HasPrefix(rest, ".") {
				return true
			}
		}
		if n.below(fields[i].Children) {
			return true
		}
	}
	return false
}

func (n exists) conversation(c *flow.Conversation) truth {
	return n.ask(c, func() truth {
		found := false
		n.whole(c, func(string) bool { found = true; return false })
		return truthOf(found)
	})
}

func (n exists) needsPackets() bool { return n.whole == nil }

// ask answers for a conversation: no where it lacks the field's protocol, may
// be where it keeps no such values, else what they say.
func (x *field) ask(c *flow.Conversation, say func() truth) truth {
	if x.family != "" && !c.Has(x.family) && !(x.family == "tls" && c.Has("quic")) && !(x.family == "dns" && c.Has("mdns")) {
		return no
	}
	if x.whole == nil {
		return maybe
	}
	return say()
}

// spoken is true where a protocol is there.
type spoken struct{ protocol layer.Protocol }

func (n spoken) packet(p *wiresight.Packet) truth {
	for i := range p.Layers {
		if p.Layers[i].Protocol == n.protocol {
			return yes
		}
	}
	return no
}

func (n spoken) conversation(c *flow.Conversation) truth { return truthOf(c.Has(n.protocol)) }
func (n spoken) needsPackets() bool                      { return false }
