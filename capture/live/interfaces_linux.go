package live

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/capture"
)

// anyName captures from all interfaces at once.
const anyName = "any"

// interfaces adds what Linux knows of its interfaces.
func interfaces() ([]Interface, error) {
	list, err := systemInterfaces()
	if err != nil {
		return nil, err
	}
	for n := range list {
		i := &list[n]
		hardware := hardwareType(i.Name)
		i.Link, _ = linkOf(hardware)
		i.Description = describe(i.Name, hardware)
	}
	return append(list, Interface{
		Name: anyName, Description: "all interfaces at once", Up: true, Link: capture.LinkLinuxSLL2,
	}), nil
}

// hardwareType returns the ARPHRD_ value of an interface.
func hardwareType(name string) int {
	b, err := os.ReadFile(filepath.Join("/sys/class/net", filepath.Base(name), "type"))
	if err != nil {
		return unix.ARPHRD_VOID
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return unix.ARPHRD_VOID
	}
	return n
}

// linkOf returns the link type of an interface's frames. Cooked means that
// the frames' own headers are of no use here: the kernel takes them off, and a
// Linux cooked header says what it knows.
func linkOf(hardware int) (link capture.LinkType, cooked bool) {
	switch hardware {
	case unix.ARPHRD_ETHER, unix.ARPHRD_LOOPBACK:
		return capture.LinkEthernet, false
	case unix.ARPHRD_NONE, unix.ARPHRD_RAWIP: // tun, WireGuard: IP packets alone
		return capture.LinkRaw, false
	}
	return capture.LinkLinuxSLL2, true
}

// describe says what kind of interface it is.
func describe(name string, hardware int) string {
	dir := filepath.Join("/sys/class/net", filepath.Base(name))
	has := func(file string) bool {
		_, err := os.Stat(filepath.Join(dir, file))
		return err == nil
	}
	event, _ := os.ReadFile(filepath.Join(dir, "uevent"))
	kinds := map[string]string{
		"vlan": "VLAN", "bond": "bond", "vxlan": "VXLAN tunnel", "wireguard": "WireGuard tunnel",
		"geneve": "Geneve tunnel", "wwan": "mobile network",
	}
	for line := range strings.Lines(string(event)) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "DEVTYPE="); ok && kinds[kind] != "" {
			return kinds[kind]
		}
	}
	switch {
	case hardware == unix.ARPHRD_LOOPBACK:
		return "loopback"
	case has("bridge"):
		return "bridge"
	case has("wireless"), has("phy80211"):
		return "wireless"
	case has("tun_flags"):
		return "virtual (tun or tap)"
	case hardware == unix.ARPHRD_ETHER && has("device"):
		return "Ethernet"
	case hardware == unix.ARPHRD_ETHER:
		return "virtual Ethernet"
	case hardware == unix.ARPHRD_PPP:
		return "PPP"
	case hardware == unix.ARPHRD_VOID:
		return ""
	}
	return "tunnel or other"
}
