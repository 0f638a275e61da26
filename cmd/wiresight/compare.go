package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
	"github.com/wiresight/wiresight/tui"
)

func newCompare() *cobra.Command {
	var f flags
	var format string
	var ids []int
	cmd := &cobra.Command{
		Use:   "compare A [B]",
		Short: "Set two conversations side by side, of two captures or of one",
		Long: `compare shows two conversations side by side: where the time of either went, what
was found, and their packets from the same start. Without --conversations it
takes the one of A that lost most time, and the one of B that is most like it.
Where standard output is no terminal, or with --format, it writes a report.`,
		Example: `  wiresight compare before.pcapng after.pcapng
  wiresight compare --conversations 1,4 trace.pcapng
  wiresight compare --format html before.pcapng after.pcapng >compared.html`,
		Args:              arguments(1, 2),
		ValidArgsFunction: captureFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(ids) != 0 && len(ids) != 2 {
				return usagef("--conversations takes two numbers, as in 1,4")
			}
			return compareCaptures(cmd.Context(), &f, format, args, ids)
		},
	}
	f.addReading(cmd)
	cmd.Flags().IntSliceVar(&ids, "conversations", nil, "numbers of the two conversations, the first of A and the second of B")
	cmd.Flags().StringVar(&format, "format", "", "write a report: markdown or html")
	choices(cmd, "format", "markdown", "html")
	return cmd
}

func compareCaptures(ctx context.Context, f *flags, format string, paths []string, ids []int) (err error) {
	if err := f.check(paths...); err != nil {
		return err
	}
	if format == "" && !term.IsTerminal(os.Stdout.Fd()) {
		format = "markdown"
	}
	if format != "" && format != "markdown" && format != "html" {
		return usagef("--format %s: there are markdown and html", format)
	}
	reading, err := f.options()
	if err != nil {
		return err
	}
	reading.Index, reading.Opened = true, f.confined(paths...)
	var sides [2]report.Side
	for i := range sides {
		path := paths[min(i, len(paths)-1)]
		sides[i] = report.Side{Name: filepath.Base(path), Session: sides[0].Session}
		if i < len(paths) {
			s, failed := wiresight.Open(ctx, path, reading)
			if failed != nil {
				return failed
			}
			defer func() { err = errors.Join(err, s.Close()) }()
			if failed := withProgress(s, s.Run); failed != nil {
				return failed
			}
			sides[i].Session = s
		}
		if len(ids) == 2 {
			sides[i].Conversation = ids[i]
		}
	}
	report.Pair(&sides[0], &sides[1])
	for i := range sides {
		if sides[i].Conversation == 0 {
			return fmt.Errorf("%s: there is no conversation to compare", sides[i].Name)
		}
	}
	if format == "" {
		c := &tui.Comparison{}
		for i, s := range sides {
			c.Names[i], c.Sessions[i], c.Conversations[i] = s.Name, s.Session, s.Conversation
		}
		return show(ctx, nil, tui.Options{Compare: c})
	}
	d, err := report.Compare(ctx, sides[0], sides[1])
	if err != nil {
		return err
	}
	if format == "html" {
		return d.HTML(os.Stdout)
	}
	return d.Markdown(os.Stdout)
}
