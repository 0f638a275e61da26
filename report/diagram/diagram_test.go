package diagram

import (
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const hostile = "GET /<script>alert('1')</script>\x1b[2J\x00\"&amp;"

func ladder() *Ladder {
	return &Ladder{
		Client: "client" + hostile, Server: "server", Before: 0, After: 10 * time.Millisecond, More: 3,
		Arrows: []Arrow{
			{At: 0, ToServer: true, Label: "SYN", Packet: 1},
			{At: 20 * time.Millisecond, Label: "SYN, ACK", Packet: 2},
			{At: 20 * time.Millisecond, ToServer: true, Label: hostile, Packet: 3},
			{At: 220 * time.Millisecond, ToServer: true, Label: "again", Note: "retransmission", Grave: true, Packet: 4},
		},
	}
}

func waterfall() *Waterfall {
	ms := time.Millisecond
	return &Waterfall{Rows: []Row{
		{Title: "tcp", Time: "20 ms", Parts: []Part{{0, 20 * ms, Phase}}},
		{Title: hostile, Status: "404", Time: "60 ms", Bad: true, Parts: []Part{{20 * ms, 20 * ms, Request}, {20 * ms, 60 * ms, Wait}, {60 * ms, 80 * ms, Transfer}}},
		{Title: "estimates"},
		{Title: "quic", Time: "40 ms", Parts: []Part{{0, 40 * ms, Estimate}}},
	}}
}

// elements parses a drawing, and fails where it is not well-formed.
func elements(t *testing.T, svg string) (list []xml.StartElement, text string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		k, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list, text
		}
		if err != nil {
			t.Fatalf("%v in %s", err, svg)
		}
		switch k := k.(type) {
		case xml.StartElement:
			list = append(list, k.Copy())
		case xml.CharData:
			text += string(k) + "\n"
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

func number(t *testing.T, e xml.StartElement, name string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(attribute(e, name), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDrawingsHoldCapturedTextAsTextOnly(t *testing.T) {
	for _, svg := range []string{ladder().SVG(), waterfall().SVG(), Standalone(ladder().SVG())} {
		list, text := elements(t, svg)
		for _, e := range list {
			if e.Name.Local == "script" {
				t.Error("the text became an element")
			}
		}
		if !strings.Contains(text, "<script>alert") {
			t.Error("the text is not there")
		}
		if strings.ContainsAny(svg, "\x00\x1b") {
			t.Error("a control character is left")
		}
	}
	for _, text := range []string{ladder().Text(), waterfall().Text()} {
		if strings.ContainsAny(text, "\x00\x1b") {
			t.Errorf("a control character is left in %q", text)
		}
	}
}

func TestArrowsGoFromSenderToReceiverAndFallOnTheirWay(t *testing.T) {
	list, text := elements(t, ladder().SVG())
	var lines []xml.StartElement
	for _, e := range list {
		if c := attribute(e, "class"); e.Name.Local == "line" && (c == "client" || c == "server" || c == "grave") {
			lines = append(lines, e)
		}
	}
	if len(lines) != 4 {
		t.Fatalf("%d arrows", len(lines))
	}
	for i, toServer := range []bool{true, false, true, true} {
		e := lines[i]
		if right := number(t, e, "x2") > number(t, e, "x1"); right != toServer {
			t.Errorf("arrow %d goes the wrong way", i)
		}
		if fall := number(t, e, "y2") - number(t, e, "y1"); fall < slantMost-0.2 || fall > slantMost+0.2 {
			t.Errorf("arrow %d falls %v, want %v", i, fall, slantMost)
		}
	}
	// Captured at the client: what it sends leaves when the server's answer arrives.
	if answered, next := number(t, lines[1], "y2"), number(t, lines[2], "y1"); next < answered {
		t.Errorf("packet 3 leaves at %v, before packet 2 arrives at %v", next, answered)
	}
	if attribute(lines[3], "class") != "grave" || !strings.Contains(text, "retransmission") {
		t.Error("the retransmission is not marked")
	}
	if !strings.Contains(text, "⋮ +200 ms") || !strings.Contains(text, "… 3 more") {
		t.Errorf("the wait or what is left out is not told in %s", text)
	}
}

func TestBarsStandWhereTheirTimesAre(t *testing.T) {
	list, _ := elements(t, waterfall().SVG())
	var transfer xml.StartElement
	for _, e := range list {
		if attribute(e, "class") == "transfer" {
			transfer = e // the last: the first is the legend's
		}
	}
	if x, w := number(t, transfer, "x"), number(t, transfer, "width"); x != barsFrom+(barsTo-barsFrom)*0.75 || w != (barsTo-barsFrom)*0.25 {
		t.Errorf("the answer is drawn at %v, %v wide", x, w)
	}
}

func TestTextDrawsWhatTheDrawingDoes(t *testing.T) {
	text := ladder().Text()
	for _, want := range []string{`1 +0  │─+ SYN ─+▶│`, `2 +20\.0 ms  │◀─+ SYN, ACK ─+│`, `⋮ \+200 ms  ┊ +┊`, `▶│ retransmission`, `… 3 more`} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("%s is not in\n%s", want, text)
		}
	}
	if text := waterfall().Text(); !strings.Contains(text, "404") || !regexp.MustCompile(`░{19,21}█{9,11}`).MatchString(text) {
		t.Errorf("the waterfall is\n%s", text)
	}
}

func TestEmptyDiagramsAreDrawn(t *testing.T) {
	elements(t, (&Ladder{}).SVG())
	elements(t, (&Waterfall{}).SVG())
}
