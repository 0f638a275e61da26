package document

import (
	"fmt"
	"io"
	"strings"
)

// Markdown writes the document as CommonMark with tables. Diagrams are drawn in
// characters. The only errors are w's.
func (d *Document) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", quoted(d.Title))
	for i := range d.blocks {
		b.WriteByte('\n')
		d.blocks[i].markdown(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (k *block) markdown(b *strings.Builder) {
	switch k.kind {
	case heading:
		fmt.Fprintf(b, "%s %s\n", strings.Repeat("#", k.level), quoted(k.text))
	case paragraph:
		fmt.Fprintf(b, "%s\n", quoted(k.text))
	case note:
		fmt.Fprintf(b, "> %s\n", quoted(k.text))
	case claim:
		fmt.Fprintf(b, "**%s**\n", quoted(k.text))
	case list:
		for _, c := range k.cells {
			fmt.Fprintf(b, "- %s\n", quoted(c))
		}
	case table:
		k.markdownTable(b)
	case figure:
		text := k.draw.Text()
		fence := fence(text)
		fmt.Fprintf(b, "%s:\n\n%stext\n%s%s\n", quoted(k.text), fence, text, fence)
	}
}

func (k *block) markdownTable(b *strings.Builder) {
	row := func(cells []string) {
		b.WriteByte('|')
		for _, c := range cells {
			b.WriteString(" " + quoted(c) + " |")
		}
		b.WriteByte('\n')
	}
	row(k.cells)
	b.WriteString("|" + strings.Repeat(" --- |", len(k.cells)) + "\n")
	for _, r := range k.rows {
		row(r)
	}
}

// quoted makes text that Markdown takes for nothing but text: it is one line,
// and whatever could begin markup has a backslash.
func quoted(text string) string {
	var b strings.Builder
	line := strings.Join(strings.Fields(clean(text)), " ")
	for i, r := range line {
		switch {
		case strings.ContainsRune("\\`*_[]<>|&~$", r), i == 0 && strings.ContainsRune("#+-=:", r):
			b.WriteByte('\\')
		case r == '@', r == ':' && strings.HasPrefix(line[i:], "://"), r == '.' && strings.HasSuffix(line[:i], "www"):
			b.WriteByte('\\') // no address becomes a link by itself
		}
		b.WriteRune(r)
	}
	out := b.String()
	if n := len(out) - len(strings.TrimLeft(out, "0123456789")); n > 0 && n < len(out) && (out[n] == '.' || out[n] == ')') && (n+1 == len(out) || out[n+1] == ' ') {
		out = out[:n] + "\\" + out[n:] // no numbered list
	}
	return out
}

// fence returns a fence that text cannot close.
func fence(text string) string {
	longest, run := 0, 0
	for _, r := range text {
		if r == '`' {
			run++
			longest = max(longest, run)
			continue
		}
		run = 0
	}
	return strings.Repeat("`", max(3, longest+1))
}
