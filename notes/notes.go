// Package notes keeps what people write about a capture, beside it: a journal
// to which each change is appended and synced at once, so that what was
// written is there whatever happens to the process, and nothing in it is ever
// rewritten. Journals of several people join by joining their lines. The
// capture itself is never touched.
package notes

import (
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// Target is what a note is about. Each part narrows the one before; zero
// values stand for the whole.
type Target struct {
	Packet       int    `json:"packet,omitempty"`
	Conversation int    `json:"conversation,omitempty"`
	Exchange     int    `json:"exchange,omitempty"` // id within the conversation
	Finding      string `json:"finding,omitempty"`  // id
}

// String names the target for people.
func (t Target) String() string {
	var parts []string
	if t.Finding != "" {
		parts = append(parts, "finding "+t.Finding)
	}
	if t.Exchange > 0 {
		parts = append(parts, fmt.Sprintf("exchange %d", t.Exchange))
	}
	if t.Packet > 0 {
		parts = append(parts, fmt.Sprintf("packet %d", t.Packet))
	}
	if t.Conversation > 0 {
		parts = append(parts, fmt.Sprintf("conversation %d", t.Conversation))
	}
	if len(parts) == 0 {
		return "the capture"
	}
	return strings.Join(parts, " of ")
}

// Note is what somebody wrote, or a mark in a colour, or both.
type Note struct {
	ID      string    `json:"id"`
	Author  string    `json:"author,omitempty"`
	Written time.Time `json:"written"`
	Target  Target    `json:"target"`
	Text    string    `json:"text,omitempty"`
	Color   string    `json:"color,omitempty"` // one of Colors, or ""
}

// Colors are the colours of marks.
var Colors = []string{"yellow", "red", "green", "blue", "violet"}

// Tags returns the words of the text that begin with "#", without it.
func (n *Note) Tags() []string {
	var tags []string
	for _, w := range strings.Fields(n.Text) {
		if t := strings.Trim(w, "#.,;:!?()"); strings.HasPrefix(w, "#") && t != "" {
			tags = append(tags, t)
		}
	}
	return tags
}

// Comment is the note as a packet comment of a capture file.
func (n *Note) Comment() string {
	text := n.Text
	if n.Color != "" {
		text = strings.TrimSpace(text + " [" + n.Color + "]")
	}
	if t := n.Target; t.Finding != "" || t.Exchange > 0 || t.Packet == 0 {
		t.Packet = 0
		text = t.String() + ": " + text
	}
	if n.Author != "" {
		text = n.Author + ": " + text
	}
	return text
}

// maxText bounds a note's text, in bytes; pcapng allows 65535 for a comment.
const maxText = 8000

// ErrNothing is returned by Undo where nothing is left to take back.
var ErrNothing = errors.New("nothing to undo")

// Book is the notes of one capture. Its methods may be called from several
// goroutines; those that read may be called on a nil Book, which is empty.
type Book struct {
	path   string
	author string

	mu      sync.Mutex
	state   map[string]change // the latest of each note
	read    int64             // bytes of the journal taken in
	undo    []change          // what brings back the states before, the latest last
	version int
}

// Path returns where the journal is, "" for notes in memory alone.
func (b *Book) Path() string {
	if b == nil {
		return ""
	}
	return b.path
}

// Version grows with every change.
func (b *Book) Version() int {
	if b == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.version
}

// List returns all notes, by packet, then by the time they were written.
func (b *Book) List() []Note {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Note
	for _, c := range b.state {
		if c.Note != nil {
			list = append(list, *c.Note)
		}
	}
	slices.SortFunc(list, func(x, y Note) int {
		return cmp.Or(cmp.Compare(x.Target.Packet, y.Target.Packet), cmp.Compare(x.Target.Conversation, y.Target.Conversation),
			x.Written.Compare(y.Written), cmp.Compare(x.ID, y.ID))
	})
	return list
}

// Put adds a note, or changes the one with its ID, and returns it as it was
// written. It returns once the note is on the disk.
func (b *Book) Put(n Note) (Note, error) {
	n.Text = layer.Printable(strings.TrimSpace(n.Text))
	if len(n.Text) > maxText {
		n.Text = strings.ToValidUTF8(n.Text[:maxText], "") + "…"
	}
	if n.Text == "" && n.Color == "" {
		return n, errors.New("an empty note")
	}
	if n.ID == "" {
		n.ID, n.Written = newID(), time.Now().UTC().Round(0)
	}
	if n.Author == "" {
		n.Author = b.author
	}
	return n, b.do(change{ID: n.ID, Note: &n})
}

// Delete takes a note away.
func (b *Book) Delete(id string) error { return b.do(change{ID: id}) }

// do makes a change and remembers what undoes it.
func (b *Book) do(c change) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := change{ID: c.ID, Note: b.state[c.ID].Note}
	if err := b.change(c); err != nil {
		return err
	}
	b.undo = append(b.undo, before)
	return nil
}

// Undo takes the latest change of this process back, and tells what it was.
func (b *Book) Undo() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.undo) == 0 {
		return "", ErrNothing
	}
	c := b.undo[len(b.undo)-1]
	if err := b.change(c); err != nil {
		return "", err
	}
	b.undo = b.undo[:len(b.undo)-1]
	if c.Note == nil {
		return "the note is gone again", nil
	}
	return "back: " + c.Note.Text, nil
}

func newID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return hex.EncodeToString(b[:])
}

// Comments returns the notes as comments, by the packets that are to bear
// them: those on a whole conversation stand at its first packet, which first
// tells, and those on the capture at packet 1.
func Comments(list []Note, first func(conversation int) int) map[int][]string {
	by := map[int][]string{}
	for i := range list {
		n := &list[i]
		at := n.Target.Packet
		if at == 0 && n.Target.Conversation > 0 {
			at = first(n.Target.Conversation)
		}
		at = max(at, 1)
		by[at] = append(by[at], n.Comment())
	}
	return by
}
