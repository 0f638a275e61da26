package document

import (
	_ "embed"
	"fmt"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/wiresight/wiresight/report/diagram"
)

//go:embed style.css
var style string

// policy lets a browser fetch and run nothing, whatever slipped in.
const policy = "default-src 'none'; style-src 'unsafe-inline'"

// HTML writes the document as one file. The only errors are w's.
func (d *Document) HTML(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"Content-Security-Policy\" content=\"%s\">\n"+
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>%s</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<h1>%s</h1>\n",
		policy, escape(d.Title), style, diagram.Style, escape(d.Title))
	for i := range d.blocks {
		d.blocks[i].html(&b)
	}
	b.WriteString("</body>\n</html>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (k *block) html(b *strings.Builder) {
	switch k.kind {
	case heading:
		id := ""
		if k.id != "" {
			id = fmt.Sprintf(" id=\"%s\"", escape(k.id))
		}
		fmt.Fprintf(b, "<h%d%s>%s</h%d>\n", k.level, id, escape(k.text), k.level)
	case paragraph:
		fmt.Fprintf(b, "<p>%s</p>\n", escape(k.text))
	case note:
		fmt.Fprintf(b, "<p class=\"note\">%s</p>\n", escape(k.text))
	case claim:
		fmt.Fprintf(b, "<p class=\"claim %s\">%s</p>\n", escape(k.class), escape(k.text))
	case list:
		b.WriteString("<ul>\n")
		for _, c := range k.cells {
			fmt.Fprintf(b, "<li>%s</li>\n", escape(c))
		}
		b.WriteString("</ul>\n")
	case table:
		k.htmlTable(b)
	case figure:
		fmt.Fprintf(b, "<figure>\n<figcaption>%s</figcaption>\n%s\n</figure>\n", escape(k.text), k.draw.SVG())
	}
}

func (k *block) htmlTable(b *strings.Builder) {
	b.WriteString("<table>\n<tr>")
	for _, c := range k.cells {
		fmt.Fprintf(b, "<th>%s</th>", escape(c))
	}
	b.WriteString("</tr>\n")
	for i, row := range k.rows {
		b.WriteString("<tr>")
		for j, c := range row {
			if j == 0 && i < len(k.links) && k.links[i] != "" {
				fmt.Fprintf(b, "<td><a href=\"#%s\">%s</a></td>", escape(k.links[i]), escape(c))
				continue
			}
			fmt.Fprintf(b, "<td>%s</td>", escape(c))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>\n")
}

// escape makes text safe in HTML, between tags and in quoted attributes.
func escape(text string) string { return html.EscapeString(clean(text)) }

// clean puts the replacement character where text holds what no page shows.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 && r != '\n' || r >= 0x7f && r < 0xa0 || r == utf8.RuneError {
			return utf8.RuneError
		}
		return r
	}, text)
}
