package main

import (
	"context"
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/filter"
	"github.com/wiresight/wiresight/display"
)

// flags are shared by the commands that read a capture.
type flags struct {
	read    string
	iface   string
	capture string // capture filter
	write   string
	embed   bool
	count   int
	display string // display filter
	keys    []string
	protos  []string
	decode  []string // -d
	follow  bool
	promisc bool
	snaplen int

	noSandbox bool
}

// add registers the flags that every reading command has.
func (f *flags) add(cmd *cobra.Command) {
	l := cmd.Flags()
	l.StringVarP(&f.read, "read", "r", "", "read this capture file ('-' for standard input)")
	l.IntVarP(&f.count, "count", "c", 0, "stop after so many packets")
	l.StringVarP(&f.write, "write", "w", "", "save the packets that the capture filter passes to this pcapng file")
	l.BoolVar(&f.embed, "embed-keys", false, "with -w: put the keys of the connections that were read into the file, too, for whoever gets it")
	f.addReading(cmd)
	_ = cmd.RegisterFlagCompletionFunc("read", captureFiles)
}

// addReading registers the flags that say how packets are read.
func (f *flags) addReading(cmd *cobra.Command) {
	l := cmd.Flags()
	l.StringVarP(&f.capture, "filter", "f", "", "capture filter in the pcap-filter language, e.g. 'tcp port 80'")
	l.StringVarP(&f.display, "display-filter", "Y", "", `display filter, e.g. 'http && ip.addr == 10.0.0.1'`)
	l.StringArrayVar(&f.keys, "keys", nil, "read TLS and QUIC with the keys in this key log, or with a server's RSA key (PEM); else $SSLKEYLOGFILE")
	l.StringArrayVar(&f.protos, "proto", nil, "name the fields of gRPC messages by this .proto file, folder of such files, or descriptor set")
	l.StringArrayVarP(&f.decode, "decode-as", "d", nil, "what a port speaks, e.g. tcp.port==8888,http1")
	l.BoolVar(&f.noSandbox, "no-sandbox", false, "do not give up privileges and the reach of files and calls that are not needed")
}

// addLive registers the flags of commands that capture, too.
func (f *flags) addLive(cmd *cobra.Command) {
	l := cmd.Flags()
	l.StringVarP(&f.iface, "interface", "i", "", "capture on this interface; 'any' for all (see 'wiresight interfaces')")
	l.BoolVar(&f.follow, "follow", false, "the file is still being written: wait for more")
	f.addCapturing(cmd)
	_ = cmd.RegisterFlagCompletionFunc("interface", interfaceNames)
}

// addCapturing registers the flags that say what of packets is captured.
func (f *flags) addCapturing(cmd *cobra.Command) {
	l := cmd.Flags()
	l.BoolVarP(&f.promisc, "promiscuous", "p", false, "put the interface into promiscuous mode")
	l.IntVarP(&f.snaplen, "snapshot-length", "s", 0, "capture at most so many bytes of each packet (0 for all)")
}

// options returns how to read what the flags name. It reads the keys and the
// schema.
func (f *flags) options() (opt wiresight.Options, err error) {
	opt = wiresight.Options{
		CaptureFilter: f.capture, MaxPackets: f.count, Follow: f.follow, Write: f.write, EmbedKeys: f.embed,
		Promiscuous: f.promisc, SnapLength: f.snaplen,
	}
	if opt.DecodeAs, err = parseDecodeAs(f.decode); err != nil {
		return opt, err
	}
	if opt.Schema, err = f.loadSchema(); err != nil {
		return opt, err
	}
	opt.Secrets, err = f.loadKeys()
	return opt, err
}

// open opens the file or the interface that the command line names.
func (f *flags) open(ctx context.Context, path string, opt wiresight.Options) (*wiresight.Session, error) {
	if f.iface != "" {
		return wiresight.OpenLive(ctx, f.iface, opt)
	}
	return wiresight.Open(ctx, path, opt)
}

// file returns the one file that the command line names, "" for none.
func (f *flags) file(args []string) (string, error) {
	if f.read != "" && len(args) > 0 {
		return "", usagef("both -r %s and %s: name one file", f.read, args[0])
	}
	path := f.read
	if len(args) > 0 {
		path = args[0]
	}
	if path != "" && f.iface != "" {
		return "", usagef("both a file (%s) and an interface (%s): choose one", path, f.iface)
	}
	return path, nil
}

// check finds mistakes in the flags before anything is read or written.
func (f *flags) check(paths ...string) error {
	if f.count < 0 || f.snaplen < 0 {
		return usagef("-c and -s take no negative numbers")
	}
	if f.embed && f.write == "" {
		return usagef("--embed-keys needs a file to put them in (-w)")
	}
	if f.capture != "" && f.iface == "" {
		if _, err := filter.Compile(f.capture, capture.LinkEthernet, 0); err != nil {
			return usageError{err}
		}
	}
	for _, path := range paths {
		if f.write != "" && sameFile(path, f.write) {
			return usagef("-w %s would replace the capture that is being read", f.write)
		}
	}
	return nil
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// filter compiles -Y; nil where there is none.
func (f *flags) filter() (*display.Filter, error) {
	if f.display == "" {
		return nil, nil
	}
	d, err := display.Compile(f.display)
	var where *display.Error
	if errors.As(err, &where) {
		return nil, usagef("display filter, %w\n  %s", err, strings.ReplaceAll(where.Caret(), "\n", "\n  "))
	}
	return d, err
}
