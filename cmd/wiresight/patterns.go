package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/charmbracelet/glamour"
	"github.com/charmbracelet/glamour/styles"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight/learn"
)

func newPatterns() *cobra.Command {
	return &cobra.Command{
		Use:   "patterns [NAME]",
		Short: "List what wiresight recognises, or tell about one of them",
		Long: `patterns lists the protocols, patterns, findings and ways to set up a
conversation that wiresight knows, or tells about one: what it is, what is seen
on the wire, and what must not be mistaken for it.`,
		Example: `  wiresight patterns
  wiresight patterns nagle-delayed-ack`,
		Args: arguments(0, 1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return patternNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPatterns()
			}
			p, ok := learn.Find(args[0])
			if !ok {
				return usagef("there is nothing about %q%s; 'wiresight patterns' lists what there is", args[0], alike(args[0], patternNames()))
			}
			return tell(p)
		},
	}
}

// patternNames returns the ids of all that there is to learn about.
func patternNames() []string {
	var ids []string
	for _, p := range learn.All() {
		ids = append(ids, p.ID)
	}
	return ids
}

func listPatterns() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	kind := learn.Kind("")
	for _, p := range learn.All() {
		if p.Kind != kind {
			if kind != "" {
				fmt.Fprintln(w)
			}
			kind = p.Kind
		}
		what := string(p.Kind)
		if p.OSI > 0 {
			what = fmt.Sprintf("layer %d", p.OSI)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", p.ID, what, p.Title)
	}
	return w.Flush()
}

// tell writes a page as the terminal allows.
func tell(p learn.Page) error {
	style := styles.AsciiStyle
	if color() {
		style = styles.AutoStyle
	}
	r, err := glamour.NewTermRenderer(glamour.WithStandardStyle(style), glamour.WithWordWrap(min(width(), 100)-4))
	if err != nil {
		return err
	}
	text, err := r.Render(p.Markdown())
	if err != nil {
		return err
	}
	_, err = fmt.Print(text)
	return err
}
