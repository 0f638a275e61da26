package report

import (
	"fmt"
	"slices"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/flow"
)

// linkNames are the report's names of link types.
var linkNames = map[capture.LinkType]string{
	capture.LinkNull: "loopback", capture.LinkLoop: "loopback", capture.LinkEthernet: "ethernet",
	capture.LinkPPP: "ppp", capture.LinkPPPHDLC: "ppp", capture.LinkPPPoE: "pppoe",
	capture.LinkRaw: "raw", capture.LinkRawBSD: "raw", capture.LinkRawOpenBSD: "raw",
	capture.LinkIPv4: "ipv4", capture.LinkIPv6: "ipv6", capture.LinkNFLOG: "nflog",
	capture.LinkLinuxSLL: "linux-cooked", capture.LinkLinuxSLL2: "linux-cooked",
}

func linkName(l capture.LinkType) string {
	if n := linkNames[l]; n != "" {
		return n
	}
	return fmt.Sprintf("linktype-%d", l)
}

// linkTypes names the link types of the frames, or else of the interfaces.
func linkTypes(m *flow.Model, info *capture.Info) []string {
	if len(m.LinkTypes) > 0 || info == nil {
		return m.LinkTypes
	}
	var names []string
	for i := range info.Interfaces {
		if n := linkName(info.Interfaces[i].Link); !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	return names
}
