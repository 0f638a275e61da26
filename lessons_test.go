package wiresight_test

import (
	"context"
	"slices"
	"testing"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/display"
)

// opened reads an example, once for all steps that are of it.
func opened(t *testing.T, read map[string]*wiresight.Session, name string) *wiresight.Session {
	t.Helper()
	if s := read[name]; s != nil {
		return s
	}
	e, ok := wiresight.FindExample(name)
	if !ok {
		t.Fatalf("there is no example %q", name)
	}
	s, err := e.Open(context.Background(), wiresight.Options{Index: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	read[name] = s
	return s
}

// cites tells whether a conversation's finding names a packet.
func cites(s *wiresight.Session, conversation, packet int, finding string) (found bool) {
	s.View(func(v wiresight.View) {
		for _, f := range classify.New(v.Model).Conversation(v.Model.Conversations[conversation-1]).Findings {
			if f.ID != finding {
				continue
			}
			for _, o := range f.Occurrences {
				found = found || slices.Contains(o.Packets, packet)
			}
		}
	})
	return found
}

// Each step's packet is there, is of a conversation, and shows what the step
// says of it.
func TestLessonsShowWhatTheySay(t *testing.T) {
	read := map[string]*wiresight.Session{}
	if n := len(wiresight.Lessons()); n < 12 {
		t.Errorf("%d lessons", n)
	}
	for _, l := range wiresight.Lessons() {
		t.Run(l.Name, func(t *testing.T) {
			if l.Title == "" || l.About == "" || len(l.Steps) < 3 {
				t.Error("a lesson has a title, a sentence about it and at least three steps")
			}
			if again, ok := wiresight.FindLesson(l.Name); !ok || again.Title != l.Title {
				t.Error("it is not found by its name")
			}
			for i, step := range l.Steps {
				if step.Title == "" || step.Says == "" || step.Ask == "" {
					t.Errorf("step %d lacks words", i+1)
				}
				s := opened(t, read, step.Capture)
				p, err := s.Packet(step.Packet)
				if err != nil {
					t.Errorf("step %d: %v", i+1, err)
					continue
				}
				f, err := display.Compile(step.Shows)
				if err != nil {
					t.Errorf("step %d: %v", i+1, err)
					continue
				}
				if !f.Packet(p) {
					t.Errorf("step %d: packet %d of %s does not show %s: %s", i+1, step.Packet, step.Capture, step.Shows, p.Summary)
				}
				if p.Conversation == 0 {
					t.Errorf("step %d: packet %d is of no conversation", i+1, step.Packet)
				}
				if step.Finding != "" && !cites(s, p.Conversation, step.Packet, step.Finding) {
					t.Errorf("step %d: no finding %s cites packet %d of %s", i+1, step.Finding, step.Packet, step.Capture)
				}
			}
		})
	}
}
