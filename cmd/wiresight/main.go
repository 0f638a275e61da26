// Command wiresight is a packet-level protocol inspector for the terminal: it
// reads a live interface or a capture file, tells what is going on in it and
// where the time went, and cites the packets that prove it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/charmbracelet/fang"
)

// version is set by the linker.
var version = "dev"

// The exit codes.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a mistake in the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	signal.Ignore(syscall.SIGPIPE) // writing then fails with EPIPE, which is no failure of ours
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if slices.Contains(args, "--version") && slices.Contains(args, "--verbose") {
		fmt.Printf("wiresight version %s\n%s", version, sandboxText())
		return exitOK
	}
	root := newRoot()
	root.SetArgs(args)
	err := fang.Execute(ctx, root, fang.WithVersion(version), fang.WithErrorHandler(printError))
	var usage usageError
	var ran exitCode
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &ran):
		return ran.code
	case errors.As(err, &usage):
		return exitUsage
	case isPipe(err): // the reader of our output has seen enough
		return exitOK
	}
	return exitFailed
}

// isPipe reports whether the reader of our output went away.
func isPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }

// printError writes one plain line for each error, whatever the terminal.
func printError(w io.Writer, _ fang.Styles, err error) {
	var ran exitCode
	if isPipe(err) || errors.As(err, &ran) && ran.error == nil {
		return
	}
	list := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		list = joined.Unwrap()
	}
	for _, err := range list {
		fmt.Fprintln(w, "wiresight:", err)
	}
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(w, "Try 'wiresight --help'.")
	}
}
