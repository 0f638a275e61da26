package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture/confine"
	"github.com/wiresight/wiresight/capture/live"
	"github.com/wiresight/wiresight/report"
	"github.com/wiresight/wiresight/tui"
)

// How long the last packets are waited for when the command has ended.
const (
	drainQuiet = 200 * time.Millisecond // none came for so long
	drainMost  = time.Second
)

// Exit codes of a command that could not be started, as shells have them.
const (
	exitNotExecutable = 126
	exitNotFound      = 127
	exitSignal        = 128 // plus the signal's number
)

// exitCode makes wiresight exit as the command did that it ran, or as shells do
// where it could not be started: then the error says why.
type exitCode struct {
	error
	code int
}

func (e exitCode) Unwrap() error { return e.error }

// runner is one use of the run command.
type runner struct {
	flags
	text, json bool // a report rather than the TUI
}

func newRun() *cobra.Command {
	var r runner
	cmd := &cobra.Command{
		Use:   "run [flags] [--] COMMAND [ARG...]",
		Short: "Run a command, capture what it sends and receives, and look at it decrypted",
		Long: `run captures while COMMAND runs, and gives it a key log of its own: it sets
SSLKEYLOGFILE, which curl, browsers, Python, Go programs that ask for it and
others write their TLS and QUIC secrets to. When COMMAND has ended, run opens
what was captured, decrypted: in the TUI, or as a report where standard output
is no terminal, or with --report or --json.

COMMAND has the terminal while it runs; where sudo started wiresight, the user
who called sudo runs it. The key log lies in a private directory and is removed.
With -w the capture is kept, and the keys of the connections in it are embedded
in it, so that wiresight and Wireshark can read it later.

wiresight exits as COMMAND did (128 and the signal's number where a signal ended
it, 126 or 127 where it could not be started), and with 1 where the capture or
the report failed.`,
		Example: `  wiresight run -- curl https://www.example.com/
  wiresight run -i eth0 -f 'port 443' -w visit.pcapng -- chromium --user-data-dir=/tmp/visit
  wiresight run --json -- ./test.sh | jq '.conversations[].findings'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("run needs a COMMAND")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), args) },
	}
	l := cmd.Flags()
	l.SetInterspersed(false) // the command's flags are its own
	l.StringVarP(&r.iface, "interface", "i", "", "capture on this interface instead of all (see 'wiresight interfaces')")
	l.StringVarP(&r.write, "write", "w", "", "keep the capture in this pcapng file, with the keys in it")
	r.addReading(cmd)
	r.addCapturing(cmd)
	l.BoolVar(&r.text, "report", false, "write a report, also on a terminal")
	l.BoolVar(&r.json, "json", false, "write a report as JSON")
	_ = cmd.RegisterFlagCompletionFunc("interface", interfaceNames)
	return cmd
}

func (r *runner) run(ctx context.Context, command []string) error {
	if err := r.check(); err != nil {
		return err
	}
	if _, err := r.filter(); err != nil {
		return err
	}
	if r.iface == "" {
		name, err := everything()
		if err != nil {
			return err
		}
		r.iface = name
	}
	if _, err := exec.LookPath(command[0]); err != nil {
		return notStarted(err)
	}
	recording, err := wiresight.Record(r.iface, wiresight.Options{
		CaptureFilter: r.capture, Promiscuous: r.promisc, SnapLength: r.snaplen, Opened: r.unprivileged(),
	})
	if err != nil {
		return err
	}
	// Removed with all that is in it, whatever happens.
	private, err := os.MkdirTemp("", "wiresight-run-*") // 0700
	if err != nil {
		return errors.Join(err, discard(recording))
	}
	defer os.RemoveAll(private)
	keys, captured := filepath.Join(private, "keys"), r.write
	if captured == "" {
		captured = filepath.Join(private, "capture.pcapng")
	}
	code, err := r.record(recording, command, keys, captured)
	if err != nil {
		return err
	}
	// Ctrl-C may have ended the command: it is no reason not to look.
	ctx, stop := signal.NotifyContext(context.WithoutCancel(ctx), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := r.look(ctx, strings.Join(command, " "), keys, captured); err != nil {
		return err
	}
	if code != 0 {
		return exitCode{code: code}
	}
	return nil
}

// everything returns the name of what captures on all interfaces, or, where the
// system has no such thing, of the first one that leads out.
func everything() (string, error) {
	list, err := live.Interfaces()
	if err != nil {
		return "", err
	}
	out := ""
	for _, i := range list {
		if i.Name == "any" {
			return i.Name, nil
		}
		if out == "" && i.Up && !i.Loopback && len(i.Addresses) > 0 {
			out = i.Name
		}
	}
	if out == "" {
		return "", usagef("run cannot tell where to capture: name an interface (-i)")
	}
	return out, nil
}

// unprivileged gives up what only the capture needs, so that sudo's user runs
// the command.
func (r *runner) unprivileged() func() error {
	if r.noSandbox {
		return nil
	}
	return func() error {
		_, err := confine.DropPrivileges()
		return err
	}
}

func discard(recording *wiresight.Recording) error {
	_, err := recording.Stop(0, 0)
	return err
}

// record captures while the command runs, and returns its exit code.
func (r *runner) record(recording *wiresight.Recording, command []string, keys, captured string) (int, error) {
	err := os.WriteFile(keys, nil, 0o600)
	if err == nil {
		err = recording.Start(captured)
	}
	if err != nil {
		return 0, errors.Join(err, discard(recording))
	}
	code, err := start(command, keys)
	recorded, rerr := recording.Stop(drainQuiet, drainMost)
	if err = errors.Join(err, rerr); err != nil {
		return 0, err
	}
	if recorded.Dropped > 0 {
		fmt.Fprintf(os.Stderr, "wiresight: the kernel dropped %d packets of %d\n", recorded.Dropped, uint64(recorded.Packets)+recorded.Dropped)
	}
	return code, nil
}

// notStarted is the error for a command that cannot be started.
func notStarted(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return exitCode{err, exitNotExecutable}
	}
	return exitCode{err, exitNotFound}
}

// start runs the command to its end with the terminal as it is, and returns its
// exit code.
func start(command []string, keys string) (code int, err error) {
	c := exec.Command(command[0], command[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), keyLogVariable+"="+keys)
	// The terminal sends its signals to the command, too; SIGTERM is passed on.
	terminal, terminated := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(terminal, syscall.SIGHUP, syscall.SIGQUIT)
	signal.Notify(terminated, syscall.SIGTERM)
	defer signal.Stop(terminal)
	defer signal.Stop(terminated)
	signal.Notify(terminal, syscall.SIGPIPE) // what is ignored stays so in the command
	err = c.Start()
	signal.Ignore(syscall.SIGPIPE)
	if err != nil {
		return 0, notStarted(err)
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case s := <-terminated:
			_ = c.Process.Signal(s) // it may have ended meanwhile
		case <-ended:
		}
	}()
	_ = c.Wait() // its state tells all that the error does
	if status, ok := c.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitSignal + int(status.Signal()), nil
	}
	return c.ProcessState.ExitCode(), nil
}

// look opens what was captured, and embeds the keys where it is kept.
func (r *runner) look(ctx context.Context, title, keys, captured string) error {
	r.iface = "" // what is read now is a file
	opt, err := r.options()
	if err != nil {
		return err
	}
	if err := wiresight.LoadKeys(opt.Secrets, keys, false); err != nil {
		return err
	}
	written := r.write
	opt.Write, opt.Index, opt.CaptureFilter = "", true, ""
	opt.Opened = r.confined(captured)
	s, err := wiresight.Open(ctx, captured, opt)
	if err != nil {
		return err
	}
	if err = withProgress(s, s.Run); err == nil && written != "" {
		err = s.EmbedKeys(written)
	}
	if err == nil && !r.text && !r.json && term.IsTerminal(os.Stdout.Fd()) {
		return show(ctx, s, tui.Options{Title: title, Notes: journalOf("-", "", written), Filter: r.display})
	}
	defer s.Close()
	if err != nil {
		return err
	}
	return r.report(s)
}

func (r *runner) report(s *wiresight.Session) error {
	opt, err := r.reportOptions(nil)
	if err != nil {
		return err
	}
	write := report.WriteText
	if r.json {
		write = report.WriteJSON
	}
	if err := write(os.Stdout, s, opt); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
