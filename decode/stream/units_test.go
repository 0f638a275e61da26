package stream_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// counted is a protocol whose units are a '#', a digit that counts the bytes
// to follow in tens, and those bytes.
type counted struct {
	units [2]stream.Units
	out   dissect.Sink
}

func protocol() dissect.Protocol {
	return dissect.Protocol{Name: "counted", New: func(c dissect.Context) dissect.Dissector {
		d := &counted{}
		for i := range d.units {
			d.units[i] = stream.Units{Most: 8, Late: c.MidStream}
		}
		return d
	}}
}

func (d *counted) Feed(out dissect.Sink, c dissect.Chunk) {
	d.out = out
	d.units[c.Dir].Feed(c, d)
}

func (d *counted) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for i := range d.units {
		d.units[i].Finish(layer.Direction(i), d)
	}
}

func (d *counted) Measure(_ layer.Direction, b []byte) int64 {
	switch {
	case b[0] != '#':
		return -1
	case len(b) < 2:
		return 0
	}
	return 2 + 10*int64(b[1]-'0')
}

func (d *counted) Begins(dir layer.Direction, b []byte) bool { return d.Measure(dir, b) >= 0 }
func (d *counted) Lost(_ layer.Direction, missing bool) {
	if !missing {
		d.out.Problem("counted", "no unit")
	}
}

func (d *counted) Unit(u *stream.Unit) {
	m := flow.Message{Protocol: "counted", Kind: "unit", Name: string(u.Head)}
	u.Fill(&m)
	m.Status = fmt.Sprint(u.Missing)
	d.out.Message(&m)
}

func ten(letter string) string { return strings.Repeat(letter, 10) }

func heads(r *dissecttest.Recorder) (list []string) {
	states := []string{"", " head", " cut"}
	for _, m := range r.Messages {
		list = append(list, m.Name+states[m.State])
	}
	return list
}

func TestUnitsAreTheSameHoweverTheStreamIsCut(t *testing.T) {
	r := dissecttest.EveryCut(t, protocol(), dissecttest.Client("#0#1"+ten("a")+"#3"+ten("b")+ten("c")+ten("d")+"#0"), dissecttest.Server("#2"+ten("e")))
	if got, want := heads(r), []string{"#0", "#1aaaaaa", "#3bbbbbb", "#0", "#2eeeeee cut"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUnitsGoOnBehindBytesLostWithinOne(t *testing.T) {
	r := dissecttest.Play(protocol(), dissecttest.Client("#2"+ten("a")), dissecttest.Lost(4, dissecttest.Client("aaaaaa#1"+ten("b"))))
	if got, want := heads(r), []string{"#2aaaaaa cut", "#1bbbbbb"}; !slices.Equal(got, want) || r.Messages[0].Bytes != 18 {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUnitsWaitForABeginningWhereTheirLengthIsOfNoHelp(t *testing.T) {
	r := dissecttest.Play(protocol(), dissecttest.Client("#2"+ten("a")), dissecttest.Lost(50, dissecttest.Client("aaaaaa#1"+ten("b"))), dissecttest.Client("#0"))
	if got, want := heads(r), []string{"#2aaaaaa cut", "#0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestUnitsOfALateStreamBeginWithAChunk(t *testing.T) {
	r := dissecttest.Game{Context: dissect.Context{MidStream: true}}.Play(protocol(), dissecttest.Client("aaa#0"), dissecttest.Client("#0"))
	if got := heads(r); !slices.Equal(got, []string{"#0"}) || len(r.Problems) > 0 {
		t.Errorf("%q %v", got, r.Problems)
	}
}

func TestUnitsSayWhereNoneBegins(t *testing.T) {
	r := dissecttest.Play(protocol(), dissecttest.Client("#0?"), dissecttest.Client("#1"+ten("b")))
	if got := heads(r); !slices.Equal(got, []string{"#0", "#1bbbbbb"}) || len(r.Problems) != 1 {
		t.Errorf("%q %v", got, r.Problems)
	}
}
