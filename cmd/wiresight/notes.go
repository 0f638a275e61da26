package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/notes"
)

// journal returns where the notes on a capture file are kept: beside it.
func journal(path string) string { return path + notes.Extension }

// apart returns where the notes on a capture are kept that has no file, "" for
// nowhere.
func apart(name string) string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "wiresight", "notes", strings.ReplaceAll(name, string(filepath.Separator), "-")+notes.Extension)
}

// journalOf returns where the notes on what the command line names are kept.
func journalOf(path, iface, written string) string {
	switch {
	case written != "":
		return journal(written)
	case path != "" && path != "-":
		return journal(path)
	case iface != "":
		return apart("live-" + iface + "-" + time.Now().UTC().Format("20060102-150405"))
	}
	return apart("stdin-" + time.Now().UTC().Format("20060102-150405"))
}

// author names who writes notes: WIRESIGHT_AUTHOR, else the user's name.
func author() string {
	if name := os.Getenv("WIRESIGHT_AUTHOR"); name != "" {
		return name
	}
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}

func newNotes() *cobra.Command {
	var merge, save string
	cmd := &cobra.Command{
		Use:   "notes FILE",
		Short: "List the notes on a capture, merge another's, or save them in a pcapng",
		Long: `notes lists what was written about a capture in the TUI. The notes lie beside it,
in FILE.notes; the capture itself is never changed.`,
		Example: `  wiresight notes trace.pcapng
  wiresight notes --merge bob/trace.pcapng.notes trace.pcapng
  wiresight notes --save-as noted.pcapng trace.pcapng`,
		Args:              arguments(1, 1),
		ValidArgsFunction: captureFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(journal(args[0])); err != nil { // the notes may outlive the capture
				if _, err := os.Stat(args[0]); err != nil {
					return err
				}
			}
			book, err := notes.Open(journal(args[0]), author())
			if err != nil {
				return err
			}
			if merge != "" {
				n, err := book.Merge(merge)
				if err != nil {
					return err
				}
				fmt.Fprintf(os.Stderr, "%d notes added or changed\n", n)
			}
			if save != "" {
				return saveNoted(cmd.Context(), args[0], save, book)
			}
			if len(book.List()) == 0 {
				fmt.Fprintf(os.Stderr, "wiresight: no notes on %s\n", args[0])
			}
			return listNotes(book)
		},
	}
	cmd.Flags().StringVar(&merge, "merge", "", "take in the notes of this other journal first")
	cmd.Flags().StringVar(&save, "save-as", "", "write the capture to this new pcapng file, the notes as packet comments")
	return cmd
}

func listNotes(book *notes.Book) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, n := range book.List() {
		text := n.Text
		if n.Color != "" {
			text = strings.TrimSpace("[" + n.Color + "] " + text)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", n.Target, n.Author, text)
	}
	return w.Flush()
}

// saveNoted reads a capture and writes it with its notes.
func saveNoted(ctx context.Context, path, to string, book *notes.Book) error {
	s, err := wiresight.Open(ctx, path, wiresight.Options{Index: true})
	if err != nil {
		return err
	}
	defer s.Close()
	if err := withProgress(s, s.Run); err != nil {
		return err
	}
	first := func(conversation int) (packet int) {
		s.View(func(v wiresight.View) {
			if conversation >= 1 && conversation <= len(v.Model.Conversations) {
				packet = v.Model.Conversations[conversation-1].First.Number
			}
		})
		return packet
	}
	return s.SaveAs(ctx, to, notes.Comments(book.List(), first), nil)
}
