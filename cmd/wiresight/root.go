package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/tui"
)

const long = `wiresight reads a network interface or a capture (pcap, pcapng, also gzip,
zstd or lz4), decodes it from the link to the application, and tells what is
going on and where the time went. Every claim names the packets that prove it.

Without arguments it offers examples, recent files and interfaces.`

const examples = `  # look at a capture, or at standard input
  wiresight trace.pcapng
  tcpdump -w - | wiresight -

  # live, with a capture filter, saved while looking
  wiresight -i eth0 -f 'tcp port 443' -w out.pcapng

  # for scripts
  wiresight report --json trace.pcapng | jq '.conversations[].findings'
  wiresight packets -Y 'dns' trace.pcapng`

func newRoot() *cobra.Command {
	var f flags
	root := &cobra.Command{
		Use:     "wiresight [FILE|-]",
		Short:   "See what is going on in network traffic, and why",
		Long:    long,
		Example: examples,
		Args:    arguments(0, 1),
		RunE:    func(cmd *cobra.Command, args []string) error { return look(cmd.Context(), &f, args) },

		ValidArgsFunction: captureFiles,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f.add(root)
	f.addLive(root)
	root.AddCommand(newReport(), newPackets(), newInterfaces(), newExamples(), newLesson(), newCompare(), newConfig(), newRun(), newSave(), newPatterns(), newNotes())
	return root
}

// look opens the TUI.
func look(ctx context.Context, f *flags, args []string) error {
	path, err := f.file(args)
	if err != nil {
		return err
	}
	if err := f.check(path); err != nil {
		return err
	}
	if _, err := f.filter(); err != nil {
		return err
	}
	if !term.IsTerminal(os.Stdout.Fd()) {
		return notATerminal(path, f.iface)
	}
	opt, err := f.options()
	if err != nil {
		return err
	}
	opt.Index = true
	title := path
	if f.iface != "" {
		title = f.iface
	}
	if title == "" {
		return show(ctx, nil, tui.Options{Filter: f.display})
	}
	if path != "" && path != "-" {
		if _, err := os.Stat(path); err == nil {
			remember(path)
		}
	}
	opt.Opened = f.confined(path)
	s, err := f.open(ctx, path, opt)
	if err != nil {
		return err
	}
	screen := tui.Options{Title: title, Notes: journalOf(path, f.iface, f.write), Filter: f.display}
	if path != "" && path != "-" && f.iface == "" {
		screen.Position, screen.Keep = positionOf(path), keepPosition(path)
	}
	return show(ctx, s, screen)
}

// notATerminal says what to use instead of a screen.
func notATerminal(path, iface string) error {
	if path == "" && iface == "" {
		return usagef("standard output is no terminal, and no file was named: use 'wiresight report FILE' or 'wiresight packets FILE'")
	}
	if iface != "" {
		return usagef("standard output is no terminal: use 'wiresight packets -i %s'", iface)
	}
	return usagef("standard output is no terminal: use 'wiresight report %[1]s' or 'wiresight packets %[1]s'", path)
}

// show runs the TUI over a session, or its picker where s is nil.
func show(ctx context.Context, s *wiresight.Session, opt tui.Options) error {
	if err := configure(&opt); err != nil {
		if s != nil {
			err = errors.Join(err, s.Close())
		}
		return err
	}
	opt.Lessons, opt.Examples, opt.Recent, opt.Interfaces = lessonChoices(), exampleChoices(ctx), recentChoices(ctx), interfaceChoices(ctx)
	if s != nil {
		opt.Session = s
	}
	err := tui.Run(ctx, opt)
	if s == nil {
		return err
	}
	if cerr := s.Close(); cerr != nil {
		err = errors.Join(err, cerr)
	}
	if saved := s.Status(); saved.SavedTo != "" {
		fmt.Fprintf(os.Stderr, "%d packets saved to %s", saved.Packets, saved.SavedTo)
		if saved.Dropped > 0 {
			fmt.Fprintf(os.Stderr, ", %d dropped by the kernel", saved.Dropped)
		}
		fmt.Fprintln(os.Stderr)
	}
	return err
}

// arguments checks the number of arguments; a wrong one is a usage error.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usagef("%s needs a FILE", cmd.Name())
		case most >= 0 && len(args) > most:
			return usagef("unknown command or too many arguments: %q", args[most])
		}
		return nil
	}
}
