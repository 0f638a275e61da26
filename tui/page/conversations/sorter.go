package conversations

import (
	"cmp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/tui/page"
)

// sorter makes the list outside the page's goroutine.
type sorter struct {
	src    page.Source
	by     column
	down   bool
	filter page.Filter
	judge  page.Judge
	memo   *memo
	stop   *atomic.Bool
}

// entry is a conversation's key, copied so that sorting needs no lock.
type entry struct {
	id     uint32
	number int64
	text   string
}

// holdFor bounds how long the session's lock is held at a time.
const holdFor = 2 * time.Millisecond

func (s *sorter) run() []uint32 {
	var entries []entry
	for at, more := 0, true; more && !s.stop.Load(); {
		s.src.View(func(v wiresight.View) {
			if v.Model == nil {
				more = false
				return
			}
			list := v.Model.Conversations
			every := 64
			if s.by.judged() {
				every = 1
			}
			for begun := time.Now(); at < len(list) && (at%every != 0 || time.Since(begun) < holdFor); at++ {
				if !s.keeps(at, list[at]) {
					continue
				}
				e := s.by.entry(list[at])
				if s.by.judged() {
					e.number = s.judged(v.Model, at, list[at])
				}
				entries = append(entries, e)
			}
			more = at < len(list)
		})
	}
	slices.SortFunc(entries, s.compare)
	ids := make([]uint32, len(entries))
	for i, e := range entries {
		ids[i] = e.id
	}
	return ids
}

// compare orders by key, then by id.
func (s *sorter) compare(a, b entry) int {
	c := cmp.Compare(a.number, b.number)
	if c == 0 {
		c = strings.Compare(a.text, b.text)
	}
	if s.down {
		c = -c
	}
	if c == 0 {
		c = cmp.Compare(a.id, b.id)
	}
	return c
}

// keeps asks the filter, once for each version of a conversation.
func (s *sorter) keeps(i int, c *flow.Conversation) bool {
	if s.filter == nil {
		return true
	}
	m := s.memo
	for len(m.versions) <= i {
		m.versions, m.keep = append(m.versions, 0), append(m.keep, false)
	}
	if m.versions[i] != c.Version+1 {
		m.versions[i], m.keep[i] = c.Version+1, s.filter.Conversation(c)
	}
	return m.keep[i]
}

// judged returns what the classifiers say for the column that is sorted by,
// once for each version of a conversation.
func (s *sorter) judged(m *flow.Model, i int, c *flow.Conversation) int64 {
	k := s.memo
	for len(k.judgedVersions) <= i {
		k.judgedVersions, k.judged = append(k.judgedVersions, 0), append(k.judged, 0)
	}
	if k.judgedVersions[i] != c.Version+1 {
		v := s.judge(m, c)
		k.judgedVersions[i], k.judged[i] = c.Version+1, s.by.judgedKey(&v)
	}
	return k.judged[i]
}
