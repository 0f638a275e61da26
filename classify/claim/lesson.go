package claim

// Lesson is what there is to learn about a pattern, a finding or a way to set
// up: the text that lies beside its rule, for help screens and documentation.
type Lesson struct {
	ID      string // the claim's
	Title   string // a few words
	About   string // what it is and why it matters, one paragraph
	Is      string // what is seen on the wire where it is there
	IsNot   string // what looks like it and is something else
	Sources []string
}
