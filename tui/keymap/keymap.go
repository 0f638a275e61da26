// Package keymap is the one home of the TUI's keys. The pages ask it which
// binding a key belongs to; the footer and the help page are made from it, so
// that they cannot tell of a key that does not work.
package keymap

import (
	"slices"
	"strings"

	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight/tui/component"
)

// Group is a titled set of bindings. Those of Foot are shown in the footer.
type Group struct {
	Title    string
	Bindings []key.Binding
	Foot     []key.Binding
}

func bind(help, what string, keys ...string) key.Binding {
	return key.NewBinding(key.WithKeys(keys...), key.WithHelp(help, what))
}

// Keys that work everywhere.
var (
	Quit    = bind("q", "quit", "q", "ctrl+c")
	Force   = bind("ctrl-c", "quit, also while typing", "ctrl+c")
	Suspend = bind("ctrl-z", "suspend", "ctrl+z")
	Help    = bind("?", "help", "?")
	Back    = bind("esc", "back", "esc", "backspace")
	Open    = bind("enter", "open", "enter")
	Pause   = bind("space", "pause", " ")
	Note    = bind("n", "note", "n")
	Notes   = bind("B", "all notes", "B")
	Mark    = bind("m", "mark", "m")
	Copy    = bind("y", "copy the screen", "y")
	Picture = bind("Y", "save the screen", "Y")
)

// The page of all notes, and questions.
var (
	Edit   = bind("e", "edit", "e")
	Delete = bind("x", "delete", "x", "delete")
	Undo   = bind("u", "undo", "u")
	Merge  = bind("M", "merge another's", "M")
	Save   = bind("W", "save as pcapng", "W")
	Accept = bind("enter", "save", "enter")
	Cancel = bind("esc", "cancel", "esc")
)

// Moving in every list.
var (
	Up       = bind("↑/k", "up", "up", "k")
	Down     = bind("↓/j", "down", "down", "j")
	PageUp   = bind("pgup", "page up", "pgup", "ctrl+b")
	PageDown = bind("pgdn", "page down", "pgdown", "ctrl+f")
	HalfUp   = bind("ctrl-u", "half a page up", "ctrl+u")
	HalfDown = bind("ctrl-d", "half a page down", "ctrl+d")
	First    = bind("g/home", "first", "g", "home")
	Last     = bind("G/end", "last", "G", "end")
)

// The conversations page.
var (
	Filter     = bind("/", "filter", "/")
	ColumnPrev = bind("←/<", "sort by the column to the left", "left", "<", ",")
	ColumnNext = bind("→/>", "sort by the column to the right", "right", ">", ".")
	Sort       = bind("s", "sort", "s")
	Reverse    = bind("S", "reverse", "S")
	Packets    = bind("p", "packets", "p")
	Overview   = bind("o", "whole capture", "o")
	Pairs      = bind("a", "by client and server", "a")
	Newest     = bind("f", "follow newest", "f")
	Compare    = bind("c", "compare two", "c")
	Alone      = bind("x", "move one or both", "x")
)

// The conversation page.
var (
	NextTab  = bind("tab", "next tab", "tab")
	PrevTab  = bind("shift-tab", "tab before", "shift+tab")
	Tabs     = bind("1…7", "a tab by its number", "1", "2", "3", "4", "5", "6", "7")
	Follow   = bind("F", "stream", "F")
	Lesson   = bind("l", "learn", "l")
	NextPart = bind("}", "next part", "}")
	PrevPart = bind("{", "part before", "{")
	View     = bind("v", "other view", "v")
	Turn     = bind("d", "direction", "d")
	ZoomIn   = bind("+", "zoom in", "+", "=")
	ZoomOut  = bind("-", "zoom out", "-", "_")
	PanLeft  = bind("←", "earlier", "left", "h")
	PanRight = bind("→", "later", "right")
)

// The ladder's replay, and lessons.
var (
	Replay   = bind("r", "replay, pause", "r")
	Speed    = bind("R", "slower replay", "R")
	StepOn   = bind(".", "one more arrow", ".")
	NextStep = bind("→/space", "next step", "right", " ", "l", "pgdown")
	PrevStep = bind("←", "step before", "left", "h", "pgup")
	Reveal   = bind("enter", "reveal", "enter")
	Quiz     = bind("z", "quiz", "z")
	Example  = bind("o", "open its capture", "o")
)

// The packets page.
var (
	NextPane = bind("tab", "next pane", "tab")
	PrevPane = bind("shift-tab", "pane before", "shift+tab")
	Next     = bind("]", "next mark", "]")
	Previous = bind("[", "mark before", "[")
	Times    = bind("t", "time format", "t")

	NextOfSame = bind(".", "next of its conversation", ".")
	PrevOfSame = bind(",", "one before of its conversation", ",")
	Reference  = bind("T", "time reference", "T")
	Runs       = bind("b", "frame, reassembled, decrypted bytes", "b")
	Story      = bind("w", "its conversation", "w")
	LessonHere = bind("L", "learn about the layer", "L")
	Scope      = bind("c", "one or all", "c")
	Expand     = bind("→/enter", "expand", "right", "enter", "l", "+")
	Collapse   = bind("←", "collapse", "left", "h", "-")
	GoTo       = bind("1…9 G", "go to a packet's number", "1", "2", "3", "4", "5", "6", "7", "8", "9", "0")
)

// The stream tab.
var (
	Hex       = bind("x", "text or hex", "x")
	Search    = bind("/", "search", "/")
	NextMatch = bind("n", "next match", "n")
	PrevMatch = bind("N", "match before", "N")
)

