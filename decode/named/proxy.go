package named

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

// prelude is a protocol that says something first and then makes way for
// another one on the same connection.
type prelude struct {
	name layer.Protocol
	osi  int
	// next reads the unit that b begins with. n is its size, 0 where b is too
	// short to tell, less than 0 where none begins here.
	next func(dir layer.Direction, b []byte) (u unit, n int)
	// over reports whether a direction carries the protocol inside now.
	over func(dir layer.Direction) bool
	keep bool // its messages are looked at one by one

	in      [2]stream.Buffer
	lost    [2]bool
	packets flow.Packets
}

// Feed implements dissect.Dissector.
func (d *prelude) Feed(out dissect.Sink, c dissect.Chunk) {
	in := &d.in[c.Dir]
	if d.over(c.Dir) && in.Len() == 0 {
		out.Inner("", c)
		return
	}
	if c.Gap > 0 {
		in.Reset()
		d.lost[c.Dir] = true
	}
	if d.lost[c.Dir] {
		return
	}
	in.Append(c)
	for dir := range d.in { // a unit of one direction may open the other one
		for d.step(out, layer.Direction(dir), c) {
		}
	}
	in.Keep()
}

func (d *prelude) step(out dissect.Sink, dir layer.Direction, c dissect.Chunk) bool {
	in := &d.in[dir]
	b := in.Bytes()
	if len(b) == 0 {
		return false
	}
	if d.over(dir) {
		inner := dissect.Chunk{Dir: dir, Data: b, At: in.At(0), Offset: in.Offset()}
		in.Take(len(b), nil)
		out.Inner("", inner)
		return false
	}
	u, n := d.next(dir, b)
	if n < 0 || n == 0 && len(b) > maxLine {
		d.lost[dir] = true
		in.Reset()
		return false
	}
	if n == 0 || n > len(b) {
		return false
	}
	d.packets.Reset()
	first, last := in.Take(n, &d.packets)
	u.say(out, d.name, d.osi, flow.Message{Dir: dir, First: first, Last: last, Packets: d.packets, Bytes: int64(n), Keep: d.keep})
	return true
}

// Finish implements dissect.Dissector.
func (d *prelude) Finish(dissect.Sink, bool) {}

const proxyV2 = "\r\n\r\n\x00\r\nQUIT\n"

// proxyProtocol is HAProxy's PROXY protocol, versions 1 and 2 (proxy-protocol.txt).
func proxyProtocol() dissect.Protocol {
	return dissect.Protocol{
		Name: "proxy-protocol", OSI: 5, Stream: true,
		About: "A load balancer tells the server behind it whom it speaks for: the PROXY protocol puts the client's address before the connection's own bytes.",
		Probe: func(b []byte, _ bool) dissect.Verdict {
			return verdict(hasAnyPrefix(b, "PROXY TCP4 ", "PROXY TCP6 ", "PROXY UNKNOWN", proxyV2), dissect.Sender)
		},
		New: func(dissect.Context) dissect.Dissector {
			done := false
			return &prelude{name: "proxy-protocol", osi: 5, keep: true,
				next: func(_ layer.Direction, b []byte) (unit, int) {
					u, n := readProxy(b)
					done = n > 0
					return u, n
				},
				over: func(dir layer.Direction) bool { return done || dir == layer.ToClient },
			}
		},
	}
}

func readProxy(b []byte) (u unit, n int) {
	const longestV1, headerV2 = 107, 16
	u.kind = "header"
	if !hasAnyPrefix(b, proxyV2) {
		i := bytes.IndexByte(b, '\n')
		if i < 0 && len(b) <= longestV1 {
			return u, 0
		}
		if i < 0 || i > longestV1 {
			return u, -1
		}
		line := clip(bytes.TrimRight(b[:i], "\r"))
		u.text, u.facts = line, []flow.Fact{{Key: "proxy", Value: line}}
		return u, i + 1
	}
	if len(b) < headerV2 {
		return u, 0
	}
	n = headerV2 + int(binary.BigEndian.Uint16(b[14:]))
	if len(b) < n {
		return u, 0
	}
	u.text = "PROXY v2 " + proxyAddresses(b[12], b[13], b[headerV2:n])
	u.facts = []flow.Fact{{Key: "proxy", Value: u.text}}
	return u, n
}

// proxyAddresses tells the addresses of version 2's header.
func proxyAddresses(command, family byte, b []byte) string {
	if command&15 == 0 {
		return "LOCAL"
	}
	size := 0
	switch family >> 4 {
	case 1:
		size = 4
	case 2:
		size = 16
	}
	if size == 0 || len(b) < 2*size+4 {
		return "UNSPEC"
	}
	src, _ := netip.AddrFromSlice(b[:size])
	dst, _ := netip.AddrFromSlice(b[size : 2*size])
	ports := b[2*size:]
	return netip.AddrPortFrom(src, binary.BigEndian.Uint16(ports)).String() + " -> " + netip.AddrPortFrom(dst, binary.BigEndian.Uint16(ports[2:])).String()
}

// socks is SOCKS, versions 4, 4a and 5 (RFC 1928).
func socks() dissect.Protocol {
	return dissect.Protocol{
		Name: "socks", OSI: 5, Stream: true, Ports: []uint16{1080, 9050},
		About: "A client asks a SOCKS proxy to connect to a server for it; after the answer the connection carries whatever the two speak.",
		Probe: probeSOCKS,
		New:   func(dissect.Context) dissect.Dissector { return newSOCKS() },
	}
}

