package filter

// protocol is a protocol qualifier.
type protocol uint8

const (
	protoDefault protocol = iota
	protoLink
	protoIP
	protoARP
	protoRARP
	protoSCTP
	protoTCP
	protoUDP
	protoICMP
	protoIGMP
	protoIGRP
	protoPIM
	protoVRRP
	protoCARP
	protoIP6
	protoICMP6
	protoAH
	protoESP
	protoATALK
	protoAARP
	protoDECNET
	protoLAT
	protoSCA
	protoMOPRC
	protoMOPDL
	protoISO
	protoESIS
	protoISIS
	protoCLNP
	protoSTP
	protoIPX
	protoNETBEUI
)

// protocols maps the words that qualify by protocol. "ether" stands for the
// link layer whatever it is, and so do its synonyms.
var protocols = map[string]protocol{
	"link": protoLink, "ether": protoLink, "ppp": protoLink, "slip": protoLink,
	"fddi": protoLink, "tr": protoLink, "wlan": protoLink,
	"ip": protoIP, "arp": protoARP, "rarp": protoRARP, "sctp": protoSCTP, "tcp": protoTCP,
	"udp": protoUDP, "icmp": protoICMP, "igmp": protoIGMP, "igrp": protoIGRP, "pim": protoPIM,
	"vrrp": protoVRRP, "carp": protoCARP, "ip6": protoIP6, "icmp6": protoICMP6, "ah": protoAH,
	"esp": protoESP, "atalk": protoATALK, "aarp": protoAARP, "decnet": protoDECNET,
	"lat": protoLAT, "sca": protoSCA, "moprc": protoMOPRC, "mopdl": protoMOPDL,
	"iso": protoISO, "esis": protoESIS, "es-is": protoESIS, "isis": protoISIS, "is-is": protoISIS,
	"clnp": protoCLNP, "stp": protoSTP, "ipx": protoIPX, "netbeui": protoNETBEUI,
}

// refusedWords are words of the language that wiresight does not have, with
// what they are for. Each is refused by name.
var refusedWords = map[string]string{
	"protochain": "following chains of IPv6 headers needs loops, which kernels do not run",
	"byte":       "it is an old form of ether[N], whose operators differ between versions",
	"gateway":    "it needs host names, and those are not resolved",
	"geneve":     "filtering inside Geneve is not supported",
	"vxlan":      "filtering inside VXLAN is not supported",
	"llc":        "filtering by LLC type is not supported",
	"radio":      "802.11 is not supported",
	"type":       "802.11 is not supported", "subtype": "802.11 is not supported",
	"dir": "802.11 is not supported", "direction": "802.11 is not supported",
	"addr1": "802.11 is not supported", "addr2": "802.11 is not supported",
	"addr3": "802.11 is not supported", "addr4": "802.11 is not supported",
	"address1": "802.11 is not supported", "address2": "802.11 is not supported",
	"address3": "802.11 is not supported", "address4": "802.11 is not supported",
	"ra": "802.11 is not supported", "ta": "802.11 is not supported",
	"l1": "IS-IS packet types are not supported", "l2": "IS-IS packet types are not supported",
	"iih": "IS-IS packet types are not supported", "lsp": "IS-IS packet types are not supported",
	"snp": "IS-IS packet types are not supported", "csnp": "IS-IS packet types are not supported",
	"psnp": "IS-IS packet types are not supported",
	"lane": "ATM is not supported", "metac": "ATM is not supported", "bcc": "ATM is not supported",
	"oam": "ATM is not supported", "oamf4": "ATM is not supported", "oamf4ec": "ATM is not supported",
	"oamf4sc": "ATM is not supported", "sc": "ATM is not supported", "ilmic": "ATM is not supported",
	"vpi": "ATM is not supported", "vci": "ATM is not supported",
	"connectmsg": "ATM is not supported", "metaconnect": "ATM is not supported",
	"on": "pf logs are not supported", "ifname": "pf logs are not supported",
	"rset": "pf logs are not supported", "ruleset": "pf logs are not supported",
	"rnr": "pf logs are not supported", "rulenum": "pf logs are not supported",
	"srnr": "pf logs are not supported", "subrulenum": "pf logs are not supported",
	"reason": "pf logs are not supported", "action": "pf logs are not supported",
	"fisu": "SS7 is not supported", "lssu": "SS7 is not supported", "lsu": "SS7 is not supported",
	"msu": "SS7 is not supported", "hfisu": "SS7 is not supported", "hlssu": "SS7 is not supported",
	"hmsu": "SS7 is not supported", "sio": "SS7 is not supported", "opc": "SS7 is not supported",
	"dpc": "SS7 is not supported", "sls": "SS7 is not supported", "hsio": "SS7 is not supported",
	"hopc": "SS7 is not supported", "hdpc": "SS7 is not supported", "hsls": "SS7 is not supported",
}