var moving = Group{Title: "Moving", Bindings: []key.Binding{Up, Down, PageUp, PageDown, HalfUp, HalfDown, First, Last, Open, Back}}

// Everywhere lists the keys that no page takes away.
var Everywhere = []Group{moving, {Title: "Everywhere", Bindings: []key.Binding{Note, Mark, Notes, Copy, Picture, Help, Quit, Force, Suspend}}}

// The groups of the pages.
var (
	Conversations = Group{
		Title:    "Conversations",
		Bindings: []key.Binding{Filter, ColumnPrev, ColumnNext, Sort, Reverse, Overview, Pairs, Packets, Lesson, Follow, Compare, Newest, Pause},
		Foot:     []key.Binding{Open, Filter, Sort, Overview, Packets, Pairs, Note, Newest, Pause},
	}
	Why = Group{
		Title:    "Why",
		Bindings: []key.Binding{NextPart, PrevPart, Lesson},
		Foot:     []key.Binding{Open, Lesson, NextPart},
	}
	Ladder = Group{
		Title:    "Ladder",
		Bindings: []key.Binding{View, Replay, Speed, StepOn, Lesson},
		Foot:     []key.Binding{Open, View, Replay, Lesson},
	}
	Waterfall = Group{
		Title:    "Waterfall",
		Bindings: []key.Binding{ZoomIn, ZoomOut, PanLeft, PanRight, Lesson},
		Foot:     []key.Binding{Open, ZoomIn, ZoomOut, Lesson},
	}
	Rows = Group{
		Title:    "Exchanges and messages",
		Bindings: []key.Binding{ColumnPrev, ColumnNext, Sort, Reverse},
		Foot:     []key.Binding{Open, Sort, Reverse},
	}
	Graph = Group{
		Title:    "Graph",
		Bindings: []key.Binding{View, Turn, ZoomIn, ZoomOut, PanLeft, PanRight},
		Foot:     []key.Binding{Open, View, Turn, ZoomIn, ZoomOut},
	}
	tabs = Group{
		Bindings: []key.Binding{NextTab, PrevTab, Tabs, Follow, Packets, Pause},
		Foot:     []key.Binding{NextTab, Packets, Back},
	}
	PacketList = Group{
		Title:    "Packets",
		Bindings: []key.Binding{NextPane, PrevPane, Filter, Next, Previous, NextOfSame, PrevOfSame, Scope, Story, Times, Reference, GoTo, Expand, Collapse, Runs, LessonHere, Follow, Pause},
		Foot:     []key.Binding{NextPane, Filter, Next, Scope, Story, Note, Times, Back},
	}
	Stream = Group{
		Title:    "Stream",
		Bindings: []key.Binding{Hex, Search, NextMatch, PrevMatch},
		Foot:     []key.Binding{Open, Hex, Search, NextMatch},
	}
	OverviewPage = Group{
		Title:    "Whole capture",
		Bindings: []key.Binding{NextPane, NextPart, PrevPart, Lesson, Packets, Pause},
		Foot:     []key.Binding{Open, NextPane, Lesson, Packets, Back},
	}
	PairsPage = Group{
		Title:    "By client and server",
		Bindings: []key.Binding{ColumnPrev, ColumnNext, Sort, Reverse},
		Foot:     []key.Binding{Open, Sort, Reverse, Back},
	}
	Notebook = Group{
		Title:    "Notes",
		Bindings: []key.Binding{Filter, Edit, Delete, Undo, Save, Merge},
		Foot:     []key.Binding{Open, Edit, Delete, Undo, Save, Merge, Back},
	}
	Presentation = Group{
		Title:    "Lesson",
		Bindings: []key.Binding{NextStep, PrevStep, Reveal, Quiz, Replay, Speed, StepOn, Example},
		Foot:     []key.Binding{NextStep, PrevStep, Replay, Speed, Quiz, Example, Back},
	}
	Comparison = Group{
		Title:    "Two conversations",
		Bindings: []key.Binding{NextTab, Alone, View, Replay, Speed, StepOn, Lesson},
		Foot:     []key.Binding{NextTab, Alone, View, Replay, Back},
	}
	Asking = Group{Title: "Question", Foot: []key.Binding{Accept, Cancel}}
	Reader = Group{Title: "Text", Foot: []key.Binding{Back}}
	Picker = Group{
		Title:    "Picker",
		Bindings: []key.Binding{Filter, NextPane, PrevPane},
		Foot:     []key.Binding{Open, Filter, NextPane},
	}
)

// Motion returns the motion that a key stands for.
func Motion(k tea.KeyMsg) component.Motion {
	for _, m := range motions {
		if key.Matches(k, m.binding) {
			return m.motion
		}
	}
	return component.NoMotion
}

var motions = []struct {
	binding key.Binding
	motion  component.Motion
}{
	{Up, component.Up}, {Down, component.Down}, {PageUp, component.PageUp}, {PageDown, component.PageDown},
	{HalfUp, component.HalfUp}, {HalfDown, component.HalfDown}, {First, component.First}, {Last, component.Last},
}

// InTab returns the keys of a tab of the conversation page with those of the
// page.
func InTab(g Group) Group {
	return Group{
		Title:    "One conversation: " + strings.ToLower(g.Title),
		Bindings: slices.Concat(g.Bindings, tabs.Bindings),
		Foot:     slices.Concat(g.Foot, tabs.Foot),
	}
}

// Pages lists the groups of all pages.
var Pages = []Group{Conversations, PairsPage, OverviewPage, Why, Ladder, Waterfall, Rows, Stream, Graph, PacketList, Notebook, Comparison, Presentation, Picker}
