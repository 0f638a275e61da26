package netns

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// TAP makes an Ethernet TAP device in the namespace and returns its file
// descriptor, non-blocking, one frame a read. Without IFF_VNET_HDR the kernel
// neither segments late (TSO) nor leaves checksums open: frames come out as
// they would on a wire.
func (n *Namespace) TAP(device string) (fd int, err error) {
	err = n.Do(func() error {
		fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("open /dev/net/tun: %w", err)
		}
		request, err := unix.NewIfreq(device)
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
			unix.Close(fd)
			return fmt.Errorf("TUNSETIFF %s: %w", device, err)
		}
		return nil
	})
	if err != nil {
		return -1, fmt.Errorf("netns %s: %w", n.Name, err)
	}
	return fd, nil
}
