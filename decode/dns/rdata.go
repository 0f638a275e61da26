package dns

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// form is how a part of a record's data is written.
type form uint8

const (
	number8 form = iota
	number16
	number32
	domain // a name, which may be compressed
	text   // a length byte and that many bytes
	texts  // as many texts as there are
	ipv4
	ipv6
	free // the rest, as text
	raw  // the rest, as hex digits
	params
	options
)

// part is one part of a record's data, under Wireshark's name.
type part struct {
	name string
	form form
}

// formats are the data of the types that are looked into; others are raw.
var formats = map[uint16][]part{
	typeA:     {{"dns.a", ipv4}},
	typeAAAA:  {{"dns.aaaa", ipv6}},
	typeNS:    {{"dns.ns", domain}},
	typeCNAME: {{"dns.cname", domain}},
	typeDNAME: {{"dns.dname", domain}},
	typePTR:   {{"dns.ptr.domain_name", domain}},
	typeMX:    {{"dns.mx.preference", number16}, {"dns.mx.mail_exchange", domain}},
	typeTXT:   {{"dns.txt", texts}},
	99:        {{"dns.spf", texts}},
	typeHINFO: {{"dns.hinfo.cpu", text}, {"dns.hinfo.os", text}},
	typeSOA: {{"dns.soa.mname", domain}, {"dns.soa.rname", domain}, {"dns.soa.serial_number", number32},
		{"dns.soa.refresh_interval", number32}, {"dns.soa.retry_interval", number32},
		{"dns.soa.expire_limit", number32}, {"dns.soa.minimum_ttl", number32}},
	typeSRV: {{"dns.srv.priority", number16}, {"dns.srv.weight", number16}, {"dns.srv.port", number16},
		{"dns.srv.target", domain}},
	35: {{"dns.naptr.order", number16}, {"dns.naptr.preference", number16}, {"dns.naptr.flags", text},
		{"dns.naptr.service", text}, {"dns.naptr.regex", text}, {"dns.naptr.replacement", domain}},
	typeCAA: {{"dns.caa.flags", number8}, {"dns.caa.tag", text}, {"dns.caa.value", free}},
	typeDS: {{"dns.ds.key_id", number16}, {"dns.ds.algorithm", number8}, {"dns.ds.digest_type", number8},
		{"dns.ds.digest", raw}},
	typeDNSKEY: {{"dns.dnskey.flags", number16}, {"dns.dnskey.protocol", number8}, {"dns.dnskey.algorithm", number8},
		{"dns.dnskey.public_key", raw}},
	typeRRSIG: {{"dns.rrsig.type_covered", number16}, {"dns.rrsig.algorithm", number8}, {"dns.rrsig.labels", number8},
		{"dns.rrsig.original_ttl", number32}, {"dns.rrsig.signature_expiration", number32},
		{"dns.rrsig.signature_inception", number32}, {"dns.rrsig.key_tag", number16},
		{"dns.rrsig.signers_name", domain}, {"dns.rrsig.signature", raw}},
	typeNSEC:  {{"dns.nsec.next_domain_name", domain}, {"dns.data", raw}},
	typeSVCB:  {{"dns.svcb.svcpriority", number16}, {"dns.svcb.targetname", domain}, {"dns.svcb.svcparam", params}},
	typeHTTPS: {{"dns.svcb.svcpriority", number16}, {"dns.svcb.targetname", domain}, {"dns.svcb.svcparam", params}},
	typeOPT:   {{"dns.opt", options}},
}

var rawFormat = []part{{"dns.data", raw}}

// maxText bounds the bytes shown of a text, maxParts the parts of a record.
const (
	maxText  = 256
	maxParts = 64
)

// parts goes over the parts of a record's data. say gets each part's name,
// value fit for a screen, and place in the message.
func (e *entry) parts(m []byte, say func(name, value string, off, size int)) error {
	format, ok := formats[e.kind]
	if !ok {
		format = rawFormat
	}
	if e.size == 0 { // as the records of an update that delete (RFC 2136 section 2.5.2)
		return nil
	}
	off := e.data
	for _, p := range format {
		var err error
		switch p.form {
		case texts:
			for n := 0; off < e.end && err == nil && n < maxParts; n++ {
				off, err = part{p.name, text}.say(m, off, e.end, say)
			}
		case params:
			off, err = pairs(m, off, e.end, func(key, at, size int) {
				say(p.name, paramText(key, m[at:at+size]), at-4, size+4)
			})
		case options:
			off, err = pairs(m, off, e.end, func(code, at, size int) {
				say(p.name, optionText(code, m[at:at+size]), at-4, size+4)
			})
		default:
			off, err = p.say(m, off, e.end, say)
		}
		if err != nil {
			return err
		}
	}
	if off != e.end && e.kind != typeTXT && e.kind != 99 {
		return errLength
	}
	return nil
}

