package live

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/gopacket/pcap"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/filter"
)

// waitAtMost is how long Npcap waits for frames before Next looks whether it
// was cancelled.
const waitAtMost = 50 * time.Millisecond

// source captures through Npcap's wpcap.dll, which is loaded when it is
// needed.
type source struct {
	snap    int
	program *filter.Program
	ctx     context.Context
	stopped atomic.Bool
	unwatch func() bool

	reading sync.Mutex // held by Next
	number  int

	mu   sync.Mutex // held to change what follows, and to use the handle beside Next
	h    *pcap.Handle
	info capture.Info
}

// load finds Npcap.
func load() error {
	if err := pcap.LoadWinPCAP(); err != nil {
		return fmt.Errorf("capturing on Windows needs Npcap (https://npcap.com): %w", err)
	}
	return nil
}

func open(opt Options) (capture.Source, error) {
	if err := load(); err != nil {
		return nil, err
	}
	device, err := deviceOf(opt.Interface)
	if err != nil {
		return nil, err
	}
	fail := func(err error) error { return fmt.Errorf("cannot capture on %s: %w", opt.Interface, err) }
	h, err := pcap.OpenLive(device, int32(opt.SnapLength), opt.Promiscuous, waitAtMost)
	if err != nil {
		if strings.Contains(strings.ToLower(err.Error()), "access") {
			return nil, permission(fmt.Sprintf("capturing on %s needs administrator rights, as Npcap was installed", opt.Interface))
		}
		return nil, fail(err)
	}
	link := capture.LinkType(h.LinkType())
	program, err := filter.CompileWith(opt.Filter, link, opt.SnapLength, filter.Options{Netmask: netmask(opt.Interface)})
	if err != nil {
		h.Close()
		return nil, err
	}
	// Frames that arrived before the filter was there are dropped by running
	// it again on every frame.
	code := make([]pcap.BPFInstruction, 0, len(program.Raw()))
	for _, r := range program.Raw() {
		code = append(code, pcap.BPFInstruction{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K})
	}
	if err := h.SetBPFInstructionFilter(code); err != nil {
		h.Close()
		return nil, fail(err)
	}
	s := &source{h: h, snap: opt.SnapLength, program: program, ctx: opt.Context}
	s.info = capture.Info{Source: opt.Interface, Format: "live", Interfaces: []capture.Interface{{
		Name: opt.Interface, Link: link, SnapLength: opt.SnapLength, Resolution: int64(time.Microsecond),
	}}}
	s.unwatch = context.AfterFunc(opt.Context, func() { s.stopped.Store(true) })
	return s, nil
}

// deviceOf returns Npcap's device for an interface: by its device name, or by
// the system's name, whose addresses the device has.
func deviceOf(name string) (string, error) {
	devices, err := pcap.FindAllDevs()
	if err != nil {
		return "", fmt.Errorf("cannot list the interfaces: %w", err)
	}
	system, lookup := net.InterfaceByName(name)
	for _, d := range devices {
		if d.Name == name || d.Description == name && name != "" || lookup == nil && sharesAddress(system, d) {
			return d.Name, nil
		}
	}
	return "", noInterface(name)
}

func sharesAddress(i *net.Interface, d pcap.Interface) bool {
	addrs, err := i.Addrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		for _, b := range d.Addresses {
			if n.IP.Equal(b.IP) {
				return true
			}
		}
	}
	return false
}

// Next implements capture.Source.
func (s *source) Next(f *capture.Frame) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	for !s.stopped.Load() {
		data, ci, err := s.h.ZeroCopyReadPacketData()
		if err == pcap.NextErrorTimeoutExpired {
			continue
		}
		if err != nil {
			return fmt.Errorf("cannot capture on %s any more: %w", s.info.Source, err)
		}
		if !s.program.Match(data, ci.Length) {
			continue
		}
		s.number++
		*f = capture.Frame{
			Number: s.number, Nanos: ci.Timestamp.UnixNano(), Link: s.info.Interfaces[0].Link,
			Length: ci.Length, Data: data[:min(len(data), s.snap)], Offset: -1,
		}
		return nil
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return os.ErrClosed
}

// Info implements capture.Source. It returns a snapshot.
func (s *source) Info() *capture.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	info := s.info
	info.Interfaces = append([]capture.Interface(nil), info.Interfaces...)
	if s.h != nil {
		s.count(&info.Interfaces[0])
	}
	return &info
}

func (s *source) count(i *capture.Interface) {
	if stats, err := s.h.Stats(); err == nil {
		i.Dropped = uint64(stats.PacketsDropped) + uint64(stats.PacketsIfDropped)
	}
}

// Close implements capture.Source.
func (s *source) Close() error {
	s.stopped.Store(true)
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.h == nil {
		return nil
	}
	s.unwatch()
	s.count(&s.info.Interfaces[0])
	s.h.Close()
	s.h = nil
	return nil
}

// interfaces lists the system's interfaces under their own names where Npcap
// knows them by their addresses, and Npcap's other devices.
func interfaces() ([]Interface, error) {
	if err := load(); err != nil {
		return nil, err
	}
	devices, err := pcap.FindAllDevs()
	if err != nil {
		return nil, fmt.Errorf("cannot list the interfaces: %w", err)
	}
	var list []Interface
	for _, d := range devices {
		i := Interface{Name: d.Name, Description: d.Description, Up: true, Link: capture.LinkEthernet}
		for _, a := range d.Addresses {
			n := net.IPNet{IP: a.IP, Mask: a.Netmask}
			i.Addresses = append(i.Addresses, n.String())
		}
		if strings.Contains(strings.ToLower(d.Name), "loopback") {
			i.Loopback, i.Link = true, capture.LinkNull
		}
		list = append(list, i)
	}
	return list, nil
}
