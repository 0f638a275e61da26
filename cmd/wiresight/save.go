package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
)

func newSave() *cobra.Command {
	var f flags
	cmd := &cobra.Command{
		Use:   "save [FILE|-] -w OUT",
		Short: "Save a capture as pcapng: filtered, and with the keys that open it",
		Long: `save writes the packets of a capture, or those that a capture filter passes, to
a pcapng file. Secrets that the capture holds are left out, unless
--embed-keys is given: then the file gets the keys of those connections that
wiresight could read, from the capture itself and from the key logs given, and
no others. A server's RSA key is never copied.`,
		Example: `  wiresight save --keys sslkeys.log --embed-keys -w readable.pcapng trace.pcap
  wiresight save -f 'tcp port 443' -w only-tls.pcapng trace.pcapng`,
		Args:              arguments(0, 1),
		ValidArgsFunction: captureFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := f.file(args)
			if err != nil {
				return err
			}
			return save(cmd.Context(), &f, path)
		},
	}
	f.add(cmd)
	return cmd
}

func save(ctx context.Context, f *flags, path string) error {
	switch {
	case path == "":
		return usagef("save needs a FILE ('-' for standard input)")
	case f.write == "":
		return usagef("save needs a file to write to (-w)")
	case f.display != "":
		return usagef("save takes a capture filter (-f): a display filter (-Y) chooses what is shown")
	}
	if err := f.check(path); err != nil {
		return err
	}
	opt, err := f.options()
	if err != nil {
		return err
	}
	opt.Opened = f.confined(path)
	s, err := wiresight.Open(ctx, path, opt)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := withProgress(s, s.Run); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w after %d packets", path, errInterrupted, s.Status().Packets)
	}
	fmt.Fprintf(os.Stderr, "%d packets saved to %s\n", s.Status().Packets, f.write)
	return nil
}
