package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/display"
	"github.com/wiresight/wiresight/tui"
)

// flags are shared by the commands that read a capture.
type flags struct {
	read      string
	iface     string
	capture   string // capture filter
	write     string
	count     int
	display   string // display filter
	keys      string
	follow    bool
	promisc   bool
	snaplen   int
	noDisplay bool
}

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
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f.add(root)
	l := root.Flags()
	l.StringVarP(&f.iface, "interface", "i", "", "capture on this interface; 'any' for all (see 'wiresight interfaces')")
	l.StringVarP(&f.write, "write", "w", "", "save the packets to this pcapng file while looking at them")
	l.BoolVar(&f.follow, "follow", false, "the file is still being written: wait for more")
	l.BoolVarP(&f.promisc, "promiscuous", "p", false, "put the interface into promiscuous mode")
	l.IntVarP(&f.snaplen, "snapshot-length", "s", 0, "capture at most so many bytes of each packet (0 for all)")
	root.AddCommand(newReport(), newPackets(), newInterfaces(), newExamples())
	return root
}

// add registers the flags that every reading command has.
func (f *flags) add(cmd *cobra.Command) {
	l := cmd.Flags()
	l.StringVarP(&f.read, "read", "r", "", "read this capture file ('-' for standard input)")
	l.StringVarP(&f.capture, "filter", "f", "", "capture filter in the pcap-filter language, e.g. 'tcp port 80'")
	l.IntVarP(&f.count, "count", "c", 0, "stop after so many packets")
	l.StringVarP(&f.display, "display-filter", "Y", "", `display filter, e.g. 'http && ip.addr == 10.0.0.1'`)
}

func (f *flags) options() wiresight.Options {
	return wiresight.Options{
		CaptureFilter: f.capture, MaxPackets: f.count, Follow: f.follow, Write: f.write,
		Promiscuous: f.promisc, SnapLength: f.snaplen,
	}
}

// file returns the one file that the command line names, "" for none.
func (f *flags) file(args []string) (string, error) {
	if f.read != "" && len(args) > 0 {
		return "", usagef("both -r %s and %s: name one file", f.read, args[0])
	}
	if len(args) > 0 {
		return args[0], nil
	}
	return f.read, nil
}

// filter compiles -Y; nil where there is none.
func (f *flags) filter() (*display.Filter, error) {
	if f.display == "" {
		return nil, nil
	}
	d, err := display.Compile(f.display)
	if err != nil {
		return nil, usageError{fmt.Errorf("display filter: %w", err)}
	}
	return d, nil
}

// look opens the TUI.
func look(ctx context.Context, f *flags, args []string) error {
	path, err := f.file(args)
	if err != nil {
		return err
	}
	if path != "" && f.iface != "" {
		return usagef("both a file (%s) and an interface (%s): choose one", path, f.iface)
	}
	if _, err := f.filter(); err != nil {
		return err
	}
	if !term.IsTerminal(os.Stdout.Fd()) {
		return notATerminal(path, f.iface)
	}
	opt := f.options()
	opt.Index = true
	var s *wiresight.Session
	title := path
	switch {
	case f.iface != "":
		s, err = wiresight.OpenLive(ctx, f.iface, opt)
		title = f.iface
	case path != "":
		s, err = wiresight.Open(ctx, path, opt)
	}
	if err != nil {
		return err
	}
	if path != "" && path != "-" {
		remember(path)
	}
	return show(ctx, s, title, f.display)
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
func show(ctx context.Context, s *wiresight.Session, title, filter string) error {
	opt := tui.Options{Title: title, Filter: filter, Examples: exampleChoices(ctx), Recent: recentChoices(ctx), Interfaces: interfaceChoices(ctx)}
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