// say says one part and returns the offset behind it.
func (p part) say(m []byte, off, end int, say func(name, value string, off, size int)) (int, error) {
	b := m[off:end]
	size := map[form]int{number8: 1, number16: 2, number32: 4, ipv4: 4, ipv6: 16, text: 1}[p.form]
	if len(b) < size {
		return off, errLength
	}
	value := ""
	switch p.form {
	case number8:
		value = strconv.Itoa(int(b[0]))
	case number16:
		value = strconv.Itoa(int(binary.BigEndian.Uint16(b)))
	case number32:
		value = strconv.FormatUint(uint64(binary.BigEndian.Uint32(b)), 10)
	case ipv4, ipv6:
		addr, _ := netip.AddrFromSlice(b[:size])
		value = addr.String()
	case text:
		size = 1 + int(b[0])
		if len(b) < size {
			return off, errLength
		}
		value = layer.Clip(b[1:size], maxText)
	case domain:
		var buffer [maxName]byte
		name, next, err := appendName(buffer[:0], m[:end], off)
		if err != nil {
			return off, err
		}
		size, value = next-off, shown(name)
	case free:
		size, value = len(b), layer.Clip(b, maxText)
	case raw:
		size, value = len(b), hexText(b)
	}
	say(p.name, value, off, size)
	return off + size, nil
}

func hexText(b []byte) string {
	const most = 64
	if len(b) > most {
		return hex.EncodeToString(b[:most]) + "…"
	}
	return hex.EncodeToString(b)
}

// pairs goes over key, length and value, as SvcParams (RFC 9460 section 2.2)
// and EDNS0 options (RFC 6891 section 6.1.2) are written.
func pairs(m []byte, off, end int, say func(key, at, size int)) (int, error) {
	for n := 0; off < end; n++ {
		if end-off < 4 {
			return off, errLength
		}
		key, size := int(binary.BigEndian.Uint16(m[off:])), int(binary.BigEndian.Uint16(m[off+2:]))
		if off+4+size > end {
			return off, errLength
		}
		if n < maxParts {
			say(key, off+4, size)
		}
		off += 4 + size
	}
	return off, nil
}

var paramNames = []string{"mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp"}

// paramText writes a SvcParam as a zone file does: alpn=h2,h3.
func paramText(key int, b []byte) string {
	name := "key" + strconv.Itoa(key)
	if key < len(paramNames) {
		name = paramNames[key]
	}
	var list []string
	switch {
	case len(b) == 0:
		return name
	case name == "alpn":
		for len(b) > 0 && int(b[0]) < len(b) {
			list = append(list, layer.Clip(b[1:1+b[0]], maxText))
			b = b[1+b[0]:]
		}
	case name == "port" && len(b) == 2:
		list = []string{strconv.Itoa(int(binary.BigEndian.Uint16(b)))}
	case name == "ipv4hint":
		list = addresses(b, 4)
	case name == "ipv6hint":
		list = addresses(b, 16)
	case name == "dohpath":
		list = []string{layer.Clip(b, maxText)}
	default:
		list = []string{hexText(b)}
	}
	return name + "=" + strings.Join(list, ",")
}

func addresses(b []byte, size int) (list []string) {
	for ; len(b) >= size && len(list) < maxParts; b = b[size:] {
		addr, _ := netip.AddrFromSlice(b[:size])
		list = append(list, addr.String())
	}
	return list
}

var optionNames = map[int]string{
	3: "NSID", 5: "DAU", 6: "DHU", 7: "N3U", 8: "CSUBNET", 9: "EXPIRE", 10: "COOKIE", 11: "TCP KEEPALIVE",
	12: "PADDING", 13: "CHAIN", 15: "Extended DNS Error",
}

func optionText(code int, b []byte) string {
	name := "option " + strconv.Itoa(code)
	if n, ok := optionNames[code]; ok {
		name = n
	}
	switch {
	case name == "PADDING" || len(b) == 0:
		return name + " (" + strconv.Itoa(len(b)) + " bytes)"
	case name == "Extended DNS Error" && len(b) >= 2:
		return strings.TrimRight(name+" "+strconv.Itoa(int(binary.BigEndian.Uint16(b)))+" "+layer.Clip(b[2:], maxText), " ")
	}
	return name + " " + hexText(b)
}

// text returns the record's data on one line, its parts as in a zone file.
func (e *entry) text(m []byte) (string, error) {
	if a, ok := e.address(m); ok {
		return a.String(), nil
	}
	var values []string
	err := e.parts(m, func(_, value string, _, _ int) { values = append(values, value) })
	return layer.Clip([]byte(strings.Join(values, " ")), maxText), err
}

// nameText returns the name at off, fit for a screen, or "" where it cannot be
// read.
func nameText(m []byte, off int) string {
	var buffer [maxName]byte
	name, _, err := appendName(buffer[:0], m, off)
	if err != nil {
		return ""
	}
	return shown(name)
}
