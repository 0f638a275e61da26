// Package claim holds what the classifiers say: patterns and findings, each
// with the packets that prove it. A claim without evidence is never handed
// out. The package knows no rule.
package claim

import "time"

// Basis tells what a pattern was read from.
type Basis string

// The bases.
const (
	Decoded Basis = "decoded" // messages were read
	Turns   Basis = "turns"   // only sizes, directions and times were seen
)

// Severity ranks findings.
type Severity string

// The severities, mildest first.
const (
	Info    Severity = "info"
	Notice  Severity = "notice"
	Warning Severity = "warning"
	Problem Severity = "problem"
)

// Rank orders severities: 1 for Info up to 4 for Problem, 0 for none of them.
func (s Severity) Rank() int {
	switch s {
	case Problem:
		return 4
	case Warning:
		return 3
	case Notice:
		return 2
	case Info:
		return 1
	}
	return 0
}

// Evidence is a packet and, in half a sentence, what it shows.
type Evidence struct {
	Packet int
	Shows  string
}

// Metric is a figure of a claim; durations are seconds and their names end in
// "_s".
type Metric struct {
	Name  string
	Value float64
}

// Pattern says how the two ends, or several conversations, communicate.
type Pattern struct {
	ID            string  // of the catalogue, e.g. "polling"
	Confidence    float64 // 0 to 1; calibrated: of those at 0.9 and more, nine in ten are right
	Basis         Basis
	Because       string // one sentence
	Evidence      []Evidence
	Metrics       []Metric
	Conversations []int // ids; of a pattern that needs several, else empty
}

// Finding says what cost time or went wrong, why, and what would help.
type Finding struct {
	ID            string // of the report's list, e.g. "nagle-delayed-ack"
	Severity      Severity
	Title         string // one line, with this capture's figures
	Explanation   string // why it happens, in a paragraph
	Advice        string
	Cost          time.Duration // all occurrences together; 0 where it has no cost in time
	Occurrences   []Occurrence  // the first ones
	Omitted       int           // occurrences that were counted but are not listed
	Conversations []int         // ids; of a finding that needs several, else empty
}

// Occurrence is one time that a finding happened.
type Occurrence struct {
	Packets []int // the evidence, in order
	Shows   string
	Cost    time.Duration
}
