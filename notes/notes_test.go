package notes_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/wiresight/wiresight/notes"
)

func open(t *testing.T, path, author string) *notes.Book {
	t.Helper()
	b, err := notes.Open(path, author)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func put(t *testing.T, b *notes.Book, packet int, text string) notes.Note {
	t.Helper()
	n, err := b.Put(notes.Note{Target: notes.Target{Packet: packet}, Text: text})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func texts(b *notes.Book) (list []string) {
	for _, n := range b.List() {
		list = append(list, n.Text)
	}
	return list
}

func want(t *testing.T, b *notes.Book, list ...string) {
	t.Helper()
	if got := texts(b); !slices.Equal(got, list) {
		t.Errorf("the notes are %q, want %q", got, list)
	}
}

func TestANoteIsThereForWhoOpensTheJournalNext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pcapng.notes")
	b := open(t, path, "ada")
	n := put(t, b, 7, "why so late? #slow")
	put(t, b, 3, "the SYN")
	want(t, open(t, path, "bob"), "the SYN", "why so late? #slow")
	n.Text = "Nagle! #slow #fix"
	if _, err := b.Put(n); err != nil {
		t.Fatal(err)
	}
	again := open(t, path, "bob")
	want(t, again, "the SYN", "Nagle! #slow #fix")
	if got := again.List()[1]; got.Author != "ada" || !slices.Equal(got.Tags(), []string{"slow", "fix"}) {
		t.Errorf("%+v with tags %q", got, got.Tags())
	}
}

func TestUndoTakesBackOneChangeAfterTheOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.notes")
	b := open(t, path, "ada")
	n := put(t, b, 1, "first")
	n.Text = "second"
	if _, err := b.Put(n); err != nil {
		t.Fatal(err)
	}
	if err := b.Delete(n.ID); err != nil {
		t.Fatal(err)
	}
	want(t, b)
	for _, text := range [][]string{{"second"}, {"first"}, nil} {
		if _, err := b.Undo(); err != nil {
			t.Fatal(err)
		}
		want(t, b, text...)
		want(t, open(t, path, ""), text...)
	}
	if _, err := b.Undo(); !errors.Is(err, notes.ErrNothing) {
		t.Errorf("nothing is left, but Undo says %v", err)
	}
}

func TestATornLineCostsNoOtherNote(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.notes")
	put(t, open(t, path, "ada"), 1, "whole")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) {
		if err := os.WriteFile(path, append(slices.Clone(whole), whole[:cut]...), 0o600); err != nil {
			t.Fatal(err)
		}
		b := open(t, path, "ada")
		put(t, b, 2, "after the crash")
		want(t, open(t, path, ""), "whole", "after the crash")
	}
}

func TestTwoPeoplesNotesMergeWhicheverWay(t *testing.T) {
	dir := t.TempDir()
	mine, theirs := filepath.Join(dir, "mine.notes"), filepath.Join(dir, "theirs.notes")
	a := open(t, mine, "ada")
	shared := put(t, a, 5, "shared")
	data, err := os.ReadFile(mine)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, data, 0o600); err != nil {
		t.Fatal(err)
	}
	b := open(t, theirs, "bob")
	put(t, a, 1, "ada's")
	put(t, b, 9, "bob's")
	shared.Text = "changed by bob"
	if _, err := b.Put(shared); err != nil {
		t.Fatal(err)
	}
	if n, err := a.Merge(theirs); n != 2 || err != nil {
		t.Errorf("%d merged, %v", n, err)
	}
	if n, err := b.Merge(mine); n != 1 || err != nil {
		t.Errorf("%d merged, %v", n, err)
	}
	for _, path := range []string{mine, theirs} {
		want(t, open(t, path, ""), "ada's", "changed by bob", "bob's")
	}
	if n, err := a.Merge(theirs); n != 0 || err != nil {
		t.Errorf("merged again: %d, %v", n, err)
	}
}

func TestAnotherProcessesNotesAreTakenIn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.notes")
	a, b := open(t, path, "ada"), open(t, path, "bob")
	put(t, a, 1, "one")
	put(t, b, 2, "two")
	if err := a.Refresh(); err != nil {
		t.Fatal(err)
	}
	want(t, a, "one", "two")
}

func TestControlCharactersDoNotReachTheJournal(t *testing.T) {
	b := open(t, "", "ada")
	put(t, b, 1, "red \x1b[31m")
	want(t, b, `red \x1b[31m`)
	if _, err := b.Put(notes.Note{Text: " \t"}); err == nil {
		t.Error("an empty note was taken")
	}
}

func TestACommentNamesItsAuthorAndWhatItIsAbout(t *testing.T) {
	for _, c := range []struct {
		note notes.Note
		want string
	}{
		{notes.Note{Author: "ada", Text: "look", Target: notes.Target{Packet: 3, Conversation: 1}}, "ada: look"},
		{notes.Note{Text: "slow", Color: "red", Target: notes.Target{Packet: 3, Conversation: 1, Finding: "nagle-delayed-ack"}}, "finding nagle-delayed-ack of conversation 1: slow [red]"},
		{notes.Note{Text: "all of it"}, "the capture: all of it"},
	} {
		if got := c.note.Comment(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
