package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui"
)

func newExamples() *cobra.Command {
	var save string
	cmd := &cobra.Command{
		Use:   "examples [NAME]",
		Short: "List the captures that are built in, open one, or save them",
		Example: `  wiresight examples
  wiresight examples polling
  wiresight examples --save . polling`,
		Args:              arguments(0, 1),
		ValidArgsFunction: exampleNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen := wiresight.Examples()
			if len(args) > 0 {
				e, ok := wiresight.FindExample(args[0])
				if !ok {
					var names []string
					for _, e := range chosen {
						names = append(names, e.Name)
					}
					return usagef("there is no example %q%s; 'wiresight examples' lists them", args[0], alike(args[0], names))
				}
				chosen = []wiresight.Example{e}
			}
			switch {
			case cmd.Flags().Changed("save"):
				return saveExamples(save, chosen)
			case len(args) > 0:
				return lookAtExample(cmd.Context(), chosen[0])
			}
			return listExamples(chosen)
		},
	}
	cmd.Flags().StringVar(&save, "save", "", "write the capture, or all of them, into this directory")
	_ = cmd.MarkFlagDirname("save")
	return cmd
}

func listExamples(list []wiresight.Example) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, e := range list {
		fmt.Fprintf(w, "%s\t%s\n", e.Name, e.About)
	}
	return w.Flush()
}

func lookAtExample(ctx context.Context, e wiresight.Example) error {
	if !term.IsTerminal(os.Stdout.Fd()) {
		return usagef("standard output is no terminal: use 'wiresight examples --save DIR %s'", e.Name)
	}
	s, err := e.Open(ctx, wiresight.Options{Index: true})
	if err != nil {
		return err
	}
	return show(ctx, s, tui.Options{Title: e.Name, Notes: apart("example-" + e.Name)})
}

// saveExamples writes captures into a directory. It never replaces a file.
func saveExamples(dir string, list []wiresight.Example) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, e := range list {
		path := filepath.Join(dir, e.Name+".pcapng")
		if err := saveExample(path, e); err != nil {
			if errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("%s is there already; nothing is overwritten", path)
			}
			return err
		}
		fmt.Println(path)
	}
	return nil
}

func saveExample(path string, e wiresight.Example) (err error) {
	data, err := e.Data()
	if err != nil {
		return err
	}
	defer data.Close()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, f.Close())
		if err != nil {
			_ = os.Remove(path) // a half-written one would stand in the next attempt's way
		}
	}()
	_, err = io.Copy(f, data)
	return err
}

// exampleChoices offers the built-in captures.
func exampleChoices(context.Context) []tui.Choice {
	var choices []tui.Choice
	for _, e := range wiresight.Examples() {
		choices = append(choices, tui.Choice{
			Title: e.Name, Description: e.About, Notes: apart("example-" + e.Name),
			Open: func(ctx context.Context) (*wiresight.Session, error) {
				return e.Open(ctx, wiresight.Options{Index: true})
			},
		})
	}
	return choices
}

// recentChoices offers the captures that were opened last.
func recentChoices(context.Context) []tui.Choice {
	var choices []tui.Choice
	for _, path := range recent() {
		choices = append(choices, tui.Choice{
			Title: filepath.Base(path), Description: filepath.Dir(path), Notes: journal(path),
			Open: func(ctx context.Context) (*wiresight.Session, error) {
				s, err := wiresight.Open(ctx, path, wiresight.Options{Index: true})
				if err == nil {
					remember(path)
				}
				return s, err
			},
		})
	}
	return choices
}
