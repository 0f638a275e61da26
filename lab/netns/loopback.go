package netns

import (
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Loopback returns a packet socket on the namespace's loopback device,
// non-blocking, one frame a read, each of them twice: as it leaves and as it
// arrives. The kernel leaves the checksums of these frames open.
func (n *Namespace) Loopback() (fd int, err error) {
	err = n.Do(func() error {
		lo, err := net.InterfaceByName("lo")
		if err != nil {
			return err
		}
		const all = unix.ETH_P_ALL<<8&0xff00 | unix.ETH_P_ALL>>8 // in network order
		fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, all)
		if err != nil {
			return err
		}
		if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: lo.Index}); err != nil {
			unix.Close(fd)
			return err
		}
		return nil
	})
	if err != nil {
		return -1, fmt.Errorf("netns %s: loopback: %w", n.Name, err)
	}
	return fd, nil
}
