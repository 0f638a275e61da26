package dissecttest

import (
	"slices"
	"strings"
)

// Outline tells what was said, a line a message: "> " before requests, "< "
// before responses, then the kind, and the name and the status in brackets.
func Outline(r *Recorder) (list []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		text := [...]string{"", "> ", "< "}[m.Role] + m.Kind
		for _, part := range []string{m.Name, m.Status} {
			if part != "" {
				text += " [" + part + "]"
			}
		}
		list = append(list, text+[...]string{"", " head", " cut"}[m.State])
	}
	return list
}

// Expect fails where the outline is another one, or something was malformed.
func Expect(t Failer, r *Recorder, want ...string) {
	t.Helper()
	if got := Outline(r); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, p := range r.Problems {
		t.Errorf("problem: %s", p.Text)
	}
}
