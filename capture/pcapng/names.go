package pcapng

import (
	"bytes"
	"net/netip"

	"github.com/wiresight/wiresight/capture"
)

// Record types of a Name Resolution Block (section 4.5).
const (
	nameEnd  = 0
	nameIPv4 = 1
	nameIPv6 = 2
)

// names takes a Name Resolution Block; names beyond the bound are left out.
func (r *Reader) names(body []byte) string {
	o := r.current.order
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(body) >= 4 {
		kind, n := o.uint16(body), int(o.uint16(body[2:]))
		body = body[4:]
		if kind == nameEnd {
			return ""
		}
		if n > len(body) {
			return "a name that does not fit into its block"
		}
		r.nameRecord(kind, body[:n])
		body = body[min(padded(n), len(body)):]
	}
	return ""
}

// nameRecord keeps an address's names, each of which ends with a zero byte.
func (r *Reader) nameRecord(kind uint16, value []byte) {
	size := map[uint16]int{nameIPv4: 4, nameIPv6: 16}[kind]
	if size == 0 || len(value) < size {
		return
	}
	addr, _ := netip.AddrFromSlice(value[:size])
	for rest := value[size:]; len(rest) > 0; {
		name, after, _ := bytes.Cut(rest, []byte{0})
		rest = after
		if len(name) > 0 && len(name) <= 255 && len(r.info.Names) < maxNames {
			r.info.Names = append(r.info.Names, capture.Name{Addr: addr.String(), Name: string(name)})
			r.changed = true
		}
	}
}
