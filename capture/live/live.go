// Package live captures from network interfaces: on Linux through a ring
// shared with the kernel, on macOS through BPF devices, on Windows through
// Npcap. It needs no C library to be built, filters in the kernel where it
// can, and never sends anything.
package live

import (
	"context"
	"errors"

	"github.com/wiresight/wiresight/capture"
)

// Options say what is captured.
type Options struct {
	Interface   string
	Filter      string // pcap-filter expression; empty captures everything
	SnapLength  int    // bytes of each frame to keep; 0 keeps all
	Promiscuous bool   // take frames that are meant for others, too
	Context     context.Context
}

// Interface is one that can be captured from.
type Interface struct {
	Name        string
	Description string
	Addresses   []string
	Up          bool
	Loopback    bool
	Link        capture.LinkType
}

// Open begins to capture.
func Open(opt Options) (capture.Source, error) { return nil, errors.New("not written yet") }

// Interfaces lists what can be captured from.
func Interfaces() ([]Interface, error) { return nil, errors.New("not written yet") }
