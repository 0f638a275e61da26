package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
	"github.com/wiresight/wiresight/tui"
)

func newLesson() *cobra.Command {
	var handout bool
	var format string
	cmd := &cobra.Command{
		Use:     "lesson [NAME]",
		Aliases: []string{"lessons"}, // as examples and patterns are called
		Short:   "List the lessons that are built in, present one, or write its handout",
		Long: `A lesson is a walk through built-in captures, packet by packet, with a few words
to each. In the presentation → goes on, z makes it a quiz, r replays the
conversation in real time or slower, and o opens the capture.`,
		Example: `  wiresight lesson
  wiresight lesson why-40-ms
  wiresight lesson why-40-ms --handout --format html >handout.html`,
		Args: arguments(0, 1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			var names []string
			for _, l := range wiresight.Lessons() {
				names = append(names, l.Name+"\t"+l.Title)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listLessons()
			}
			l, ok := wiresight.FindLesson(args[0])
			if !ok {
				return usagef("there is no lesson %q%s; 'wiresight lesson' lists them", args[0], alike(args[0], lessonNames()))
			}
			if handout {
				return writeHandout(cmd.Context(), l, format)
			}
			if !term.IsTerminal(os.Stdout.Fd()) {
				return usagef("standard output is no terminal: use --handout")
			}
			return show(cmd.Context(), nil, tui.Options{Lesson: l.Name})
		},
	}
	cmd.Flags().BoolVar(&handout, "handout", false, "write the lesson to standard output, with its diagrams, for those who take it home")
	cmd.Flags().StringVar(&format, "format", "markdown", "how to write the handout: markdown or html")
	choices(cmd, "format", "markdown", "html")
	return cmd
}

func lessonNames() []string {
	var names []string
	for _, l := range wiresight.Lessons() {
		names = append(names, l.Name)
	}
	return names
}

func listLessons() error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, l := range wiresight.Lessons() {
		fmt.Fprintf(w, "%s\t%s\n", l.Name, l.Title)
	}
	return w.Flush()
}

func writeHandout(ctx context.Context, l wiresight.Lesson, format string) error {
	d, err := report.Handout(ctx, l)
	if err != nil {
		return err
	}
	switch format {
	case "markdown":
		return d.Markdown(os.Stdout)
	case "html":
		return d.HTML(os.Stdout)
	}
	return usagef("--format %s: there are markdown and html", format)
}

// lessonChoices offers the built-in lessons.
func lessonChoices() []tui.Choice {
	var choices []tui.Choice
	for _, l := range wiresight.Lessons() {
		choices = append(choices, tui.Choice{Title: l.Name, Description: l.Title, Lesson: l.Name})
	}
	return choices
}
