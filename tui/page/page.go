// Package page says what a page of the TUI is and how pages ask for one
// another. The pages themselves are in the folders below it; they do not know
// each other.
package page

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/notes"
	"github.com/wiresight/wiresight/tui/keymap"
)

// Page is one screen between the status bar and the footer.
type Page interface {
	Init() tea.Cmd
	Update(tea.Msg) tea.Cmd
	View() string // exactly the size that was set
	SetSize(width, height int)
	Keys() keymap.Group
	Typing() bool // keys are text at the moment: none of them is a command
}

// Source is what pages read: a wiresight.Session.
type Source interface {
	Status() wiresight.Status
	SetPaused(bool)
	View(func(wiresight.View))
	Packet(number int) (*wiresight.Packet, error)
	Packets(from, n int) ([]wiresight.Packet, error)
	ProtocolName(top uint16) layer.Protocol
	Stream(conversation, limit int) ([]wiresight.StreamChunk, error)
	Trace(ctx context.Context, conversation, limit int, progress func(done int)) (*wiresight.Trace, error)
}

// Tick comes a few times a second to the page on top.
type Tick struct{ Status wiresight.Status }

// Back asks for the page before.
type Back struct{}

// OpenConversation asks for the page of a conversation.
type OpenConversation struct {
	ID  int
	Tab string // to begin with; "" for the first
}

// Compare asks for a conversation beside another: the first time it names one,
// the second time the other.
type Compare struct{ ID int }

// OpenCapture asks for the page of the whole capture.
type OpenCapture struct{}

// OpenPairs asks for the page of conversations grouped by client and server.
type OpenPairs struct{}

// FilterConversations asks for the conversations page with a display filter.
type FilterConversations struct{ Expression string }

// OpenPackets asks for the packets page.
type OpenPackets struct {
	Conversation int    // show this one's packets only; 0 for all
	Marked       []int  // packet numbers to mark; the cursor goes to the first
	Why          string // what the marked packets show
}

// OpenLesson asks for what there is to learn about a protocol, a pattern, a
// finding or a way to set up, by its id.
type OpenLesson struct{ ID string }

// Present asks for the presentation of a built-in lesson, OpenExample for a
// built-in capture beside what is open.
type (
	Present     struct{ Lesson string }
	OpenExample struct{ Name string }
)

// NoteTarget is what a note is about: each part narrows the one before.
type NoteTarget = notes.Target

// EditNote asks for the text of a note; DeleteNote takes one away, UndoNote
// takes the last change back.
type (
	EditNote   struct{ Note notes.Note }
	DeleteNote struct{ ID string }
	UndoNote   struct{}
)

// OpenNotes asks for the page of all notes, MergeNotes for another journal to
// take in, SaveNotes for a capture with the notes in it.
type (
	OpenNotes  struct{}
	MergeNotes struct{}
	SaveNotes  struct{}
)

// Notable is a page, or a part of one, on which notes can be written.
type Notable interface {
	// Note returns what the selected thing is; ok is false where nothing is
	// selected.
	Note() (target NoteTarget, ok bool)
}

// Opened tells that the picker opened a session.
type Opened struct {
	Title   string
	Notes   string // path of the notes' journal
	Session *wiresight.Session
}

// Opener makes a session; see tui.Choice.
type Opener func(ctx context.Context) (*wiresight.Session, error)

// Send returns a command that delivers a message.
func Send(m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }

// Filter is a compiled display filter.
type Filter interface {
	Packet(*wiresight.Packet) bool
	Conversation(*flow.Conversation) bool
	// NeedsPackets reports whether conversations cannot tell all of it, so that
	// some are chosen that only may pass.
	NeedsPackets() bool
}

// Compiler makes a filter of an expression, or tells why it is none.
type Compiler func(expression string) (Filter, error)

// Judge runs the classifiers over one conversation. It is called inside
// Source.View.
type Judge func(m *flow.Model, c *flow.Conversation) classify.Conversation

// JudgeAll runs the classifiers that need several conversations. It is called
// inside Source.View, from a goroutine of its own.
type JudgeAll func(m *flow.Model) classify.Conversation
