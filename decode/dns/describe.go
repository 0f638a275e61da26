package dns

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// maxDescribed bounds the questions and records described of one message.
const maxDescribed = 512

// description puts a message's fields together. Offsets count from the
// datagram's first byte, on a stream from the first byte of the length.
type description struct {
	protocol layer.Protocol
	m        []byte
	base     int
	header   header
	fields   []layer.Field
	info     strings.Builder
	last     [4]int // 1 + index of the section's field
	count    int
}

// layer describes the current message.
func (d *dissector) layer() layer.Layer {
	n := &d.now
	t := description{protocol: d.protocol, m: n.m, base: n.prefix}
	l := layer.Layer{Protocol: d.protocol, OSI: osi, Source: layer.Reassembled, Length: n.prefix + len(n.m)}
	if n.prefix > 0 {
		t.add("dns.length", strconv.Itoa(len(n.m)+n.cut), 0, n.prefix)
	}
	if len(n.m) < headerSize {
		l.Fields, l.Summary = t.fields, "Malformed or truncated message"
		return l
	}
	t.head()
	w := walk(n.m)
	for {
		e, ok, err := w.next()
		if !ok || err != nil {
			break
		}
		t.entry(&e)
	}
	l.Fields, l.Summary = t.fields, t.info.String()
	return l
}

func (t *description) add(name, value string, off, size int) {
	t.fields = append(t.fields, layer.Field{Name: name, Value: value, Offset: off, Length: size})
}

// flagFields are the header's flags; those marked are shown of responses only.
var flagFields = []struct {
	name     string
	bit      uint16
	response bool
}{
	{"dns.flags.authoritative", flagAuthoritative, true},
	{"dns.flags.truncated", flagTruncated, false},
	{"dns.flags.recdesired", flagDesired, false},
	{"dns.flags.recavail", flagAvailable, true},
	{"dns.flags.z", flagZ, false},
	{"dns.flags.authenticated", flagAuthentic, true},
	{"dns.flags.checkdisable", flagChecking, false},
}

func (t *description) head() {
	h := readHeader(t.m)
	t.header = h
	t.add("dns.id", hex16(h.id), t.base, 2)
	title := opcodeTitle(h.opcode())
	if h.response() {
		title += " response"
	}
	t.info.WriteString(title + " " + hex16(h.id))
	flag := func(bit uint16) string {
		if h.flags&bit != 0 {
			return "1"
		}
		return "0"
	}
	at := t.base + 2
	flags := layer.Field{Name: "dns.flags", Value: hex16(h.flags), Offset: at, Length: 2, Children: []layer.Field{
		{Name: "dns.flags.response", Value: flag(flagResponse), Offset: at, Length: 2},
		{Name: "dns.flags.opcode", Value: strconv.Itoa(int(h.opcode())), Offset: at, Length: 2},
	}}
	for _, f := range flagFields {
		if h.response() || !f.response {
			flags.Children = append(flags.Children, layer.Field{Name: f.name, Value: flag(f.bit), Offset: at, Length: 2})
		}
	}
	if h.response() {
		code := h.flags & 15
		flags.Children = append(flags.Children, layer.Field{
			Name: "dns.flags.rcode", Value: strconv.Itoa(int(code)), Offset: at, Length: 2,
		})
		if code != 0 {
			t.info.WriteString(" " + rcodeTitle(code))
		}
	}
	t.fields = append(t.fields, flags)
	names := [4]string{"dns.count.queries", "dns.count.answers", "dns.count.auth_rr", "dns.count.add_rr"}
	if h.opcode() == opUpdate {
		names = [4]string{"dns.count.zones", "dns.count.prerequisites", "dns.count.updates", "dns.count.add_rr"}
	}
	for i, name := range names {
		t.add(name, strconv.Itoa(h.counts[i]), t.base+4+2*i, 2)
	}
}

// sectionTitles name the sections as Wireshark's tree does; it has no filter
// names for them.
var sectionTitles = [2][4]string{
	{"Queries", "Answers", "Authoritative nameservers", "Additional records"},
	{"Zone", "Prerequisites", "Updates", "Additional records"},
}

// entry adds a question or record to its section.
func (t *description) entry(e *entry) {
	if t.count++; t.count > maxDescribed {
		return
	}
	if t.last[e.section] == 0 {
		titles := &sectionTitles[0]
		if t.header.opcode() == opUpdate {
			titles = &sectionTitles[1]
		}
		t.add(titles[e.section], "", t.base+e.off, 0)
		t.last[e.section] = len(t.fields)
	}
	s := &t.fields[t.last[e.section]-1]
	var f layer.Field
	if e.section == question {
		f = t.question(e)
	} else {
		f = t.record(e)
	}
	f.Offset, f.Length = t.base+e.off, e.end-e.off
	s.Children = append(s.Children, f)
	s.Length = t.base + e.end - s.Offset
}

