package filter

// ipProtocols are the names that "proto NAME" knows: IANA's protocol numbers.
var ipProtocols = map[string]uint32{
	"ip":              0,
	"hopopt":          0,
	"icmp":            1,
	"igmp":            2,
	"ggp":             3,
	"ipencap":         4,
	"ip-encap":        4,
	"st":              5,
	"tcp":             6,
	"egp":             8,
	"igp":             9,
	"pup":             12,
	"udp":             17,
	"hmp":             20,
	"xns-idp":         22,
	"rdp":             27,
	"iso-tp4":         29,
	"dccp":            33,
	"xtp":             36,
	"ddp":             37,
	"idpr-cmtp":       38,
	"ipv6":            41,
	"ipv6-route":      43,
	"ipv6-frag":       44,
	"idrp":            45,
	"rsvp":            46,
	"gre":             47,
	"esp":             50,
	"ipsec-esp":       50,
	"ah":              51,
	"ipsec-ah":        51,
	"skip":            57,
	"ipv6-icmp":       58,
	"ipv6-nonxt":      59,
	"ipv6-opts":       60,
	"rspf":            73,
	"cphb":            73,
	"vmtp":            81,
	"eigrp":           88,
	"ospf":            89,
	"ospfigp":         89,
	"ax.25":           93,
	"ipip":            94,
	"etherip":         97,
	"encap":           98,
	"pim":             103,
	"ipcomp":          108,
	"vrrp":            112,
	"l2tp":            115,
	"isis":            124,
	"sctp":            132,
	"fc":              133,
	"mobility-header": 135,
	"udplite":         136,
	"mpls-in-ip":      137,
	"manet":           138,
	"hip":             139,
	"shim6":           140,
	"wesp":            141,
	"rohc":            142,
	"ethernet":        143,
	"mptcp":           262,
}

// Link-layer protocol numbers: Ethernet types, and below 1501 the service
// access points of IEEE 802.2.
const (
	sapSTP     = 0x42
	sapIPX     = 0xe0
	sapNETBEUI = 0xf0
	sapISO     = 0xfe

	typeIPv4      = 0x0800
	typeARP       = 0x0806
	typeMOPDL     = 0x6001
	typeMOPRC     = 0x6002
	typeDECNET    = 0x6003
	typeLAT       = 0x6004
	typeSCA       = 0x6007
	typeRARP      = 0x8035
	typeATALK     = 0x809b
	typeAARP      = 0x80f3
	typeVLAN      = 0x8100
	typeIPX       = 0x8137
	typeIPv6      = 0x86dd
	typeMPLS      = 0x8847
	typePPPoED    = 0x8863
	typePPPoES    = 0x8864
	typeVLANStack = 0x88a8
	typeVLANOld   = 0x9100

	maxLength8023 = 1500 // a type field up to here is a length
)

// etherProtocols are the names that "ether proto NAME" knows.
var etherProtocols = map[string]uint32{
	"ip": typeIPv4, "arp": typeARP, "rarp": typeRARP, "ip6": typeIPv6, "decnet": typeDECNET,
	"lat": typeLAT, "sca": typeSCA, "moprc": typeMOPRC, "mopdl": typeMOPDL, "atalk": typeATALK,
	"aarp": typeAARP, "loopback": 0x9000, "iso": sapISO, "stp": sapSTP, "ipx": sapIPX,
	"netbeui": sapNETBEUI,
}

// isoProtocols are the names that "iso proto NAME" knows: network layer
// protocol identifiers (ISO/IEC TR 9577).
var isoProtocols = map[string]uint32{"clnp": 0x81, "esis": 0x82, "es-is": 0x82, "isis": 0x83, "is-is": 0x83}
