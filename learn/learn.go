// Package learn gathers what there is to learn: a page for each protocol,
// pattern, finding and way to set up that wiresight knows. The texts lie
// beside what they teach, in the registries of packages decode and classify;
// this package has those of the lower layers, which no dissector owns.
package learn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/header"
	"github.com/wiresight/wiresight/decode/layer"
)

// Kind sorts pages.
type Kind string

// The kinds of pages.
const (
	Protocol Kind = "protocol"
	Claim    Kind = "pattern or finding"
	Way      Kind = "way to set up"
	Step     Kind = "step"
)

// Page is one thing to learn about.
type Page struct {
	ID      string
	Title   string
	Kind    Kind
	OSI     int    // of a protocol, else 0
	About   string // one paragraph
	Is      string // what is seen on the wire
	IsNot   string // what looks like it
	Sources []string
}

// All returns every page: protocols from the link up, then the claims and the
// ways in the order of their registry.
func All() []Page {
	var list []Page
	for _, p := range lower {
		list = append(list, Page{ID: string(p.name), Title: p.title, Kind: Protocol, OSI: header.OSI(p.name), About: p.about, Sources: p.sources})
	}
	for _, p := range decode.Protocols() {
		list = append(list, Page{ID: string(p.Name), Title: title(p.Name), Kind: Protocol, OSI: p.OSI, About: p.About})
	}
	slices.SortStableFunc(list, func(a, b Page) int { return a.OSI - b.OSI })
	ways := map[string]bool{}
	for _, w := range timing.Ways() {
		ways[w.ID] = true
	}
	for _, l := range classify.Lessons() {
		kind := Claim
		if ways[l.ID] {
			kind = Way
		}
		list = append(list, Page{ID: l.ID, Title: l.Title, Kind: kind, About: l.About, Is: l.Is, IsNot: l.IsNot, Sources: l.Sources})
	}
	return append(list, steps...)
}

// title names a protocol that a dissector reads.
func title(p layer.Protocol) string { return strings.ToUpper(string(p)) }

// Find returns the page of an id. Where a protocol and a way to set up share
// one, the protocol's is returned.
func Find(id string) (Page, bool) {
	for _, p := range All() {
		if p.ID == id {
			return p, true
		}
	}
	return Page{}, false
}

// Markdown writes the page.
func (p Page) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n", p.Title)
	switch {
	case p.OSI > 0:
		fmt.Fprintf(&b, "*Protocol of layer %d, %s.* %s\n\n", p.OSI, layerNames[p.OSI&7], Layer(p.OSI))
	case p.Kind != "":
		fmt.Fprintf(&b, "*%s*\n\n", strings.ToUpper(string(p.Kind[:1]))+string(p.Kind[1:]))
	}
	b.WriteString(p.About + "\n")
	for _, s := range []struct{ title, text string }{{"On the wire", p.Is}, {"Not to be mistaken for it", p.IsNot}} {
		if s.text != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", s.title, s.text)
		}
	}
	if len(p.Sources) > 0 {
		b.WriteString("\n## To read further\n\n")
		for _, s := range p.Sources {
			b.WriteString("- " + s + "\n")
		}
	}
	return b.String()
}

// layerNames are the names of the OSI model's layers.
var layerNames = [8]string{1: "physical", 2: "link", 3: "network", 4: "transport", 5: "session", 6: "presentation", 7: "application"}

// LayerName returns the name of an OSI layer, "" for what is none.
func LayerName(osi int) string {
	if osi < 0 || osi >= len(layerNames) {
		return ""
	}
	return layerNames[osi]
}

// Layer says in a line what an OSI layer is for, "" for what is none.
func Layer(osi int) string {
	switch osi {
	case 1:
		return "Carries bits over a medium."
	case 2:
		return "Brings frames to the next station on the same link."
	case 3:
		return "Finds the way from host to host across networks."
	case 4:
		return "Connects programs on two hosts; TCP also keeps bytes in order and complete."
	case 5:
		return "Keeps a dialogue of several messages together."
	case 6:
		return "Agrees on how data is encoded, compressed and encrypted."
	case 7:
		return "Says what the two programs want from each other."
	}
	return ""
}
