package document

import (
	"encoding/xml"
	"strings"
	"testing"
)

type drawing struct{}

func (drawing) SVG() string  { return "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>" }
func (drawing) Text() string { return "```\nfences\n" }

const hostile = "<script src=//x.example>&\x1b[2J `*_|]( https://x.example www.x.example a@b.example\n# new"

func whole() *Document {
	d := &Document{Title: hostile}
	d.Heading(2, "a", hostile)
	d.Text(hostile)
	d.Note(hostile)
	d.Claim("problem", hostile)
	d.List([]string{hostile, "1. no list", "- no list", "# no heading"})
	d.Table([]string{hostile, "b"}, [][]string{{hostile, "c"}}, []string{"a"})
	d.Figure(hostile, drawing{})
	return d
}

func TestHTMLHoldsTextAsTextOnly(t *testing.T) {
	var b strings.Builder
	if err := whole().HTML(&b); err != nil {
		t.Fatal(err)
	}
	page := b.String()
	if n := strings.Count(page, "<script"); n != 0 {
		t.Errorf("%d scripts", n)
	}
	if strings.ContainsRune(page, 0x1b) {
		t.Error("a control character is left")
	}
	for _, outside := range []string{"src=\"", "url(", "@import", "href=\"http"} {
		if strings.Contains(page, outside) {
			t.Errorf("%s: the file needs something from outside", outside)
		}
	}
	if !strings.Contains(page, "default-src 'none'") || !strings.Contains(page, "prefers-color-scheme:dark") || !strings.Contains(page, `<a href="#a">`) {
		t.Error("policy, dark colours or links are missing")
	}
	// What stands in the body nests properly.
	_, body, _ := strings.Cut(page, "<body>")
	body, _, _ = strings.Cut(body, "</body>")
	if err := xml.Unmarshal([]byte("<body>"+body+"</body>"), new(struct{})); err != nil {
		t.Error(err)
	}
}

func TestMarkdownHoldsTextAsTextOnly(t *testing.T) {
	var b strings.Builder
	if err := whole().Markdown(&b); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"\x1b", "\n# new", "\n1. ", "- - ", "- # ", " <script", " `*"} {
		if strings.Contains(text, bad) {
			t.Errorf("%q is in\n%s", bad, text)
		}
	}
	for _, want := range []string{`\<script`, `https\://`, `www\.x`, `a\@b`, "1\\. no list", `\# no heading`, "````text\n```\nfences\n````"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestEmptyPartsAreLeftOut(t *testing.T) {
	d := &Document{Title: "t"}
	d.Text("")
	d.Note("")
	d.List(nil)
	d.Table([]string{"a"}, nil, nil)
	if len(d.blocks) != 0 {
		t.Errorf("%d blocks", len(d.blocks))
	}
}
