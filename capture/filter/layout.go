package filter

import (
	"fmt"

	"github.com/wiresight/wiresight/capture"
)

// layout says where things are in a frame. vlan, mpls and pppoes move it for
// everything that follows them in the expression.
type layout struct {
	link     capture.LinkType
	header   uint32 // the link header
	typeAt   uint32 // the field that names the network protocol
	payload  uint32 // behind the link header
	network  uint32 // the network header, counted from payload
	noSNAP   uint32 // the payload of an LLC frame without SNAP, counted from payload
	inVLAN   int    // tags passed
	inMPLS   int    // labels passed
	untagged bool   // no protocol field: the version nibble decides
}

// layouts are the link types that filters can be compiled for.
var layouts = map[capture.LinkType]layout{
	capture.LinkEthernet:   {typeAt: 12, payload: 14, noSNAP: 3},
	capture.LinkLinuxSLL:   {typeAt: 14, payload: 16, noSNAP: 3},
	capture.LinkLinuxSLL2:  {typeAt: 0, payload: 20, noSNAP: 3},
	capture.LinkNull:       {typeAt: 0, payload: 4},
	capture.LinkLoop:       {typeAt: 0, payload: 4},
	capture.LinkPPP:        {typeAt: 2, payload: 4},
	capture.LinkPPPHDLC:    {typeAt: 2, payload: 4},
	capture.LinkPPPoE:      {typeAt: 6, payload: 8},
	capture.LinkRaw:        {untagged: true},
	capture.LinkRawBSD:     {untagged: true},
	capture.LinkRawOpenBSD: {untagged: true},
	capture.LinkIPv4:       {untagged: true},
	capture.LinkIPv6:       {untagged: true},
}

func layoutFor(link capture.LinkType) (layout, bool) {
	l, ok := layouts[link]
	l.link = link
	return l, ok
}

var linkNames = map[capture.LinkType]string{
	capture.LinkEthernet: "Ethernet", capture.LinkLinuxSLL: "Linux cooked v1",
	capture.LinkLinuxSLL2: "Linux cooked v2", capture.LinkNull: "BSD loopback",
	capture.LinkLoop: "OpenBSD loopback", capture.LinkPPP: "PPP", capture.LinkPPPHDLC: "PPP",
	capture.LinkPPPoE: "PPPoE", capture.LinkRaw: "raw IP", capture.LinkRawBSD: "raw IP",
	capture.LinkRawOpenBSD: "raw IP", capture.LinkIPv4: "raw IPv4", capture.LinkIPv6: "raw IPv6",
	capture.LinkNFLOG: "NFLOG",
}

// linkName names a link type in errors.
func linkName(link capture.LinkType) string {
	if name, ok := linkNames[link]; ok {
		return name
	}
	return fmt.Sprintf("link type %d", link)
}

func (l *layout) isPPP() bool {
	return l.link == capture.LinkPPP || l.link == capture.LinkPPPHDLC || l.link == capture.LinkPPPoE
}

// hasEtherHeader tells whether Ethernet addresses begin the link header.
func (l *layout) hasEtherHeader() bool { return l.link == capture.LinkEthernet }

// enterVLAN moves behind a tag of four bytes.
func (l *layout) enterVLAN() {
	l.typeAt += 4
	l.payload += 4
	l.inVLAN++
}

// enterMPLS moves behind a label of four bytes.
func (l *layout) enterMPLS() {
	l.network += 4
	l.noSNAP += 4
	l.inMPLS++
}

// enterPPPoE moves behind the six bytes of PPPoE to the PPP protocol field,
// which is a link header of its own (RFC 2516 section 4).
func (l *layout) enterPPPoE() {
	header := l.payload + l.network + 6
	*l = layout{
		link: capture.LinkPPP, header: header, typeAt: header, payload: header + 2,
		inVLAN: l.inVLAN, inMPLS: l.inMPLS,
	}
}
