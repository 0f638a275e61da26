// The lab makes the captures of testdata with real software: hosts in network
// namespaces on a link that delays and loses as told, records what passes and
// writes down the truth of it. It runs on Linux only.
//
//	go run . -out ../testdata          makes all captures
//	go run . -out DIR -only NAME,NAME  makes some
//	go run . list                      lists them
//	go run . bench-data -out DIR       makes DIR/bench.pcap, a large capture for benchmarks
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/wiresight/wiresight/lab/netns"
	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/scenario"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	command := ""
	if len(arguments) > 0 && !strings.HasPrefix(arguments[0], "-") {
		command, arguments = arguments[0], arguments[1:]
	}
	switch command {
	case "":
		return makeAll(arguments)
	case "list":
		return list()
	case "bench-data":
		return benchData(arguments)
	case "role":
		if len(arguments) != 2 {
			return errors.New("role needs a name and settings")
		}
		return role.Main(arguments[0], []byte(arguments[1]))
	}
	return fmt.Errorf("no command %q: there are list and bench-data", command)
}

func list() error {
	for _, s := range scenario.All() {
		vantages := "client"
		if len(s.Vantages) > 0 {
			vantages = strings.Join(s.Vantages, ",")
		}
		fmt.Printf("%-32s %-22s %s\n", s.Name, vantages, s.Description)
	}
	return nil
}

func makeAll(arguments []string) error {
	flags := flag.NewFlagSet("lab", flag.ContinueOnError)
	out := flags.String("out", "../testdata", "directory for captures and truth")
	only := flags.String("only", "", "names of scenarios, separated by commas; empty makes all")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	var names []string
	if *only != "" {
		names = strings.Split(*only, ",")
	}
	chosen, err := scenario.Named(names)
	if err != nil {
		return err
	}
	clean, err := prepare()
	if err != nil {
		return err
	}
	defer clean()
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return err
	}
	failed := 0
	for _, s := range chosen {
		began := time.Now()
		t, err := scenario.Make(s, *out)
		if err != nil {
			failed++
			fmt.Printf("FAIL %v\n", err)
			continue
		}
		for _, c := range t.Captures {
			fmt.Printf("ok   %-44s %5d packets %7d bytes  %.1fs\n", c.File, c.Packets, c.Bytes, time.Since(began).Seconds())
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d scenarios failed", failed, len(chosen))
	}
	return nil
}

func benchData(arguments []string) error {
	flags := flag.NewFlagSet("bench-data", flag.ContinueOnError)
	out := flags.String("out", "../.bench", "directory for bench.pcap")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	file := filepath.Join(*out, "bench.pcap")
	clean, err := prepare()
	if err != nil {
		return err
	}
	defer clean()
	began := time.Now()
	packets, err := scenario.Bench(file)
	if err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %d packets, %d bytes, in %.0f s\n", file, packets, info.Size(), time.Since(began).Seconds())
	return nil
}

// prepare gets the right to make namespaces and a directory for temporary files
// that goes away with the run, also on ^C. Namespaces and processes go by
// themselves.
func prepare() (clean func(), err error) {
	if err := netns.Privileged(); err != nil {
		return nil, err
	}
	temp, err := os.MkdirTemp("", "wiresight-lab-")
	if err != nil {
		return nil, err
	}
	if err := os.Setenv("TMPDIR", temp); err != nil {
		return nil, err
	}
	clean = func() { os.RemoveAll(temp) }
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-stop
		clean()
		fmt.Fprintln(os.Stderr, "lab: stopped")
		os.Exit(130)
	}()
	return clean, nil
}
