package stream

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
)

// line is one line of the page.
type line struct {
	dir    layer.Direction
	packet int
	gap    bool
	text   string
}

var arrows = [2]string{"> ", "< "}

// builder makes the lines of a stream.
type builder struct {
	chunks []wiresight.StreamChunk
	width  int
	hex    bool
	lines  []line
}

// build makes the lines.
func (b *builder) build() []line {
	var offsets [2]int
	for i := range b.chunks {
		c := &b.chunks[i]
		if c.Gap > 0 {
			text := fmt.Sprintf("%s[%d bytes are missing in the capture]", arrows[c.Dir], c.Gap)
			b.lines = append(b.lines, line{c.Dir, c.At.Number, true, text})
			offsets[c.Dir] += c.Gap
		}
		if b.hex {
			b.dump(c.Data, line{dir: c.Dir, packet: c.At.Number}, offsets[c.Dir])
		} else {
			b.write(c.Data, line{dir: c.Dir, packet: c.At.Number}, i)
		}
		offsets[c.Dir] += len(c.Data)
	}
	return b.lines
}

// write appends bytes as text. A line that the chunk before left open goes
// on.
func (b *builder) write(data []byte, l line, chunk int) {
	room := max(1, b.width-2)
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n') + 1
		if end == 0 {
			end = len(data)
		}
		text := layer.Printable(strings.TrimSuffix(string(data[:end]), "\n"))
		if b.continues(chunk) {
			last := len(b.lines) - 1
			open := strings.TrimPrefix(b.lines[last].text, arrows[l.dir])
			b.lines = b.lines[:last]
			text = open + text
		}
		for _, part := range strings.Split(ansi.Hardwrap(text, room, true), "\n") {
			l.text = arrows[l.dir] + part
			b.lines = append(b.lines, l)
		}
		data, chunk = data[end:], 0
	}
}

// continues reports whether a chunk goes on with the line before it.
func (b *builder) continues(chunk int) bool {
	if chunk == 0 || len(b.lines) == 0 {
		return false
	}
	c, before := &b.chunks[chunk], &b.chunks[chunk-1]
	return c.Dir == before.Dir && c.Gap == 0 && len(before.Data) > 0 && before.Data[len(before.Data)-1] != '\n'
}

// dump appends bytes as codes.
func (b *builder) dump(data []byte, l line, offset int) {
	per := component.BytesPerLine(b.width - 2)
	for len(data) > 0 {
		n := min(per, len(data))
		codes, text := component.HexCells(data[:n], per)
		l.text = arrows[l.dir] + component.Offset(offset) + "  " + codes + " " + text
		b.lines = append(b.lines, l)
		data, offset = data[n:], offset+n
	}
}

// sample is how many bytes decide whether a stream begins as text or as codes.
const sample = 512

// binary reports whether most bytes that a stream begins with are no text: a
// rune counts as text by its bytes, so that UTF-8 does.
func binary(chunks []wiresight.StreamChunk) bool {
	seen, text := 0, 0
	for i := range chunks {
		data := chunks[i].Data[:min(len(chunks[i].Data), sample-seen)]
		seen += len(data)
		for len(data) > 0 {
			r, n := utf8.DecodeRune(data)
			if unicode.IsPrint(r) && r != utf8.RuneError || r == '\n' || r == '\r' || r == '\t' {
				text += n
			}
			data = data[n:]
		}
	}
	return 2*text < seen
}
