package claim

// Evidences bounds the packets that one pattern cites; Listed bounds the
// occurrences that a finding lists.
const (
	Evidences = 12
	Listed    = 16
)

// Sink takes the claims of the rules. It drops those without evidence, cuts
// what is too long and counts what it cut.
type Sink struct {
	Patterns []Pattern
	Findings []Finding
}

// Pattern takes a pattern; one without evidence is dropped.
func (s *Sink) Pattern(p Pattern) {
	p.Evidence = real(p.Evidence)
	if len(p.Evidence) == 0 {
		return
	}
	if len(p.Evidence) > Evidences {
		p.Evidence = p.Evidence[:Evidences]
	}
	p.Confidence = min(max(p.Confidence, 0), 1)
	s.Patterns = append(s.Patterns, p)
}

// real keeps the evidence that names a packet.
func real(list []Evidence) []Evidence {
	kept := list[:0]
	for _, e := range list {
		if e.Packet > 0 {
			kept = append(kept, e)
		}
	}
	return kept
}

// Finding takes a finding; occurrences without packets are dropped, and a
// finding that has none left.
func (s *Sink) Finding(f Finding) {
	kept := f.Occurrences[:0]
	for _, o := range f.Occurrences {
		if len(o.Packets) > 0 {
			kept = append(kept, o)
		}
	}
	f.Occurrences = kept
	if len(kept) == 0 {
		return
	}
	if n := len(kept) - Listed; n > 0 {
		f.Occurrences, f.Omitted = kept[:Listed], f.Omitted+n
	}
	s.Findings = append(s.Findings, f)
}
