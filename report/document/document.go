// Package document is a text of headings, paragraphs, lists, tables and
// diagrams that is written as Markdown or as one HTML file that needs nothing
// else: no script, no picture, no style sheet from outside. What is put into a
// document is text and never markup; both writers escape all of it.
package document

// Document is a text in the making. The zero value is empty.
type Document struct {
	Title  string
	blocks []block
}

// kind is what a block is.
type kind int

const (
	heading kind = iota
	paragraph
	note // a paragraph in the margin of what it is about: evidence, limits
	list
	table
	figure
	claim
)

// block is one part of a document.
type block struct {
	kind  kind
	level int    // of a heading
	id    string // that links lead to
	text  string
	class string // of a claim: its severity
	rows  [][]string
	cells []string // of a table's head
	links []string // of a table's rows, "" for none
	draw  Drawing
}

// Drawing is a diagram in both of its forms.
type Drawing interface {
	SVG() string  // safe markup
	Text() string // for a fixed-width font
}

// Heading begins a part; level 2 is the highest below the title. Links lead to
// its id; "" where none does.
func (d *Document) Heading(level int, id, text string) {
	d.blocks = append(d.blocks, block{kind: heading, level: level, id: id, text: text})
}

// Text adds a paragraph; an empty one is left out.
func (d *Document) Text(text string) { d.add(paragraph, text) }

// Note adds a paragraph for those who want proof.
func (d *Document) Note(text string) { d.add(note, text) }

func (d *Document) add(k kind, text string) {
	if text != "" {
		d.blocks = append(d.blocks, block{kind: k, text: text})
	}
}

// Claim adds the line that says what was found; class is its severity.
func (d *Document) Claim(class, text string) {
	d.blocks = append(d.blocks, block{kind: claim, class: class, text: text})
}

// List adds points.
func (d *Document) List(points []string) {
	if len(points) > 0 {
		d.blocks = append(d.blocks, block{kind: list, cells: points})
	}
}

// Table adds a table. links has the id that the first cell of each row leads
// to, and may be shorter than the rows.
func (d *Document) Table(head []string, rows [][]string, links []string) {
	if len(rows) > 0 {
		d.blocks = append(d.blocks, block{kind: table, cells: head, rows: rows, links: links})
	}
}

// Figure adds a diagram.
func (d *Document) Figure(title string, draw Drawing) {
	d.blocks = append(d.blocks, block{kind: figure, text: title, draw: draw})
}
