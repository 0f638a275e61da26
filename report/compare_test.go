package report_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
)

func side(t *testing.T, name string) report.Side {
	t.Helper()
	s, err := wiresight.Open(context.Background(), "../testdata/"+name+".client.pcapng", wiresight.Options{Index: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	return report.Side{Name: name, Session: s}
}

func TestComparisonTellsWhatNagleCost(t *testing.T) {
	d, err := report.Compare(context.Background(), side(t, "nagle-delayed-ack-rtt20ms"), side(t, "nagle-nodelay-rtt20ms"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := d.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, want := range []string{"| nagle-delayed-ack | 653 ms | – |", "| packets | 131 | 116 |", "| request | 954 ms |", "A: nagle-delayed-ack", "B: nagle-nodelay"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	// The largest difference comes first.
	if strings.Index(text, "| request |") > strings.Index(text, "| network |") {
		t.Error("the accounts are not in the order of their differences")
	}
}

func TestThePartnerIsTheOneMostAlike(t *testing.T) {
	a, b := side(t, "dns-then-http"), side(t, "dns-then-http")
	a.Conversation = 1 // a question for a name
	report.Pair(&a, &b)
	if b.Conversation != 1 {
		t.Errorf("a conversation with port 53 was paired with %d", b.Conversation)
	}
	same := a
	same.Conversation = 0
	report.Pair(&a, &same)
	if same.Conversation != 2 {
		t.Errorf("a conversation was paired with itself: %d", same.Conversation)
	}
}

func TestAConversationThatIsNotThereCannotBeCompared(t *testing.T) {
	a, b := side(t, "dns"), side(t, "dns")
	a.Conversation, b.Conversation = 1, 99
	if _, err := report.Compare(context.Background(), a, b); err == nil || !strings.Contains(err.Error(), "99") {
		t.Errorf("the error is %v", err)
	}
}
