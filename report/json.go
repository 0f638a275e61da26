package report

import (
	"io"
	"sort"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// WriteJSON writes one JSON document on what the session has read so far, with
// a line to each conversation, and a newline behind it. Reading waits
// meanwhile. The only errors are w's.
func WriteJSON(w io.Writer, s *wiresight.Session, opt Options) (err error) {
	s.View(func(v wiresight.View) { err = writeJSON(w, v.Model, v.Info, v.Notes, opt) })
	return err
}

func writeJSON(w io.Writer, m *flow.Model, info *capture.Info, notes []wiresight.Note, opt Options) error {
	e := newEncoder(w)
	k := classify.New(m)
	e.open('{')
	e.text("schema", Schema)
	e.newline()
	e.capture(m, info, opt.Err)
	e.newline()
	e.protocols(m.Protocols)
	e.newline()
	e.array("conversations")
	for _, c := range m.Conversations {
		if !opt.shows(c) {
			continue
		}
		e.newline()
		claims := k.Conversation(c)
		e.conversation(c, &claims)
		if e.err != nil {
			return e.err
		}
	}
	e.close(']')
	if patterns, findings := k.Capture(); len(patterns)+len(findings) > 0 {
		e.newline()
		e.patterns(patterns)
		e.findings(findings)
	}
	e.notes(notes)
	e.close('}')
	e.b = append(e.b, '\n')
	return e.flush()
}

// notes writes the comments that the capture's packets bear.
func (e *encoder) notes(list []wiresight.Note) {
	if len(list) == 0 {
		return
	}
	e.newline()
	e.array("notes")
	for _, n := range list {
		e.newline()
		e.open('{')
		e.count("packet", int64(n.Packet))
		e.text("text", layer.Printable(n.Text))
		e.close('}')
	}
	e.close(']')
}

// printable makes captured texts harmless.
func printable(list []string) []string {
	clean := make([]string, len(list))
	for i, t := range list {
		clean[i] = layer.Printable(t)
	}
	return clean
}

func (e *encoder) capture(m *flow.Model, info *capture.Info, failed error) {
	e.object("capture")
	if info != nil {
		e.text("source", info.Source)
		e.text("format", info.Format)
	}
	e.key("packets")
	e.int(m.Packets)
	e.key("bytes")
	e.int(m.Bytes)
	if m.Packets > 0 {
		e.at("first_time", m.First.Nanos)
		e.at("last_time", m.Last.Nanos)
		e.key("duration_s")
		e.seconds(max(0, m.Last.Nanos-m.First.Nanos))
	}
	e.texts("link_types", linkTypes(m, info))
	if info != nil {
		e.interfaces(info.Interfaces)
		e.texts("comments", printable(info.Comments))
	}
	e.problems(m.Problems)
	e.count("problems_omitted", m.ProblemsOmitted)
	e.count("packets_over_limit", m.PacketsOmitted)
	e.count("exchanges_omitted", m.ExchangesOmitted)
	if failed != nil {
		e.text("error", failed.Error())
	}
	e.close('}')
}

func (e *encoder) interfaces(list []capture.Interface) {
	if len(list) == 0 {
		return
	}
	e.array("interfaces")
	for i := range list {
		e.open('{')
		e.text("name", layer.Printable(list[i].Name))
		e.text("link_type", linkName(list[i].Link))
		e.count("dropped", int64(list[i].Dropped))
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) problems(list []layer.Problem) {
	if len(list) == 0 {
		return
	}
	e.array("problems")
	for i := range list {
		e.open('{')
		e.count("packet", int64(list[i].Packet))
		e.text("layer", string(list[i].Layer))
		e.text("text", list[i].Text)
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) protocols(list []flow.ProtocolCount) {
	e.array("protocols")
	for _, p := range byLayer(list) {
		e.open('{')
		e.text("name", string(p.Protocol))
		e.key("osi_layer")
		e.int(int64(p.OSI))
		e.key("packets")
		e.int(p.Packets)
		e.key("bytes")
		e.int(p.Bytes)
		e.close('}')
	}
	e.close(']')
}

// byLayer returns the protocols from the link up, the busiest of a layer
// first.
func byLayer(list []flow.ProtocolCount) []flow.ProtocolCount {
	sorted := append([]flow.ProtocolCount(nil), list...)
	sort.SliceStable(sorted, func(i, j int) bool {
		if sorted[i].OSI != sorted[j].OSI {
			return sorted[i].OSI < sorted[j].OSI
		}
		return sorted[i].Packets > sorted[j].Packets
	})
	return sorted
}
