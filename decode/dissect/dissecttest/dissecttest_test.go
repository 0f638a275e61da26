package dissecttest

import (
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
)

// lines is a protocol of lines; where it is broken it says a message for each
// packet instead.
type lines struct {
	broken bool
	text   [2]string
}

func protocol(broken bool) dissect.Protocol {
	return dissect.Protocol{Name: "lines", New: func(dissect.Context) dissect.Dissector { return &lines{broken: broken} }}
}

func (l *lines) Feed(out dissect.Sink, c dissect.Chunk) {
	l.text[c.Dir] += string(c.Data)
	for {
		line, rest, ok := strings.Cut(l.text[c.Dir], "\n")
		if !ok && !l.broken {
			return
		}
		l.text[c.Dir] = rest
		out.Message(&flow.Message{Protocol: "lines", Kind: "line", Dir: c.Dir, Name: line, Last: c.At})
		if l.broken {
			return
		}
	}
}

func (l *lines) Finish(dissect.Sink, bool) {}

func TestEveryCutTellsTheSameStory(t *testing.T) {
	r := EveryCut(t, protocol(false), Client("one\ntwo\n"), Server("three\n"))
	var names []string
	for _, m := range r.Messages {
		names = append(names, m.Name)
	}
	if want := []string{"one", "two", "three"}; !slices.Equal(names, want) || r.Packet != 2 {
		t.Errorf("%d packets, messages %q", r.Packet, names)
	}
}

func TestEveryCutFindsADissectorThatDependsOnPackets(t *testing.T) {
	var found failures
	EveryCut(&found, protocol(true), Client("one\ntwo\n"))
	if found == 0 {
		t.Error("not found")
	}
}

// failures is a test that counts how often it fails.
type failures int

func (f *failures) Errorf(string, ...any) { *f++ }
func (f *failures) Helper()               {}
