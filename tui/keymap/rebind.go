package keymap

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
)

// named are the bindings that can be changed, by the names that a
// configuration has for them. Those of digits are not among them.
var named = []struct {
	name    string
	binding *key.Binding
}{
	{"quit", &Quit}, {"suspend", &Suspend}, {"help", &Help}, {"back", &Back}, {"open", &Open}, {"pause", &Pause},
	{"note", &Note}, {"notes", &Notes}, {"mark", &Mark}, {"copy", &Copy}, {"picture", &Picture},
	{"edit", &Edit}, {"delete", &Delete}, {"undo", &Undo}, {"merge", &Merge}, {"save", &Save},
	{"up", &Up}, {"down", &Down}, {"page-up", &PageUp}, {"page-down", &PageDown}, {"half-up", &HalfUp}, {"half-down", &HalfDown}, {"first", &First}, {"last", &Last},
	{"filter", &Filter}, {"column-before", &ColumnPrev}, {"column-next", &ColumnNext}, {"sort", &Sort}, {"reverse", &Reverse},
	{"packets", &Packets}, {"overview", &Overview}, {"pairs", &Pairs}, {"newest", &Newest}, {"compare", &Compare}, {"alone", &Alone},
	{"next-tab", &NextTab}, {"tab-before", &PrevTab}, {"stream", &Follow}, {"learn", &Lesson}, {"next-part", &NextPart}, {"part-before", &PrevPart},
	{"view", &View}, {"direction", &Turn}, {"zoom-in", &ZoomIn}, {"zoom-out", &ZoomOut}, {"earlier", &PanLeft}, {"later", &PanRight},
	{"replay", &Replay}, {"speed", &Speed}, {"step", &StepOn}, {"next-step", &NextStep}, {"step-before", &PrevStep}, {"reveal", &Reveal}, {"quiz", &Quiz}, {"example", &Example},
	{"next-pane", &NextPane}, {"pane-before", &PrevPane}, {"next-mark", &Next}, {"mark-before", &Previous}, {"times", &Times},
	{"next-of-conversation", &NextOfSame}, {"before-of-conversation", &PrevOfSame}, {"reference", &Reference}, {"bytes", &Runs}, {"conversation", &Story},
	{"learn-layer", &LessonHere}, {"scope", &Scope}, {"expand", &Expand}, {"collapse", &Collapse},
	{"hex", &Hex}, {"search", &Search}, {"next-match", &NextMatch}, {"match-before", &PrevMatch},
}

// Binding is a binding that can be changed.
type Binding struct {
	Name  string
	About string
	Keys  []string
}

// Names lists the bindings that can be changed as they are.
func Names() []Binding {
	list := make([]Binding, len(named))
	for i, n := range named {
		list[i] = Binding{n.name, n.binding.Help().Desc, n.binding.Keys()}
	}
	return list
}

// groups are all groups, so that a binding can be changed wherever it stands.
func groups() []*Group {
	list := []*Group{&Conversations, &Why, &Ladder, &Waterfall, &Rows, &Graph, &tabs, &PacketList, &Stream, &OverviewPage, &PairsPage, &Notebook, &Comparison, &Presentation, &Asking, &Reader, &Picker}
	for i := range Everywhere {
		list = append(list, &Everywhere[i])
	}
	return list
}

// Rebind gives bindings other keys, as bubbletea names them ("ctrl+f", "pgup",
// "space"). It is called before anything is shown. An error says which name is
// unknown, or which key would then have two meanings on one page; nothing is
// changed then.
func Rebind(keys map[string][]string) error {
	changed := map[*key.Binding][]string{}
	for name, list := range keys {
		i := slices.IndexFunc(named, func(n struct {
			name    string
			binding *key.Binding
		}) bool {
			return n.name == name
		})
		switch {
		case i < 0:
			return fmt.Errorf("there is no key binding %q", name)
		case len(list) == 0:
			return fmt.Errorf("%s needs a key", name)
		}
		changed[named[i].binding] = pressed(list)
	}
	if err := clash(changed); err != nil {
		return err
	}
	for b, list := range changed {
		set(b, list)
	}
	for i := range Pages { // copies of the groups
		for _, g := range groups() {
			if g.Title == Pages[i].Title {
				Pages[i] = *g
			}
		}
	}
	return nil
}

// pressed turns the names of keys into what the terminal's library calls them.
func pressed(list []string) []string {
	out := slices.Clone(list)
	for i := range out {
		if out[i] == "space" {
			out[i] = " "
		}
	}
	return out
}

// shown is how keys are written on the screen.
func shown(list []string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.Join(list, "/"), " ", "space"), "ctrl+", "ctrl-")
}

// set changes a binding and its copies in the groups.
func set(b *key.Binding, keys []string) {
	was := *b
	b.SetKeys(keys...)
	b.SetHelp(shown(keys), was.Help().Desc)
	for _, g := range groups() {
		for _, list := range [][]key.Binding{g.Bindings, g.Foot} {
			for i := range list {
				if same(list[i], was) {
					list[i] = *b
				}
			}
		}
	}
	for i := range motions {
		if same(motions[i].binding, was) {
			motions[i].binding = *b
		}
	}
}

func same(a, b key.Binding) bool { return a.Help() == b.Help() && slices.Equal(a.Keys(), b.Keys()) }

// clash tells of a new key that something else has on the same page.
func clash(changed map[*key.Binding][]string) error {
	now := func(b key.Binding) ([]string, bool) {
		for k, list := range changed {
			if same(*k, b) {
				return list, true
			}
		}
		return b.Keys(), false
	}
	var always []key.Binding
	for _, g := range Everywhere {
		always = append(always, g.Bindings...)
	}
	for _, g := range groups() {
		all := slices.Concat(g.Bindings, always)
		for i, a := range all {
			for _, b := range all[i+1:] {
				x, new1 := now(a)
				y, new2 := now(b)
				if !new1 && !new2 || same(a, b) {
					continue
				}
				for _, k := range x {
					if slices.Contains(y, k) {
						return fmt.Errorf("%s: both %q and %q would have this key", shown([]string{k}), a.Help().Desc, b.Help().Desc)
					}
				}
			}
		}
	}
	return nil
}
