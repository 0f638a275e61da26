package display

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/layer"
)

// protocolNames are Wireshark's names of protocols that are called otherwise
// here. A name here stands for itself.
var protocolNames = map[string]layer.Protocol{
	"eth": layer.Ethernet, "sll": layer.LinuxCooked, "null": layer.Loopback,
	"pppoes": layer.PPPoE, "pppoed": "pppoe-discovery", "ip": layer.IPv4,
	"ssl": "tls", "http": "http1", "resp": "redis",
}

// lowProtocols are those below the registry of package decode.
var lowProtocols = []layer.Protocol{
	layer.Ethernet, layer.LinuxCooked, layer.Loopback, layer.LLC, layer.VLAN, layer.MPLS, layer.PPP, layer.PPPoE,
	"pppoe-discovery", layer.ARP, layer.IPv4, layer.IPv6, layer.ICMP, layer.ICMPv6, layer.IGMP, layer.GRE,
	layer.VXLAN, layer.Geneve, layer.TCP, layer.UDP, layer.SCTP, layer.Data,
}

// fieldFamilies are first parts of field names that are no protocol's, with
// the protocol that carries them.
var fieldFamilies = map[string]layer.Protocol{
	"x509af": "tls", "x509ce": "tls", "x509sat": "tls", "x509if": "tls", "pkix1explicit": "tls", "pkix1implicit": "tls",
}

// prefixes are the first parts of field names where they are not the
// protocol's name: "ipv4.src" is looked for as "ip.src".
var prefixes = map[string]string{
	"ethernet": "eth", "linux-cooked": "sll", "loopback": "null", "ipv4": "ip", "http1": "http", "ssl": "tls", "mdns": "dns",
}

// protocol returns the protocol that a name stands for.
func protocol(name string) (layer.Protocol, bool) {
	if p, ok := protocolNames[name]; ok {
		return p, true
	}
	p := layer.Protocol(name)
	if slices.Contains(lowProtocols, p) {
		return p, true
	}
	for _, r := range decode.Protocols() {
		if r.Name == p {
			return p, true
		}
	}
	return "", false
}

// knownNames lists what a misspelt name may have meant.
func knownNames() []string {
	names := slices.Clone(commonFields)
	for name := range computed {
		names = append(names, name)
	}
	for name := range pairs {
		names = append(names, name)
	}
	for name := range protocolNames {
		names = append(names, name)
	}
	for _, p := range lowProtocols {
		names = append(names, string(p))
	}
	for _, r := range decode.Protocols() {
		names = append(names, string(r.Name))
	}
	slices.Sort(names)
	return names
}

// commonFields are fields that people often ask for, to suggest one for a
// misspelt name.
var commonFields = []string{
	"ip.src", "ip.dst", "ip.ttl", "ip.proto", "ipv6.src", "ipv6.dst", "eth.src", "eth.dst", "tcp.srcport", "tcp.dstport",
	"udp.srcport", "udp.dstport", "tcp.flags.syn", "tcp.flags.reset", "tcp.flags.fin", "tcp.len", "tcp.window_size",
	"dns.qry.name", "dns.flags.rcode", "http.request.method", "http.request.uri", "http.response.code", "http.host",
	"tls.handshake.type", "tls.handshake.extensions_server_name",
}

// nearest returns the known name that differs least from a misspelt one, or
// "".
func nearest(name string) string {
	best, distance := "", 3 // more differences than two are another word
	for _, known := range knownNames() {
		if d := differences(name, known, distance); d < distance && d < len(known)/2+1 {
			best, distance = known, d
		}
	}
	return best
}

// differences counts the letters to insert, drop or change from a to b, and
// gives up at most.
func differences(a, b string, most int) int {
	if len(a)-len(b) >= most || len(b)-len(a) >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}

// addressField returns the field that holds an address or a network written
// where a field was expected, "" where the name is neither.
func addressField(name string) string {
	a, err := netip.ParseAddr(name)
	if err != nil {
		n, err := netip.ParsePrefix(name)
		if err != nil {
			return ""
		}
		a = n.Addr()
	}
	if a.Is4() {
		return "ip.addr"
	}
	return "ipv6.addr"
}

// fieldName checks a dotted name and returns what it is looked for as.
func fieldName(name string) (family layer.Protocol, canonical string, ok bool) {
	first, rest, dotted := strings.Cut(name, ".")
	if !dotted || rest == "" {
		return "", "", false
	}
	if p, known := fieldFamilies[first]; known {
		return p, name, true
	}
	p, known := protocol(first)
	if !known {
		return "", "", false
	}
	if other, ok := prefixes[first]; ok {
		return p, other + "." + rest, true
	}
	return p, name, true
}
