package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/filter"
)

const (
	bufferSize = 512 << 10 // of each of the device's two buffers
	maxDevices = 256
)

// The link types that macOS numbers in its own way (bpf.h).
const dltRaw = 12

func open(opt Options) (capture.Source, error) {
	i, err := net.InterfaceByName(opt.Interface)
	if err != nil {
		return nil, noInterface(opt.Interface)
	}
	fd, err := openDevice(opt.Interface)
	if err != nil {
		return nil, err
	}
	s := &source{fd: fd, name: i.Name, snap: opt.SnapLength, ctx: opt.Context}
	if err := s.prepare(opt); err != nil {
		unix.Close(fd)
		return nil, err
	}
	s.watch()
	return s, nil
}

// openDevice opens the first BPF device that nobody uses.
func openDevice(name string) (int, error) {
	for n := range maxDevices {
		device := fmt.Sprintf("/dev/bpf%d", n)
		fd, err := unix.Open(device, unix.O_RDWR|unix.O_CLOEXEC, 0)
		switch {
		case err == nil:
			return fd, nil
		case errors.Is(err, unix.EBUSY):
			continue
		case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
			return 0, permission(fmt.Sprintf("capturing on %s needs the right to open %s: sudo chmod o+rw /dev/bpf*, or install Wireshark's ChmodBPF", name, device))
		}
		return 0, fmt.Errorf("cannot capture on %s: %s: %w", name, device, err)
	}
	return 0, fmt.Errorf("cannot capture on %s: all BPF devices are in use", name)
}

// prepare makes the device ready. Frames may come in between the interface and
// the filter being set: setting a filter empties the buffers (bpf(4)).
func (s *source) prepare(opt Options) error {
	fail := func(what string, err error) error {
		return fmt.Errorf("cannot capture on %s: %s: %w", s.name, what, err)
	}
	wanted := uint32(bufferSize)
	if err := control(s.fd, unix.BIOCSBLEN, &wanted); err != nil {
		return fail("no buffer", err)
	}
	var size uint32
	var request [32]byte // struct ifreq, of which BIOCSETIF looks at the name
	copy(request[:unix.IFNAMSIZ-1], s.name)
	if err := control(s.fd, unix.BIOCSETIF, &request); err != nil {
		return fail("no such device", err)
	}
	if err := control(s.fd, unix.BIOCGBLEN, &size); err != nil {
		return fail("no buffer", err)
	}
	s.buf = make([]byte, size)
	var kind uint32
	if err := control(s.fd, unix.BIOCGDLT, &kind); err != nil {
		return fail("no link type", err)
	}
	if s.link = capture.LinkType(kind); kind == dltRaw {
		s.link = capture.LinkRaw
	}
	program, err := filter.CompileWith(opt.Filter, s.link, s.snap, filter.Options{Netmask: netmask(s.name)})
	if err != nil {
		return err
	}
	if err := attach(s.fd, program.Raw()); err != nil {
		return fail("the kernel refuses the filter", err)
	}
	on := uint32(1)
	if err := control(s.fd, unix.BIOCIMMEDIATE, &on); err != nil {
		return fail("no immediate mode", err)
	}
	if opt.Promiscuous {
		if err := control(s.fd, unix.BIOCPROMISC, &on); err != nil {
			return fail("no promiscuous mode", err)
		}
	}
	s.info = capture.Info{Source: s.name, Format: "live", Interfaces: []capture.Interface{{
		Name: s.name, Link: s.link, SnapLength: s.snap, Resolution: 1000,
	}}}
	return unix.SetNonblock(s.fd, true)
}

func attach(fd int, raw []bpf.RawInstruction) error {
	code := make([]unix.BpfInsn, len(raw))
	for n, r := range raw {
		code[n] = unix.BpfInsn{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	program := unix.BpfProgram{Len: uint32(len(code)), Insns: &code[0]}
	err := control(fd, unix.BIOCSETF, &program)
	runtime.KeepAlive(code)
	return err
}

// control is ioctl(2) for a request that x/sys has no function for.
func control[T any](fd int, request uint, value *T) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(value)))
	if errno != 0 {
		return os.NewSyscallError("ioctl", errno)
	}
	return nil
}

// interfaces lists the system's interfaces; their link type is the one that
// macOS gives their kind.
func interfaces() ([]Interface, error) {
	list, err := systemInterfaces()
	for n := range list {
		if list[n].Loopback {
			list[n].Link = capture.LinkNull
		}
	}
	return list, err
}
