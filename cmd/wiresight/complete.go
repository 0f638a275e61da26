package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/capture/live"
)

// captureSuffixes are what files that hold captures are usually called.
var captureSuffixes = []string{"pcap", "pcapng", "cap", "dmp", "gz", "zst", "lz4"}

// captureFiles completes the names of capture files.
func captureFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return captureSuffixes, cobra.ShellCompDirectiveFilterFileExt
}

// interfaceNames completes the names of interfaces.
func interfaceNames(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	list, err := live.Interfaces()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, i := range list {
		names = append(names, cobra.CompletionWithDesc(i.Name, state(&i)))
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// exampleNames completes the names of the built-in captures.
func exampleNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if len(args) == 0 {
		for _, e := range wiresight.Examples() {
			names = append(names, cobra.CompletionWithDesc(e.Name, e.About))
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// choices completes a flag that takes one of a few words.
func choices(cmd *cobra.Command, flag string, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// alike suggests names that hold what was typed, "" where none does.
func alike(typed string, names []string) string {
	const most = 4
	var found []string
	for _, name := range names {
		if typed != "" && strings.Contains(name, strings.ToLower(typed)) {
			found = append(found, name)
		}
	}
	switch {
	case len(found) == 0:
		return ""
	case len(found) > most:
		found = append(found[:most], "…")
	}
	return " (there is " + strings.Join(found, ", ") + ")"
}
