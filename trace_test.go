package wiresight_test

import (
	"context"
	"errors"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func traced(t *testing.T, name string) *wiresight.Session {
	t.Helper()
	s, err := wiresight.Open(context.Background(), "testdata/"+name, wiresight.Options{Index: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestATraceTellsThePacketsAndMessagesOfAConversation(t *testing.T) {
	s := traced(t, "http1-get-go.client.pcapng")
	tr, err := s.Trace(context.Background(), 1, 1000, nil)
	if err != nil {
		t.Fatal(err)
	}
	var packets int64
	var exchanges int
	s.View(func(v wiresight.View) {
		packets, exchanges = v.Model.Conversations[0].Packets.Sum(), len(v.Model.Conversations[0].Exchanges)
	})
	if int64(len(tr.Packets)) != packets || tr.More != 0 {
		t.Errorf("%d packets and %d more, want %d", len(tr.Packets), tr.More, packets)
	}
	if p := tr.Packets[0]; p.Dir != layer.ToServer || p.TCP == nil || p.TCP.Flags != flow.SYN {
		t.Errorf("the first packet is %+v, want the client's SYN", p)
	}
	samples := 0
	for _, p := range tr.Packets {
		if p.RTT > 0 {
			samples++
		}
	}
	if samples == 0 {
		t.Error("no packet gives a round trip")
	}
	if len(tr.Messages) != 2*exchanges {
		t.Errorf("%d messages, want a request and a response for each of %d exchanges", len(tr.Messages), exchanges)
	}
}

func TestATraceIsCutAtItsLimitAndStoppedByItsContext(t *testing.T) {
	s := traced(t, "http1-get-go.client.pcapng")
	tr, err := s.Trace(context.Background(), 1, 3, nil)
	if err != nil || len(tr.Packets) != 3 || tr.More == 0 {
		t.Errorf("%d packets, %d more, %v", len(tr.Packets), tr.More, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err = s.Trace(ctx, 1, 1000, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a stopped trace ends with %v", err)
	}
}
