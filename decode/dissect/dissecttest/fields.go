package dissecttest

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// CheckFields fails the test where a described field lies outside of its
// layer, or a text is not fit for a screen.
func CheckFields(t Failer, r *Recorder) {
	t.Helper()
	for i := range r.Layers {
		l := &r.Layers[i]
		checkText(t, l.Summary)
		checkFields(t, l.Fields, l.Length)
	}
	for i := range r.Messages {
		m := &r.Messages[i]
		checkText(t, m.Name)
		checkText(t, m.Status)
		for _, f := range m.Facts {
			checkText(t, f.Value)
		}
	}
}

func checkFields(t Failer, fields []layer.Field, length int) {
	t.Helper()
	for _, f := range fields {
		if f.Offset < 0 || f.Length < 0 || f.Offset+f.Length > length {
			t.Errorf("field %s at %d, %d bytes, of a layer of %d", f.Name, f.Offset, f.Length, length)
		}
		checkText(t, f.Value)
		checkFields(t, f.Children, length)
	}
}

func checkText(t Failer, s string) {
	t.Helper()
	if s != layer.Printable(s) {
		t.Errorf("not printable: %q", s)
	}
}

// Hostile plays what a fuzzer made, whole and in pieces. It fails the test
// where fields lie outside of their layers, where a text is not fit for a
// screen, and where bytes that nothing was wrong with tell different stories.
// late is how a dissector is made in the middle of a connection.
func Hostile(t Failer, p dissect.Protocol, client, server string, late bool, size uint8) {
	t.Helper()
	p.Probe([]byte(client), false)
	g := Game{Context: dissect.Context{MidStream: late}}
	writes := []Write{Client(client), Server(server)}
	whole := g.Play(p, writes...)
	CheckFields(t, whole)
	g.Cut = Pieces(int(size) + 1)
	cut := g.Play(p, writes...)
	if late || whole.Withdrawn || len(whole.Problems) > 0 {
		return
	}
	if a, b := cut.Story(), whole.Story(); a != b {
		t.Errorf("in pieces of %d:\n%s\nwhole:\n%s", size+1, a, b)
	}
}
