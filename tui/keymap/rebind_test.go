package keymap

import (
	"slices"
	"strings"
	"testing"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
)

func rune1(r rune) tea.KeyMsg { return tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}} }

// restore puts the keys back that a test changes.
func restore(t *testing.T) {
	var was []key.Binding
	for _, n := range named {
		was = append(was, *n.binding)
	}
	t.Cleanup(func() {
		for i, n := range named {
			set(n.binding, was[i].Keys())
			now := *n.binding
			*n.binding = was[i]
			for _, g := range groups() {
				for _, list := range [][]key.Binding{g.Bindings, g.Foot} {
					for k := range list {
						if same(list[k], now) {
							list[k] = was[i]
						}
					}
				}
			}
		}
	})
}

func TestANewKeyWorksAndIsShown(t *testing.T) {
	restore(t)
	if err := Rebind(map[string][]string{"sort": {"ctrl+s", "space"}, "down": {"w", "down"}, "conversation": {"W"}, "save": {"ctrl+w"}, "pause": {"Z"}, "next-step": {"right"}}); err != nil {
		t.Fatal(err)
	}
	if key.Matches(rune1('s'), Sort) || !key.Matches(tea.KeyMsg{Type: tea.KeyCtrlS}, Sort) {
		t.Error("the binding has its old key")
	}
	if Motion(rune1('w')) != component.Down || Motion(rune1('j')) != component.NoMotion {
		t.Error("the motion has its old key")
	}
	for _, list := range [][]key.Binding{Conversations.Foot, Pages[0].Foot, Pages[0].Bindings} {
		i := slices.IndexFunc(list, func(b key.Binding) bool { return b.Help().Desc == "sort" })
		if list[i].Help().Key != "ctrl-s/space" {
			t.Errorf("what is shown is %q", list[i].Help().Key)
		}
	}
}

func TestAKeyHasOneMeaningOnAPage(t *testing.T) {
	for what, keys := range map[string]map[string][]string{
		"both":    {"sort": {"p"}},                             // packets
		"quit":    {"filter": {"q"}},                           // everywhere
		"no key":  {"sorting": {"s"}},                          // unknown
		"needs a": {"sort": nil},                               // no key
		"up":      {"learn": {"k"}},                            // moving
		"ctrl-x":  {"sort": {"ctrl+x"}, "packets": {"ctrl+x"}}, // two at once
	} {
		if err := Rebind(keys); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%v: %v, want something with %q", keys, err, what)
		}
	}
	if !key.Matches(rune1('s'), Sort) {
		t.Error("a failed change left something behind")
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range Names() {
		if seen[b.Name] || b.About == "" || len(b.Keys) == 0 {
			t.Errorf("%+v", b)
		}
		seen[b.Name] = true
	}
}
