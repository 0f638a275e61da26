package classify

import (
	"net/netip"
	"testing"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// However many DNS conversations there are, each is read once, not once for
// each conversation that is reported on.
func TestEachDNSConversationIsReadOnce(t *testing.T) {
	const n = 2000
	m := &flow.Model{Packets: n}
	for i := range n {
		c := &flow.Conversation{ID: i, Transport: layer.UDP}
		c.Client = flow.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), Port: 4000}
		c.Server = flow.Endpoint{Addr: netip.AddrFrom4([4]byte{192, 0, 2, 1}), Port: 53}
		m.Conversations = append(m.Conversations, c)
	}
	k := New(m)
	for _, c := range m.Conversations {
		k.Conversation(c)
	}
	if k.lookups.reads != n {
		t.Errorf("%d conversations were read %d times", n, k.lookups.reads)
	}
}
