package classify

import (
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Eight times as many DNS conversations cost about eight times as much.
func TestManyDNSConversationsCostNoSquare(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	cost := func(n int) time.Duration {
		m := &flow.Model{Packets: int64(n)}
		for i := range n {
			c := &flow.Conversation{ID: i, Transport: layer.UDP}
			c.Client = flow.Endpoint{Addr: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), Port: 4000}
			c.Server = flow.Endpoint{Addr: netip.AddrFrom4([4]byte{192, 0, 2, 1}), Port: 53}
			m.Conversations = append(m.Conversations, c)
		}
		best := time.Duration(math.MaxInt64)
		for range 3 {
			began := time.Now()
			k := New(m)
			for _, c := range m.Conversations {
				k.Conversation(c)
			}
			best = min(best, time.Since(began))
		}
		return best
	}
	if few, many := cost(2000), cost(16000); many > 24*few {
		t.Errorf("2000 DNS conversations take %v, 16000 take %v", few, many)
	}
}
