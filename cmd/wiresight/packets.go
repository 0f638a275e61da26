package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/display"
	"github.com/wiresight/wiresight/report"
)

// flushEvery is how long a packet's line may wait for others before it is
// written.
const flushEvery = 100 * time.Millisecond

func newPackets() *cobra.Command {
	var f flags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "packets [FILE|-]",
		Short: "Write a line for each packet of a capture or an interface",
		Long: `packets writes a line for each packet: number, time since the first one,
source, destination, protocol, length, and what it says. With --json each line
is an object with every layer and every field.`,
		Example: `  wiresight packets -Y 'dns' trace.pcapng
  wiresight packets --json trace.pcapng | jq '.layers[-1].fields'
  wiresight packets -i lo -f 'tcp port 8080' -c 100`,
		Args:              arguments(0, 1),
		ValidArgsFunction: captureFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := f.file(args)
			if err != nil {
				return err
			}
			return listPackets(cmd.Context(), &f, path, asJSON)
		},
	}
	f.add(cmd)
	f.addLive(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON object for each packet, with all its fields")
	return cmd
}

func listPackets(ctx context.Context, f *flags, path string, asJSON bool) error {
	if path == "" && f.iface == "" {
		return usagef("packets needs a FILE ('-' for standard input) or an interface (-i)")
	}
	if err := f.check(path); err != nil {
		return err
	}
	filter, err := f.filter()
	if err != nil {
		return err
	}
	opt, err := f.options()
	if err != nil {
		return err
	}
	opt.Opened = f.confined(path)
	s, err := f.open(ctx, path, opt)
	if err != nil {
		return err
	}
	defer s.Close()
	l := &lister{out: report.NewPackets(os.Stdout), filter: filter, json: asJSON}
	stop := l.flushing()
	run := func() error { return s.EachPacket(l.packet) }
	if term.IsTerminal(os.Stdout.Fd()) || f.iface != "" { // the lines themselves show how far it is
		err = run()
	} else {
		err = withProgress(s, run)
	}
	stop()
	if ferr := l.out.Flush(); ferr != nil {
		return fmt.Errorf("standard output: %w", ferr)
	}
	if err == nil && filter != nil && !l.shown {
		fmt.Fprintf(os.Stderr, "wiresight: none of %d packets passes %q; a misspelt field is never there ('wiresight packets --json' shows all fields)\n", s.Status().Packets, filter)
	}
	if err == nil && ctx.Err() != nil && f.iface == "" {
		return fmt.Errorf("%s: %w after %d packets", path, errInterrupted, s.Status().Packets)
	}
	return err
}

// lister writes packets, and does not let them wait while none come.
type lister struct {
	mu     sync.Mutex
	out    *report.Packets
	filter *display.Filter // nil for all
	json   bool
	begun  bool
	shown  bool // some packet passed the filter
}

// packet takes the next packet of the session.
func (l *lister) packet(p *wiresight.Packet) error {
	chosen := l.filter == nil || l.filter.Packet(p)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.begun {
		l.begun = true
		l.out.BeginAt(p.Time)
	}
	if !chosen {
		return nil
	}
	l.shown = true
	if l.json {
		return l.out.JSON(p)
	}
	return l.out.Line(p)
}

// flushing writes what was gathered now and then, until stop is called.
func (l *lister) flushing() (stop func()) {
	ended, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(flushEvery)
		defer tick.Stop()
		for {
			select {
			case <-ended:
				return
			case <-tick.C:
				l.mu.Lock()
				_ = l.out.Flush() // the error stays, and comes back with the next packet
				l.mu.Unlock()
			}
		}
	}()
	return func() { close(ended); <-done }
}
