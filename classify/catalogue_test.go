package classify_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/classify/claim"
)

var catalogue = flag.Bool("catalogue", false, "rewrite docs/patterns.md's table of how the rules do on the labelled captures")

// patternIDs are the patterns and findings whose rules the table holds to
// account.
var patternIDs = strings.Fields(`request-response pipelining multiplexing polling long-polling server-sent-events chunked-streaming
	push bidirectional-messaging unary server-streaming client-streaming bidirectional-streaming publish-subscribe bulk-transfer
	paced-streaming peer-to-peer keep-alive synchronous asynchronous-request-reply fire-and-forget connection-per-request
	keep-alive-reuse service-discovery retry idempotent-retry unsafe-retry conditional-request
	http-error grpc-error cleartext-credentials polling-in-vain retry-after retry-storm`)

// score counts how a rule did on the captures that say something of it.
type score struct{ right, missed, wrong, held int }

func (s *score) of(there, claimed bool) {
	switch {
	case there && claimed:
		s.right++
	case there:
		s.missed++
	case claimed:
		s.wrong++
	default:
		s.held++
	}
}

func (s *score) judged() bool { return s.right+s.missed > 0 }

func ratio(part, rest int) float64 {
	if part+rest == 0 {
		return 1
	}
	return float64(part) / float64(part+rest)
}

func (s *score) f1() float64 { return ratio(2*s.right, s.missed+s.wrong) }

func (s *score) row() string {
	if s.right+s.missed+s.wrong+s.held == 0 {
		return "| | | | |"
	}
	precision, recall := "", ""
	if s.right+s.wrong > 0 {
		precision = fmt.Sprintf("%.2f", ratio(s.right, s.wrong))
	}
	if s.judged() {
		recall = fmt.Sprintf("%.2f", ratio(s.right, s.missed))
	}
	return fmt.Sprintf("| %d | %d | %s | %s |", s.right+s.missed, s.wrong+s.held, precision, recall)
}

// tally is the scores of all rules, and how often claims of some confidence are
// right.
type tally struct {
	ids     map[string]*score
	bins    map[string]*score
	unknown int // claims of which the scenarios say nothing
}

func newTally() *tally { return &tally{ids: map[string]*score{}, bins: map[string]*score{}} }

func (t *tally) get(m map[string]*score, key string) *score {
	if m[key] == nil {
		m[key] = &score{}
	}
	return m[key]
}

// take judges what was claimed of a capture.
func (t *tally) take(s *truth, capture string, r *result) {
	claimed := r.ids()
	for _, id := range patternIDs {
		there := slices.Contains(s.Shows, id)
		if there && hidden(capture, id) != "" || !there && !slices.Contains(s.Not, id) {
			continue
		}
		t.get(t.ids, id).of(there, slices.Contains(claimed, id))
	}
	judge := func(list []claim.Pattern) {
		for _, p := range list {
			there := slices.Contains(s.Shows, p.ID)
			if !there && !slices.Contains(s.Not, p.ID) {
				t.unknown++
				continue
			}
			bin := "below 0.6"
			if p.Confidence >= 0.9 {
				bin = "0.9 and more"
			} else if p.Confidence >= 0.6 {
				bin = "0.6 to 0.9"
			}
			t.get(t.bins, bin).of(there, true)
		}
	}
	for i := range r.conversations {
		judge(r.conversations[i].Patterns)
	}
	judge(r.patterns)
}

// inferred are the patterns that can be told from sizes, directions and times
// alone. Of others nothing is claimed without keys.
var inferred = strings.Fields(`request-response keep-alive-reuse connection-per-request polling long-polling server-sent-events
	bulk-transfer paced-streaming peer-to-peer`)

// macro is the mean F1 of rules, of those that a capture shows.
func (t *tally) macro(of []string) (f1 float64, n int) {
	for id, s := range t.ids {
		if s.judged() && slices.Contains(of, id) {
			f1 += s.f1()
			n++
		}
	}
	return f1 / float64(max(1, n)), n
}

