package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/report"
)

// errInterrupted is why a report covers a part of its file only.
var errInterrupted = errors.New("interrupted")

func newReport() *cobra.Command {
	var f flags
	var format string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "report FILE...",
		Short: "Tell what is going on in captures, as text, JSON, Markdown or HTML",
		Long: `report reads captures and writes what it found to standard output: the
conversations, how they were set up, what was asked and answered, how the two
ends talk, and what cost time, each with the packets that prove it.

A damaged file is reported on as far as it can be read; the exit code is 1.`,
		Example: `  wiresight report trace.pcapng
  wiresight report --json trace.pcapng | jq '.conversations[].findings'
  wiresight report --format html trace.pcapng >trace.html
  wiresight report -Y 'http.response.code >= 500' trace.pcapng`,
		Args:              arguments(0, -1),
		ValidArgsFunction: captureFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if asJSON && cmd.Flags().Changed("format") && format != "json" {
				return usagef("both --json and --format %s: choose one", format)
			}
			if asJSON {
				format = "json"
			}
			if f.read != "" {
				args = append([]string{f.read}, args...)
			}
			return reportAll(cmd.Context(), &f, format, args)
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write JSON, one document a file (same as --format json)")
	cmd.Flags().StringVar(&format, "format", "text", "how to write it: text, json, markdown, or html (one file that needs nothing else)")
	choices(cmd, "format", "text", "json", "markdown", "html")
	return cmd
}

// writers are the forms of a report.
var writers = map[string]func(io.Writer, *wiresight.Session, report.Options) error{
	"text": report.WriteText, "json": report.WriteJSON, "markdown": report.WriteMarkdown, "html": report.WriteHTML,
}

// reportAll reports on one file after another. One that fails does not keep
// the others from being read.
func reportAll(ctx context.Context, f *flags, format string, paths []string) error {
	if len(paths) == 0 {
		return usagef("report needs a FILE ('-' for standard input)")
	}
	if writers[format] == nil {
		return usagef("--format %s: there are text, json, markdown and html", format)
	}
	if format == "html" && len(paths) > 1 {
		return usagef("--format html makes one file of one capture, not of %d", len(paths))
	}
	if f.write != "" && len(paths) > 1 {
		return usagef("-w takes the packets of one file, not of %d", len(paths))
	}
	opt, err := f.reportOptions(paths)
	if err != nil {
		return err
	}
	reading, err := f.options()
	if err != nil {
		return err
	}
	reading.Opened = f.confined(paths...)
	reading.Index = format == "markdown" || format == "html" // for the diagrams
	var failed []error
	for i, path := range paths {
		if i > 0 && format == "text" {
			fmt.Println()
		}
		err := reportOne(ctx, reading, format, path, opt)
		if err != nil {
			failed = append(failed, err)
		}
		if isPipe(err) || errors.Is(err, errInterrupted) {
			break
		}
	}
	return errors.Join(failed...)
}

// reportOptions checks the flags before any file is read.
func (f *flags) reportOptions(paths []string) (report.Options, error) {
	opt := report.Options{Width: width(), Color: color()}
	if err := f.check(paths...); err != nil {
		return opt, err
	}
	filter, err := f.filter()
	if filter == nil {
		return opt, err
	}
	opt.Filter = filter
	if filter.NeedsPackets() {
		fmt.Fprintf(os.Stderr, "wiresight: conversations cannot tell all of %q: those for which it may be true are reported\n", filter)
	}
	return opt, nil
}

// reportOne reads a file and writes what was found. Damage to the file is
// returned once the report of the rest is out.
func reportOne(ctx context.Context, reading wiresight.Options, format, path string, opt report.Options) error {
	s, err := wiresight.Open(ctx, path, reading)
	if err != nil {
		return err
	}
	defer s.Close()
	opt.Err = withProgress(s, s.Run)
	if ctx.Err() != nil {
		opt.Err = fmt.Errorf("%s: %w after %d packets", path, errInterrupted, s.Status().Packets)
	}
	if err := writers[format](os.Stdout, s, opt); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return opt.Err
}

// width is how many columns standard output has; 80 where nobody says.
func width() int {
	if w, _, err := term.GetSize(os.Stdout.Fd()); err == nil && w > 0 {
		return w
	}
	if w, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && w > 0 {
		return w
	}
	return 80
}

// color tells whether standard output takes colours (no-color.org).
func color() bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(os.Stdout.Fd())
}