// synonyms are keywords with two spellings.
var synonyms = map[string]string{"length": "len"}

// keywords are all words that the language reserves; a name of that spelling
// is written with a backslash before it.
var keywords = func() map[string]bool {
	all := map[string]bool{}
	for _, w := range []string{
		"dst", "src", "host", "net", "mask", "port", "portrange", "proto", "less", "greater",
		"broadcast", "multicast", "and", "or", "not", "len", "length", "inbound", "outbound",
		"ifindex", "vlan", "mpls", "pppoed", "pppoes",
	} {
		all[w] = true
	}
	for w := range protocols {
		all[w] = true
	}
	for w := range refusedWords {
		all[w] = true
	}
	return all
}()

// constants are the named numbers: offsets of fields, ICMP and ICMPv6 types
// (RFC 792, RFC 4443, RFC 4861 and IANA's list) and TCP flags (RFC 9293).
var constants = map[string]uint32{
	"icmptype": 0, "icmpcode": 1, "icmp6type": 0, "icmp6code": 1, "tcpflags": 13,
	"tcp-fin": 0x01, "tcp-syn": 0x02, "tcp-rst": 0x04, "tcp-push": 0x08,
	"tcp-ack": 0x10, "tcp-urg": 0x20, "tcp-ece": 0x40, "tcp-cwr": 0x80,
	"icmp-echoreply": 0, "icmp-unreach": 3, "icmp-sourcequench": 4, "icmp-redirect": 5,
	"icmp-echo": 8, "icmp-routeradvert": 9, "icmp-routersolicit": 10, "icmp-timxceed": 11,
	"icmp-paramprob": 12, "icmp-tstamp": 13, "icmp-tstampreply": 14, "icmp-ireq": 15,
	"icmp-ireqreply": 16, "icmp-maskreq": 17, "icmp-maskreply": 18,
	"icmp6-destinationunreach": 1, "icmp6-packettoobig": 2,
	"icmp6-timeexceeded": 3, "icmp6-parameterproblem": 4, "icmp6-echo": 128, "icmp6-echoreply": 129,
	"icmp6-multicastlistenerquery": 130, "icmp6-multicastlistenerreportv1": 131,
	"icmp6-multicastlistenerdone": 132, "icmp6-routersolicit": 133, "icmp6-routeradvert": 134,
	"icmp6-neighborsolicit": 135, "icmp6-neighboradvert": 136, "icmp6-redirect": 137,
	"icmp6-routerrenum": 138, "icmp6-nodeinformationquery": 139, "icmp6-nodeinformationresponse": 140,
	"icmp6-ineighbordiscoverysolicit": 141, "icmp6-ineighbordiscoveryadvert": 142,
	"icmp6-multicastlistenerreportv2": 143, "icmp6-homeagentdiscoveryrequest": 144,
	"icmp6-homeagentdiscoveryreply": 145, "icmp6-mobileprefixsolicit": 146,
	"icmp6-mobileprefixadvert": 147, "icmp6-certpathsolicit": 148, "icmp6-certpathadvert": 149,
	"icmp6-multicastrouteradvert": 151, "icmp6-multicastroutersolicit": 152,
	"icmp6-multicastrouterterm": 153,
}
