// Package live captures from network interfaces: on Linux through a ring
// shared with the kernel, on macOS through BPF devices, on Windows through
// Npcap. It needs no C library to be built, filters in the kernel where it
// can, and never sends anything.
package live

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/wiresight/wiresight/capture"
)

// maxSnapLength is what "everything" means for a snap length, as in tcpdump.
const maxSnapLength = 262144

// Options say what is captured.
type Options struct {
	Interface   string
	Filter      string          // pcap-filter expression; empty captures everything
	SnapLength  int             // bytes of each frame to keep; 0 keeps all
	Promiscuous bool            // take frames that are meant for others, too
	Context     context.Context // ends capturing when cancelled; nil is never
}

// Interface is one that can be captured from.
type Interface struct {
	Name        string
	Description string   // what kind of interface it is, may be empty
	Addresses   []string // textual, with their prefix lengths
	Up          bool
	Loopback    bool
	Link        capture.LinkType // of its frames when captured
}

// ErrPermission is what errors are (errors.Is) that say what the user lacks to
// be allowed to capture.
var ErrPermission = errors.New("not permitted to capture")

// permission is an ErrPermission that says in one sentence what helps.
type permission string

func (p permission) Error() string { return string(p) }

func (p permission) Is(target error) bool { return target == ErrPermission }

// Open begins to capture. Nothing that the filter does not let pass is
// returned, from the first frame on. The source's Next waits for frames and
// returns the context's error soon after it is cancelled. Drop counts are in
// its Info, which may be called beside Next.
func Open(opt Options) (capture.Source, error) {
	if opt.Context == nil {
		opt.Context = context.Background()
	}
	if opt.SnapLength <= 0 || opt.SnapLength > maxSnapLength {
		opt.SnapLength = maxSnapLength
	}
	return open(opt)
}

// Interfaces lists what can be captured from. It needs no rights.
func Interfaces() ([]Interface, error) { return interfaces() }

// systemInterfaces lists the interfaces that the system's network has.
func systemInterfaces() ([]Interface, error) {
	found, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("cannot list the interfaces: %w", err)
	}
	list := make([]Interface, 0, len(found))
	for _, i := range found {
		n := Interface{
			Name: i.Name, Link: capture.LinkEthernet,
			Up: i.Flags&net.FlagUp != 0, Loopback: i.Flags&net.FlagLoopback != 0,
		}
		addrs, err := i.Addrs()
		if err != nil {
			addrs = nil // it is gone meanwhile
		}
		for _, a := range addrs {
			n.Addresses = append(n.Addresses, a.String())
		}
		list = append(list, n)
	}
	return list, nil
}

// noInterface is the error for a name that no interface has.
func noInterface(name string) error {
	if strings.TrimSpace(name) == "" {
		return errors.New("no interface is named; `wiresight interfaces` lists them")
	}
	return fmt.Errorf("there is no interface %q; `wiresight interfaces` lists them", name)
}

// netmask returns the netmask of an interface's first IPv4 address in host
// byte order, 0 where it has none. "ip broadcast" needs it.
func netmask(name string) uint32 {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0
	}
	addrs, err := i.Addrs()
	if err != nil {
		return 0
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok || n.IP.To4() == nil || len(n.Mask) != net.IPv4len {
			continue
		}
		return uint32(n.Mask[0])<<24 | uint32(n.Mask[1])<<16 | uint32(n.Mask[2])<<8 | uint32(n.Mask[3])
	}
	return 0
}
