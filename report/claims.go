package report

import (
	"github.com/wiresight/wiresight/classify/claim"
)

func (e *encoder) patterns(list []claim.Pattern) {
	if len(list) == 0 {
		return
	}
	e.array("patterns")
	for i := range list {
		p := &list[i]
		e.open('{')
		e.text("id", p.ID)
		e.key("confidence")
		e.number(p.Confidence)
		e.text("basis", string(p.Basis))
		e.text("because", p.Because)
		e.array("evidence")
		for _, v := range p.Evidence {
			e.open('{')
			e.count("packet", int64(v.Packet))
			e.text("shows", v.Shows)
			e.close('}')
		}
		e.close(']')
		e.metrics(p.Metrics)
		e.ints("conversations", p.Conversations)
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) metrics(list []claim.Metric) {
	if len(list) == 0 {
		return
	}
	e.object("metrics")
	for _, m := range list {
		e.key(m.Name)
		e.number(m.Value)
	}
	e.close('}')
}

func (e *encoder) findings(list []claim.Finding) {
	if len(list) == 0 {
		return
	}
	e.array("findings")
	for i := range list {
		f := &list[i]
		e.open('{')
		e.text("id", f.ID)
		e.text("severity", string(f.Severity))
		e.text("title", f.Title)
		e.text("explanation", f.Explanation)
		e.text("advice", f.Advice)
		if f.Cost > 0 {
			e.duration("cost_s", f.Cost)
		}
		e.array("occurrences")
		for _, o := range f.Occurrences {
			e.open('{')
			e.ints("packets", o.Packets)
			e.text("shows", o.Shows)
			if o.Cost > 0 {
				e.duration("cost_s", o.Cost)
			}
			e.close('}')
		}
		e.close(']')
		e.count("occurrences_omitted", int64(f.Omitted))
		e.ints("conversations", f.Conversations)
		e.close('}')
	}
	e.close(']')
}
