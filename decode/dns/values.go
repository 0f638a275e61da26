package dns

import "strconv"

// Types that the parser looks into (IANA, "Domain Name System (DNS)
// Parameters").
const (
	typeA      = 1
	typeNS     = 2
	typeCNAME  = 5
	typeSOA    = 6
	typePTR    = 12
	typeHINFO  = 13
	typeMX     = 15
	typeTXT    = 16
	typeAAAA   = 28
	typeSRV    = 33
	typeDNAME  = 39
	typeOPT    = 41
	typeDS     = 43
	typeRRSIG  = 46
	typeNSEC   = 47
	typeDNSKEY = 48
	typeSVCB   = 64
	typeHTTPS  = 65
	typeIXFR   = 251
	typeAXFR   = 252
	typeCAA    = 257
)

var typeNames = map[uint16]string{
	typeA: "A", typeNS: "NS", 3: "MD", 4: "MF", typeCNAME: "CNAME", typeSOA: "SOA", 7: "MB", 8: "MG", 9: "MR",
	10: "NULL", 11: "WKS", typePTR: "PTR", typeHINFO: "HINFO", 14: "MINFO", typeMX: "MX", typeTXT: "TXT", 17: "RP",
	18: "AFSDB", 19: "X25", 20: "ISDN", 21: "RT", 22: "NSAP", 23: "NSAP-PTR", 24: "SIG", 25: "KEY", 26: "PX",
	27: "GPOS", typeAAAA: "AAAA", 29: "LOC", 30: "NXT", 31: "EID", 32: "NIMLOC", typeSRV: "SRV", 34: "ATMA",
	35: "NAPTR", 36: "KX", 37: "CERT", 38: "A6", typeDNAME: "DNAME", 40: "SINK", typeOPT: "OPT", 42: "APL",
	typeDS: "DS", 44: "SSHFP", 45: "IPSECKEY", typeRRSIG: "RRSIG", typeNSEC: "NSEC", typeDNSKEY: "DNSKEY",
	49: "DHCID", 50: "NSEC3", 51: "NSEC3PARAM", 52: "TLSA", 53: "SMIMEA", 55: "HIP", 56: "NINFO", 57: "RKEY",
	58: "TALINK", 59: "CDS", 60: "CDNSKEY", 61: "OPENPGPKEY", 62: "CSYNC", 63: "ZONEMD", typeSVCB: "SVCB",
	typeHTTPS: "HTTPS", 99: "SPF", 104: "NID", 105: "L32", 106: "L64", 107: "LP", 108: "EUI48", 109: "EUI64",
	249: "TKEY", 250: "TSIG", typeIXFR: "IXFR", typeAXFR: "AXFR", 253: "MAILB", 254: "MAILA", 255: "ANY",
	256: "URI", typeCAA: "CAA", 258: "AVC", 32768: "TA", 32769: "DLV",
}

// TypeName returns a record type's name, "TYPE65280" for one without
// (RFC 3597 section 5).
func TypeName(t uint16) string {
	if n, ok := typeNames[t]; ok {
		return n
	}
	return "TYPE" + strconv.Itoa(int(t))
}

const (
	classIN   = 1
	classCH   = 3
	classHS   = 4
	classNone = 254
	classAny  = 255
)

// ClassName returns a class's name, "CLASS32" for one without.
func ClassName(c uint16) string {
	switch c {
	case classIN:
		return "IN"
	case 2:
		return "CS"
	case classCH:
		return "CH"
	case classHS:
		return "HS"
	case classNone:
		return "NONE"
	case classAny:
		return "ANY"
	}
	return "CLASS" + strconv.Itoa(int(c))
}

// The operation codes (RFC 1035, RFC 1996, RFC 2136, RFC 8490).
const (
	opQuery  = 0
	opIQuery = 1
	opStatus = 2
	opNotify = 4
	opUpdate = 5
	opDSO    = 6
)

// opcodeNames holds the name and how a packet list calls a message of it.
var opcodeNames = map[uint8][2]string{
	opQuery: {"QUERY", "Standard query"}, opIQuery: {"IQUERY", "Inverse query"},
	opStatus: {"STATUS", "Server status request"}, opNotify: {"NOTIFY", "Zone change notification"},
	opUpdate: {"UPDATE", "Dynamic update"}, opDSO: {"DSO", "DNS Stateful operations (DSO)"},
}

// OpcodeName returns an operation's name, "OPCODE9" for one without.
func OpcodeName(op uint8) string {
	if n, ok := opcodeNames[op]; ok {
		return n[0]
	}
	return "OPCODE" + strconv.Itoa(int(op))
}

func opcodeTitle(op uint8) string {
	if n, ok := opcodeNames[op]; ok {
		return n[1]
	}
	return "Unknown operation (" + strconv.Itoa(int(op)) + ")"
}

// rcodes holds each response code's name and how a packet list says it
// (IANA; the codes above 15 need EDNS0, RFC 6891 section 6.1.3).
var rcodes = map[uint16][2]string{
	0: {"NOERROR", "No error"}, 1: {"FORMERR", "Format error"}, 2: {"SERVFAIL", "Server failure"},
	3: {"NXDOMAIN", "No such name"}, 4: {"NOTIMP", "Not implemented"}, 5: {"REFUSED", "Refused"},
	6: {"YXDOMAIN", "Name exists"}, 7: {"YXRRSET", "RRset exists"}, 8: {"NXRRSET", "RRset does not exist"},
	9: {"NOTAUTH", "Not authoritative"}, 10: {"NOTZONE", "Name out of zone"}, 11: {"DSOTYPENI", "DSO-TYPE not implemented"},
	16: {"BADVERS", "Bad OPT version"}, 17: {"BADKEY", "Key not recognized"}, 18: {"BADTIME", "Signature out of time window"},
	19: {"BADMODE", "Bad TKEY mode"}, 20: {"BADNAME", "Duplicate key name"}, 21: {"BADALG", "Algorithm not supported"},
	22: {"BADTRUNC", "Bad truncation"}, 23: {"BADCOOKIE", "Bad or missing server cookie"},
}

// RcodeName returns a response code's name, "RCODE12" for one without.
func RcodeName(r uint16) string {
	if n, ok := rcodes[r]; ok {
		return n[0]
	}
	return "RCODE" + strconv.Itoa(int(r))
}

func rcodeTitle(r uint16) string {
	if n, ok := rcodes[r]; ok {
		return n[1]
	}
	return "Unknown error (" + strconv.Itoa(int(r)) + ")"
}
