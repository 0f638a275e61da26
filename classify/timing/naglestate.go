package timing

import "github.com/wiresight/wiresight/decode/layer"

// NagleState tells whether a side uses Nagle's algorithm, and from how many
// small segments that was read.
type NagleState struct {
	State string // "on", "off", "mixed" or "unknown"
	On    int    // small segments that left as the acknowledgment of an earlier small one arrived
	Off   int    // small segments that left before that
}

// The states of Nagle's algorithm.
const (
	NagleOn      = "on"
	NagleOff     = "off"
	NagleMixed   = "mixed" // switched within the connection, or TCP_CORK
	NagleUnknown = "unknown"
)

const leastEvidence = 3

// nagleState reads a direction's evidence.
func (v *View) nagleState(d layer.Direction) NagleState {
	s := NagleState{State: NagleUnknown}
	if v.tracker == nil {
		return s
	}
	s.Off = int(v.tracker.side[d].nagle.off)
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
			s.On += int(e.moreStalls[d])
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
