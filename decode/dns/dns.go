// Package dns reads DNS messages (RFC 1035, EDNS0 of RFC 6891) over UDP and
// TCP, and multicast DNS (RFC 6762), which shares the format. It has a parser
// of its own, because captures hold what strict ones refuse: compression that
// loops, types unknown to anybody, messages that the snap length cut. It never
// resolves anything itself and keeps no cache.
package dns

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name and MDNSName are the protocols' names.
const (
	Name     layer.Protocol = "dns"
	MDNSName layer.Protocol = "mdns"
)

const (
	osi      = 7
	mdnsPort = 5353
)

// Protocol returns the registry's entry of DNS over UDP and TCP.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:     Name,
		OSI:      osi,
		About:    "The Domain Name System turns names such as www.example.com into addresses. A client asks a resolver one question at a time and gets the records that answer it, or the reason why there are none.",
		Stream:   true,
		Datagram: true,
		Ports:    []uint16{53},
		// Of the same format but not the same protocol: NetBIOS names, multicast
		// DNS, and LLMNR (RFC 4795).
		ExcludePorts: []uint16{137, mdnsPort, 5355},
		Announced:    []string{"dot", "doq"},
		Probe:        probe,
		New:          func(c dissect.Context) dissect.Dissector { return newDissector(Name, c) },
	}
}

// MDNS returns the registry's entry of multicast DNS. Only its port tells it
// from DNS.
func MDNS() dissect.Protocol {
	return dissect.Protocol{
		Name:     MDNSName,
		OSI:      osi,
		About:    "Multicast DNS finds names and services on the local network without a server: whoever has the name answers, and everybody hears the answer.",
		Datagram: true,
		Ports:    []uint16{mdnsPort},
		Probe:    probeMDNS,
		New:      func(c dissect.Context) dissect.Dissector { return newDissector(MDNSName, c) },
	}
}