// The rules hold against the labelled captures: with the keys that lie beside
// them, and from turns alone where nothing inside could be read.
func TestTheCatalogueHolds(t *testing.T) {
	decoded, turns := newTally(), newTally()
	captured := 0
	for _, s := range scenarios(t) {
		if len(s.Shows)+len(s.Not) == 0 {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			captured++
			name := filepath.Base(path)
			r := readWithKeys(t, path)
			decoded.take(&s, name, r)
			if _, err := os.Stat(keysOf(path)); err == nil {
				turns.take(&s, name, read(t, path))
			}
		}
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "| id | shown | look-alikes | precision | recall | encrypted: shown | look-alikes | precision | recall |\n| --- | --: | --: | --: | --: | --: | --: | --: | --: |\n")
	for _, id := range patternIDs {
		fmt.Fprintf(&b, "| `%s` %s%s\n", id, decoded.get(decoded.ids, id).row(), strings.TrimPrefix(turns.get(turns.ids, id).row(), "|"))
	}
	f1, n := decoded.macro(patternIDs)
	fmt.Fprintf(&b, "\n%d captures. Macro-F1, read with keys where they were encrypted: %.3f over %d ids", captured, f1, n)
	seen, m := turns.macro(inferred)
	fmt.Fprintf(&b, "; of the encrypted ones without keys: %.3f over the %d ids that sizes and times can tell.\n\n", seen, m)
	fmt.Fprintf(&b, "| confidence | claims judged | right |\n| --- | --: | --: |\n")
	for _, bin := range []string{"0.9 and more", "0.6 to 0.9", "below 0.6"} {
		a, c := decoded.get(decoded.bins, bin), turns.get(turns.bins, bin)
		right, wrong := a.right+c.right, a.wrong+c.wrong
		fmt.Fprintf(&b, "| %s | %d | %.1f %% |\n", bin, right+wrong, 100*ratio(right, wrong))
	}
	fmt.Fprintf(&b, "\nOf %d further claims the scenarios say nothing.\n", decoded.unknown+turns.unknown)
	t.Logf("\n%s", b.String())
	if f1 < 0.95 {
		t.Errorf("macro-F1 %.3f", f1)
	}
	if seen < 0.8 {
		t.Errorf("macro-F1 without keys %.3f", seen)
	}
	if a := decoded.get(decoded.bins, "0.9 and more"); ratio(a.right, a.wrong) < 0.95 {
		t.Errorf("of the claims with confidence 0.9 and more only %.3f are right", ratio(a.right, a.wrong))
	}
	if *catalogue {
		writeTable(t, b.Bytes())
	}
}

// writeTable replaces what stands between the marks in docs/patterns.md.
func writeTable(t *testing.T, table []byte) {
	const path, begin, end = "../docs/patterns.md", "<!-- table -->\n", "<!-- /table -->"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := bytes.Cut(page, []byte(begin))
	_, after, closed := bytes.Cut(rest, []byte(end))
	if !ok || !closed {
		t.Fatal(path, "has no place for the table")
	}
	page = slices.Concat(before, []byte(begin), table, []byte(end), after)
	if err := os.WriteFile(path, page, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Whatever the capture, the packets that a claim cites are there, and those of a
// conversation's claim lie within it.
func TestEvidenceIsThere(t *testing.T) {
	for _, path := range everyCapture(t) {
		r := tryRead(t, path)
		if r == nil {
			continue
		}
		for i := range r.conversations {
			c := r.model.Conversations[i]
			for _, p := range r.conversations[i].Patterns {
				for _, e := range p.Evidence {
					if e.Packet < c.First.Number || e.Packet > c.Last.Number || e.Shows == "" {
						t.Errorf("%s: conversation %d: %s cites packet %d (%s)", path, c.ID, p.ID, e.Packet, e.Shows)
					}
				}
			}
		}
		for _, p := range r.patterns {
			if len(p.Conversations) == 0 {
				t.Errorf("%s: %s names no conversation", path, p.ID)
			}
			for _, e := range p.Evidence {
				if e.Packet < 1 || e.Packet > r.packets || e.Shows == "" {
					t.Errorf("%s: %s cites packet %d (%s)", path, p.ID, e.Packet, e.Shows)
				}
			}
		}
	}
}
