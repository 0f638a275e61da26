package decode

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dns"
	"github.com/wiresight/wiresight/decode/layer"
)

// Protocols is the one list of protocols above the transport. Probes are asked
// in this order.
func Protocols() []dissect.Protocol {
	return []dissect.Protocol{
		dns.Protocol(),
		dns.MDNS(),
	}
}

// osiLayers are the OSI layers of the protocols below the registry's.
var osiLayers = map[layer.Protocol]int{
	layer.Ethernet: 2, layer.LinuxCooked: 2, layer.Loopback: 2, layer.LLC: 2, layer.VLAN: 2, layer.MPLS: 2,
	layer.PPP: 2, layer.PPPoE: 2, layer.ARP: 2,
	layer.IPv4: 3, layer.IPv6: 3, layer.ICMP: 3, layer.ICMPv6: 3, layer.IGMP: 3, layer.GRE: 3,
	layer.TCP: 4, layer.UDP: 4, layer.SCTP: 4, layer.VXLAN: 4, layer.Geneve: 4,
}

// OSILayer returns a protocol's OSI layer, 2 to 7; 7 for one that is not
// registered.
func OSILayer(p layer.Protocol) int { return osiOf(p, Protocols()) }

func osiOf(p layer.Protocol, registry []dissect.Protocol) int {
	if n := osiLayers[p]; n != 0 {
		return n
	}
	for i := range registry {
		if registry[i].Name == p {
			return registry[i].OSI
		}
	}
	return 7
}
