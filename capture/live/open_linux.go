package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/filter"
)

// target is an interface as the socket needs it.
type target struct {
	name     string
	index    int // 0 is all
	link     capture.LinkType
	cooked   bool
	loopback bool
}

func open(opt Options) (capture.Source, error) {
	t, err := find(opt.Interface)
	if err != nil {
		return nil, err
	}
	program, err := filter.CompileWith(opt.Filter, t.link, opt.SnapLength,
		filter.Options{Netmask: netmask(t.name), Kernel: true})
	if err != nil {
		return nil, err
	}
	// Protocol 0 receives nothing: no frame comes in before the filter is there.
	kind := unix.SOCK_RAW
	if t.cooked {
		kind = unix.SOCK_DGRAM
	}
	fd, err := unix.Socket(unix.AF_PACKET, kind|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, refused(t.name, err)
	}
	s := &source{target: t, fd: fd, snap: opt.SnapLength, program: program}
	if err := s.prepare(opt); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// find looks an interface up.
func find(name string) (target, error) {
	if name == anyName {
		return target{name: name, link: capture.LinkLinuxSLL2, cooked: true}, nil
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		return target{}, noInterface(name)
	}
	if i.Flags&net.FlagUp == 0 {
		return target{}, fmt.Errorf("the interface %s is down: sudo ip link set %s up", name, name)
	}
	link, cooked := linkOf(hardwareType(name))
	return target{name, i.Index, link, cooked, i.Flags&net.FlagLoopback != 0}, nil
}

// refused explains why there is no socket.
func refused(name string, err error) error {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return permission(fmt.Sprintf("capturing on %s needs the right to open raw sockets: sudo setcap cap_net_raw+ep %s",
			name, executable()))
	case errors.Is(err, unix.EAFNOSUPPORT):
		return fmt.Errorf("cannot capture on %s: this system has no packet sockets (%w)", name, err)
	}
	return fmt.Errorf("cannot capture on %s: %w", name, err)
}

// executable is the path that setcap needs: links are not followed by it.
func executable() string {
	path, err := os.Executable()
	if err != nil {
		return "/path/to/wiresight"
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if strings.ContainsAny(path, " \t'\"\\$&;()<>|*?`!#~") {
		path = "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	return path
}

// prepare makes the socket ready; the last step lets frames in.
func (s *source) prepare(opt Options) error {
	fail := func(what string, err error) error {
		return fmt.Errorf("cannot capture on %s: %s: %w", s.target.name, what, err)
	}
	if err := s.openRing(); err != nil {
		return fail("no buffer shared with the kernel", err)
	}
	if err := s.attachFilter(); err != nil {
		return fail("the kernel refuses the filter", err)
	}
	if s.target.loopback {
		// Each packet is seen leaving and coming in: once is enough. Kernels
		// before 4.20 cannot do it; Next leaves those frames out in any case.
		_ = unix.SetsockoptInt(s.fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1)
	}
	if opt.Promiscuous && s.target.index != 0 {
		m := unix.PacketMreq{Ifindex: int32(s.target.index), Type: unix.PACKET_MR_PROMISC}
		if err := unix.SetsockoptPacketMreq(s.fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP, &m); err != nil {
			return fail("no promiscuous mode", err)
		}
	}
	if err := s.openWake(opt.Context); err != nil {
		return fail("no event", err)
	}
	s.info = capture.Info{Source: s.target.name, Format: "live", Interfaces: []capture.Interface{{
		Name: s.target.name, Link: s.target.link, SnapLength: s.snap, Resolution: 1,
	}}}
	s.loopbacks = loopbacks()
	to := unix.SockaddrLinklayer{Protocol: bigEndian(unix.ETH_P_ALL), Ifindex: s.target.index}
	if err := unix.Bind(s.fd, &to); err != nil {
		return fail("binding", err)
	}
	return nil
}

// attachFilter gives the filter to the kernel. Where frames are cooked, the
// kernel sees none of the header that the program expects: the program is
// changed to ask the kernel for its fields, or runs here if that cannot be.
func (s *source) attachFilter() error {
	raw := s.program.RawTagged()
	if s.target.cooked {
		var ok bool
		if raw, ok = cookedProgram(s.program.Raw()); !ok {
			s.filterHere = true
			raw = []bpf.RawInstruction{{Op: 0x06, K: maxSnapLength}} // return
		}
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return unix.SetsockoptSockFprog(s.fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER,
		&unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]})
}

// loopbacks returns the indices of the loopback interfaces.
func loopbacks() (indices []int32) {
	list, err := net.Interfaces()
	if err != nil {
		return nil // then frames there are seen twice on "any"
	}
	for _, i := range list {
		if i.Flags&net.FlagLoopback != 0 {
			indices = append(indices, int32(i.Index))
		}
	}
	return indices
}
