package timing

import "github.com/wiresight/wiresight/decode/layer"

// NagleState tells whether a side uses Nagle's algorithm, and from how many
// small segments that was read.
type NagleState struct {
	State NagleVerdict
	On    uint32 // small segments that left as the acknowledgment of an earlier small one arrived
	Off   uint32 // small segments that left before that
}

// NagleVerdict says whether a side uses Nagle's algorithm.
type NagleVerdict uint8

// The verdicts.
const (
	NagleUnknown NagleVerdict = iota
	NagleOn
	NagleOff
	NagleMixed // switched within the connection, or TCP_CORK
)

// String returns the verdict's name in the report.
func (n NagleVerdict) String() string {
	return [...]string{"unknown", "on", "off", "mixed"}[n]
}

const leastEvidence = 3

// nagleState reads a direction's evidence.
func (v *View) nagleState(d layer.Direction) (s NagleState) {
	if v.tracker == nil {
		return s
	}
	s.Off = v.tracker.side[d].nagle.off
	if e := v.tracker.events; e != nil && len(e.holds[d]) > 0 {
		if h := v.holdSides(d); h.senderKnown {
			for i := range e.holds[d] {
				switch h.release(&e.holds[d][i]) {
				case held:
					s.On++
				case early:
					s.Off++
				}
			}
			s.On += e.moreStalls[d]
		}
	}
	switch {
	case s.On >= leastEvidence && s.Off == 0:
		s.State = NagleOn
	case s.Off >= leastEvidence && s.On*10 <= s.Off:
		s.State = NagleOff
	case s.On >= leastEvidence && s.Off >= leastEvidence:
		s.State = NagleMixed
	}
	return s
}