// class splits multicast DNS's bit off a class.
func (t *description) class(e *entry) (class uint16, bit bool) {
	if t.protocol == MDNSName {
		return e.class &^ topBit, e.class&topBit != 0
	}
	return e.class, false
}

func (t *description) question(e *entry) layer.Field {
	name, at := nameText(t.m, e.off), t.base+e.fixed
	class, unicast := t.class(e)
	t.info.WriteString(" " + TypeName(e.kind) + " " + name)
	f := layer.Field{
		Name: "Query", Value: fmt.Sprintf("%s: type %s, class %s", name, TypeName(e.kind), ClassName(class)),
		Children: []layer.Field{
			{Name: "dns.qry.name", Value: name, Offset: t.base + e.off, Length: e.fixed - e.off},
			{Name: "dns.qry.type", Value: strconv.Itoa(int(e.kind)), Offset: at, Length: 2},
			{Name: "dns.qry.class", Value: hex16(class), Offset: at + 2, Length: 2},
		},
	}
	if t.protocol == MDNSName {
		kind, value := `, "QM" question`, "0"
		if unicast {
			kind, value = `, "QU" question`, "1"
		}
		t.info.WriteString(kind)
		f.Children = append(f.Children, layer.Field{Name: "dns.qry.qu", Value: value, Offset: at + 2, Length: 2})
	}
	return f
}

// told are the types whose data a packet list shows, and how many parts of it.
var told = map[uint16]int{
	typeA: 1, typeAAAA: 1, typeNS: 1, typeCNAME: 1, typeDNAME: 1, typePTR: 1, typeMX: 2, typeSOA: 1, typeSRV: 4,
	typeNSEC: 1, typeHINFO: 2,
}

func (t *description) record(e *entry) layer.Field {
	name := nameText(t.m, e.off)
	at := t.base + e.fixed
	f := layer.Field{Name: "Record", Children: []layer.Field{
		{Name: "dns.resp.name", Value: name, Offset: t.base + e.off, Length: e.fixed - e.off},
		{Name: "dns.resp.type", Value: strconv.Itoa(int(e.kind)), Offset: at, Length: 2},
	}}
	t.info.WriteString(" " + TypeName(e.kind))
	f.Value = name + ": type " + TypeName(e.kind)
	if e.kind == typeOPT {
		f.Children = append(f.Children, t.edns(e)...)
	} else {
		class, flush := t.class(e)
		f.Value += ", class " + ClassName(class)
		f.Children = append(f.Children,
			layer.Field{Name: "dns.resp.class", Value: hex16(class), Offset: at + 2, Length: 2})
		if flush {
			f.Children = append(f.Children, layer.Field{Name: "dns.resp.cache_flush", Value: "1", Offset: at + 2, Length: 2})
			t.info.WriteString(", cache flush")
		}
		f.Children = append(f.Children,
			layer.Field{Name: "dns.resp.ttl", Value: strconv.FormatUint(uint64(e.ttl), 10), Offset: at + 4, Length: 4})
	}
	f.Children = append(f.Children, layer.Field{Name: "dns.resp.len", Value: strconv.Itoa(e.size), Offset: at + 8, Length: 2})
	n := 0
	err := e.parts(t.m, func(name, value string, off, size int) {
		if n++; n <= told[e.kind] {
			t.info.WriteString(" " + value)
		}
		f.Children = append(f.Children, layer.Field{Name: name, Value: value, Offset: t.base + off, Length: size})
	})
	if err != nil {
		f.Value += " (" + err.Error() + ")"
	}
	return f
}

// edns describes what an OPT record keeps in its class and TTL (RFC 6891
// section 6.1.2).
func (t *description) edns(e *entry) []layer.Field {
	at := t.base + e.fixed
	do := "0"
	if e.ttl&0x8000 != 0 {
		do = "1"
	}
	return []layer.Field{
		{Name: "dns.rr.udp_payload_size", Value: strconv.Itoa(int(e.class)), Offset: at + 2, Length: 2},
		{Name: "dns.resp.ext_rcode", Value: fmt.Sprintf("0x%02x", e.ttl>>24), Offset: at + 4, Length: 1},
		{Name: "dns.resp.edns0_version", Value: strconv.Itoa(int(e.ttl >> 16 & 255)), Offset: at + 5, Length: 1},
		{Name: "dns.resp.z", Value: hex16(uint16(e.ttl)), Offset: at + 6, Length: 2, Children: []layer.Field{
			{Name: "dns.resp.z.do", Value: do, Offset: at + 6, Length: 2},
		}},
	}
}