func probeSOCKS(b []byte, _ bool) dissect.Verdict {
	switch {
	case len(b) >= 3 && b[0] == 5 && b[1] >= 1 && len(b) == 2+int(b[1]) && knownMethods(b[2:]):
		return maybe5(b)
	case len(b) >= 9 && b[0] == 4 && (b[1] == 1 || b[1] == 2) && b[len(b)-1] == 0 && len(b) < 600 && printable(bytes.Trim(append([]byte("x"), b[8:]...), "\x00")):
		return verdict(true, dissect.Sender)
	}
	return dissect.Verdict{}
}

// maybe5 asks for the port's word where a greeting is too short to be sure of.
func maybe5(b []byte) dissect.Verdict {
	if len(b) >= 4 {
		return verdict(true, dissect.Sender)
	}
	return maybe(true, dissect.Sender)
}

// knownMethods reports whether all are methods of IANA's registry.
func knownMethods(b []byte) bool {
	for _, m := range b {
		if m > 9 && m < 0x80 {
			return false
		}
	}
	return true
}

// proxied is the state of a SOCKS connection.
type proxied struct {
	prelude
	version  byte
	greeted  bool // the server chose a method
	method   byte
	signedIn bool
	asked    bool
	answered bool
}

func newSOCKS() *proxied {
	d := &proxied{}
	d.name, d.osi = "socks", 5
	d.next, d.over = d.unit, func(layer.Direction) bool { return d.answered }
	return d
}

func (d *proxied) unit(dir layer.Direction, b []byte) (unit, int) {
	if d.version == 0 && dir == layer.ToServer {
		d.version = b[0]
	}
	switch {
	case d.version == 4 && dir == layer.ToServer:
		return d.request4(b)
	case d.version == 4:
		if len(b) < 8 {
			return unit{}, 0
		}
		d.answered = b[1] == 90
		return unit{kind: "reply", role: flow.Response, key: 1, status: status4(b[1])}, 8
	case d.version != 5:
		return unit{}, -1
	case dir == layer.ToServer:
		return d.client5(b)
	}
	return d.server5(b)
}

func status4(code byte) string {
	if code == 90 {
		return "granted"
	}
	return "rejected"
}

func (d *proxied) request4(b []byte) (u unit, n int) {
	if len(b) < 9 {
		return u, 0
	}
	end := bytes.IndexByte(b[8:], 0)
	if end < 0 {
		return u, 0
	}
	n = 8 + end + 1
	host := netip.AddrFrom4([4]byte(b[4:8])).String()
	if b[4] == 0 && b[5] == 0 && b[6] == 0 && b[7] != 0 { // version 4a: a name follows
		end := bytes.IndexByte(b[n:], 0)
		if end < 0 {
			return u, 0
		}
		host = clip(b[n : n+end])
		n += end + 1
	}
	port := strconv.Itoa(int(binary.BigEndian.Uint16(b[2:])))
	return unit{kind: "request", role: flow.Request, key: 1, name: "CONNECT " + host + ":" + port}, n
}

func (d *proxied) client5(b []byte) (u unit, n int) {
	switch {
	case !d.greeted:
		if len(b) < 2 {
			return u, 0
		}
		return unit{kind: "greeting", text: "SOCKS5 methods offered"}, 2 + int(b[1])
	case d.method == 2 && !d.signedIn: // RFC 1929
		if len(b) < 2 || len(b) < 3+int(b[1]) {
			return u, 0
		}
		n = 3 + int(b[1]) + int(b[2+int(b[1])])
		return unit{kind: "credentials", text: "credentials (not shown)", facts: []flow.Fact{{Key: "credentials", Value: "in the clear"}}}, n
	}
	host, n := address5(b)
	if n <= 0 {
		return u, n
	}
	d.asked = true
	verb := "CONNECT "
	switch b[1] {
	case 2:
		verb = "BIND "
	case 3:
		verb = "UDP ASSOCIATE "
	}
	return unit{kind: "request", role: flow.Request, key: 1, name: verb + host}, n
}

func (d *proxied) server5(b []byte) (u unit, n int) {
	if len(b) < 2 {
		return u, 0
	}
	switch {
	case !d.greeted:
		d.greeted, d.method = true, b[1]
		return unit{kind: "method", text: "SOCKS5 method " + strconv.Itoa(int(b[1]))}, 2
	case d.method == 2 && !d.signedIn:
		d.signedIn = b[1] == 0
		return unit{kind: "login", text: "login status " + strconv.Itoa(int(b[1]))}, 2
	}
	_, n = address5(b)
	if n <= 0 {
		return u, n
	}
	d.answered = b[1] == 0
	return unit{kind: "reply", role: flow.Response, key: 1, status: reply5(b[1])}, n
}

// reply5 names the replies of RFC 1928 section 6.
func reply5(code byte) string {
	names := [...]string{"succeeded", "general failure", "not allowed", "network unreachable", "host unreachable", "connection refused", "TTL expired", "command not supported", "address type not supported"}
	if int(code) < len(names) {
		return names[code]
	}
	return "code " + strconv.Itoa(int(code))
}

// address5 reads the address of a request or a reply (RFC 1928 section 5) and
// returns the whole unit's size, 0 where b is too short to tell.
func address5(b []byte) (host string, n int) {
	if len(b) < 5 {
		return "", 0
	}
	if b[0] != 5 {
		return "", -1
	}
	size, at := 0, 4
	switch b[3] {
	case 1:
		size = 4
	case 4:
		size = 16
	case 3:
		size, at = int(b[4]), 5
	default:
		return "", -1
	}
	n = at + size + 2
	if len(b) < n {
		return "", 0
	}
	port := strconv.Itoa(int(binary.BigEndian.Uint16(b[at+size:])))
	if b[3] == 3 {
		return clip(b[5:5+size]) + ":" + port, n
	}
	a, _ := netip.AddrFromSlice(b[at : at+size])
	return a.String() + ":" + port, n
}
