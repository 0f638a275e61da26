package wiresight

import (
	"context"
	"os"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// A connection that went over to other addresses is one connection: its packets
// on the new path are decoded with what the old one told, whichever is looked at
// first.
func TestPacketsBehindAMigrationAreDecoded(t *testing.T) {
	for _, name := range []string{"quic-migration", "quic-ngtcp2-rebinding"} {
		log, err := os.ReadFile("testdata/" + name + ".keys")
		if err != nil {
			t.Fatal(err)
		}
		keys := secrets.New()
		keys.AddKeyLog(log)
		s, err := Open(context.Background(), "testdata/"+name+".client.pcapng", Options{Index: true, Secrets: keys})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if err := s.Run(); err != nil {
			t.Fatal(err)
		}
		old, moved := s.ConversationPackets(1), s.ConversationPackets(2)
		if len(old) == 0 || len(moved) == 0 {
			t.Fatalf("%s: packets %v and %v", name, old, moved)
		}
		s.View(func(v View) {
			if c := v.Model.Conversations; c[1].Continues != 1 || !slices.Equal(c[0].Paths, []int{2}) || c[0].QUIC.Migrations != 1 || !c[1].Has("http3") {
				t.Errorf("%s: %+v", name, c[1])
			}
		})
		web := 0
		for _, n := range slices.Backward(moved) {
			p, err := s.Packet(n)
			if err != nil {
				t.Fatal(err)
			}
			if p.Conversation != 2 {
				t.Errorf("%s: packet %d is of conversation %d", name, n, p.Conversation)
			}
			for _, l := range p.Layers {
				if l.Protocol == "quic" && l.Source == layer.Decrypted {
					web++
					break
				}
			}
		}
		if web != len(moved) {
			t.Errorf("%s: %d of %d packets on the new path were read", name, web, len(moved))
		}
		if tr, err := s.Trace(context.Background(), 2, 1000, nil); err != nil || len(tr.Packets) != len(moved) {
			t.Errorf("%s: a trace of %d packets, %v", name, len(tr.Packets), err)
		}
	}
}
