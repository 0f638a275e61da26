package report

import (
	"io"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
)

// Packets writes packets one after another, each on a line. Lines are gathered
// until Flush, or until there are many.
type Packets struct {
	e      *encoder
	begun  time.Time
	widths [4]int // source, destination, protocol, length: they grow, and never jump back
	fields []flat
}

// NewPackets returns a writer of packets.
func NewPackets(w io.Writer) *Packets {
	return &Packets{e: newEncoder(w), widths: [4]int{9, 9, 8, 4}}
}

// Flush writes what was gathered. It returns w's first error.
func (p *Packets) Flush() error { return p.e.flush() }

// Line writes a packet as a packet list shows it: number, seconds since the
// first packet written, source, destination, protocol, length on the wire, and
// what the innermost protocol says.
func (p *Packets) Line(k *wiresight.Packet) error {
	if p.begun.IsZero() {
		p.begun = k.Time
	}
	b := p.e.b
	b = right(b, strconv.Itoa(k.Number), 6)
	b = append(b, ' ')
	b = right(b, strconv.FormatFloat(k.Time.Sub(p.begun).Seconds(), 'f', 6, 64), 11)
	b = append(b, ' ')
	b = p.column(b, 0, k.Source)
	b = append(b, " → "...)
	b = p.column(b, 1, k.Destination)
	b = append(b, ' ')
	b = p.column(b, 2, string(k.Protocol))
	b = append(b, ' ')
	b = right(b, strconv.Itoa(k.Length), p.widths[3])
	b = append(b, ' ')
	b = append(b, layer.Printable(k.Summary)...)
	p.e.b = append(b, '\n')
	return p.e.full()
}

// BeginAt sets the time from which Line counts.
func (p *Packets) BeginAt(t time.Time) { p.begun = t }

// column appends text padded to its column's width.
func (p *Packets) column(b []byte, i int, text string) []byte {
	n := utf8.RuneCountInString(text)
	p.widths[i] = max(p.widths[i], n)
	b = append(b, text...)
	for ; n < p.widths[i]; n++ {
		b = append(b, ' ')
	}
	return b
}

// right appends text aligned to the right.
func right(b []byte, text string, width int) []byte {
	for n := len(text); n < width; n++ {
		b = append(b, ' ')
	}
	return append(b, text...)
}

// full writes what was gathered where it is much.
func (e *encoder) full() error {
	if len(e.b) >= flushAt {
		return e.flush()
	}
	return e.err
}

// JSON writes a packet as one JSON object.
func (p *Packets) JSON(k *wiresight.Packet) error {
	e := p.e
	e.comma = false
	e.open('{')
	e.key("number")
	e.int(int64(k.Number))
	e.at("time", k.Time.UnixNano())
	e.key("length")
	e.int(int64(k.Length))
	e.array("layers")
	for i := range k.Layers {
		p.layer(&k.Layers[i])
	}
	e.close(']')
	e.text("summary", k.Summary)
	e.count("conversation", int64(k.Conversation))
	e.texts("comments", printable(k.Comments))
	if len(k.Problems) > 0 {
		e.array("problems")
		for i := range k.Problems {
			e.open('{')
			e.text("layer", string(k.Problems[i].Layer))
			e.text("text", k.Problems[i].Text)
			e.close('}')
		}
		e.close(']')
	}
	e.close('}')
	e.b = append(e.b, '\n')
	return e.full()
}

func (p *Packets) layer(l *layer.Layer) {
	e := p.e
	e.open('{')
	e.text("name", string(l.Protocol))
	e.key("osi_layer")
	e.int(int64(l.OSI))
	e.key("offset")
	e.int(int64(l.Offset))
	e.key("length")
	e.int(int64(l.Length))
	e.yes("reassembled", l.Source == layer.Reassembled)
	e.yes("decrypted", l.Source == layer.Decrypted)
	p.data(l)
	e.text("summary", l.Summary)
	if len(l.Fields) > 0 {
		e.object("fields")
		p.flatten(l.Fields)
		e.close('}')
	}
	e.close('}')
}

// maxData bounds a layer's own bytes in JSON; the report is no export of files.
const maxData = 4 << 10

// data shows the bytes that a layer's offset counts from, where those are not
// the frame's, and the packets that carried them.
func (p *Packets) data(l *layer.Layer) {
	e := p.e
	if l.Source == layer.Frame {
		return
	}
	if len(l.Data) > 0 {
		e.key("data")
		e.hex(l.Data[:min(len(l.Data), maxData)])
		e.count("data_omitted", int64(max(0, len(l.Data)-maxData)))
	}
	e.ints("packets", l.Packets)
}

// flat is a field without its children; next is the following one of the same
// name, 0 for none, and later tells that it is not the first.
type flat struct {
	name, value string
	next        int
	later       bool
}

// flatten writes a tree of fields as members, those of one name as an array.
func (p *Packets) flatten(fields []layer.Field) {
	p.fields = gather(p.fields[:0], fields)
	p.chain()
	e := p.e
	for i := range p.fields {
		f := &p.fields[i]
		if f.later {
			continue
		}
		e.keyText(f.name)
		if f.next == 0 {
			e.string(f.value)
			continue
		}
		e.open('[')
		for j := i; ; j = p.fields[j].next {
			e.string(p.fields[j].value)
			if p.fields[j].next == 0 {
				break
			}
		}
		e.close(']')
	}
}

func gather(dst []flat, fields []layer.Field) []flat {
	for i := range fields {
		dst = append(dst, flat{name: fields[i].Name, value: fields[i].Value})
		dst = gather(dst, fields[i].Children)
	}
	return dst
}

// few is how many fields are compared each with each; a table serves more.
const few = 48

// chain links the fields of one name.
func (p *Packets) chain() {
	if len(p.fields) > few {
		last := make(map[string]int, len(p.fields))
		for i := range p.fields {
			if j, seen := last[p.fields[i].name]; seen {
				p.fields[j].next, p.fields[i].later = i, true
			}
			last[p.fields[i].name] = i
		}
		return
	}
	for i := 1; i < len(p.fields); i++ {
		for j := i - 1; j >= 0; j-- {
			if p.fields[j].name == p.fields[i].name {
				p.fields[j].next, p.fields[i].later = i, true
				break
			}
		}
	}
}
