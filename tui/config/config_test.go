package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

func TestAConfigurationIsRead(t *testing.T) {
	c, err := Parse(strings.NewReader(`
# mine
theme = colour-blind
author=Ada Lovelace
restore = no
key.sort = ctrl+s, comma
key.pause = space
`))
	if err != nil {
		t.Fatal(err)
	}
	if c.Theme != "colour-blind" || c.Author != "Ada Lovelace" || c.Restore != "no" || !slices.Equal(c.Keys["sort"], []string{"ctrl+s", ","}) || !slices.Equal(c.Keys["pause"], []string{"space"}) {
		t.Errorf("%+v", c)
	}
}

func TestAMistakeIsNamedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"\n\ncolour":                   "line 3: want name = value",
		"theme = blue":                 "line 1: theme \"blue\": there are auto, dark,",
		"restore = maybe":              "line 1: restore",
		"themes = dark":                "there is no setting",
		"key.sorting = s":              "there is no key binding \"sorting\"",
		strings.Repeat("x", longest+1): "line 1: ",
	} {
		if _, err := Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
	}
}

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	c := Config{Theme: "light", Author: "x", Restore: "no", Keys: map[string][]string{"sort": {",", " "}}}
	var b strings.Builder
	if err := c.Write(&b); err != nil {
		t.Fatal(err)
	}
	again, err := Parse(strings.NewReader(b.String()))
	if err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	if again.Theme != c.Theme || again.Author != c.Author || again.Restore != c.Restore || !slices.Equal(again.Keys["sort"], []string{",", "space"}) {
		t.Errorf("%+v", again)
	}
	if len(slices.Collect(maps.Keys(again.Keys))) < 50 {
		t.Error("the keys that were not changed are missing")
	}
}

func TestNoConfigurationSetsNothing(t *testing.T) {
	c, err := Load(t.TempDir() + "/none")
	if err != nil || c.Theme != "" || c.Keys != nil {
		t.Errorf("%+v, %v", c, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("theme = dark\nkey.sort = a, b")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse(strings.NewReader(text))
		if err == nil && c.Theme != "" && strings.ContainsAny(c.Theme, "\n=") {
			t.Errorf("%q", c.Theme)
		}
	})
}
