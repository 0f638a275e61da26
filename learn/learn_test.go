package learn_test

import (
	"strings"
	"testing"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/learn"
)

func TestEverythingThatIsNamedHasAPage(t *testing.T) {
	var ids []string
	for _, p := range decode.Protocols() {
		ids = append(ids, string(p.Name))
	}
	for _, l := range classify.Lessons() {
		ids = append(ids, l.ID)
	}
	for _, id := range append(ids, "tcp", "ipv4", "ethernet", "server") {
		p, ok := learn.Find(id)
		if !ok {
			t.Errorf("%s has no page", id)
			continue
		}
		if text := p.Markdown(); len(p.About) < 30 || !strings.HasPrefix(text, "# ") || !strings.Contains(text, p.About) {
			t.Errorf("the page of %s says too little:\n%s", id, text)
		}
	}
}
