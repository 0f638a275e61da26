package dns

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
)

// facts is what the message's reader learns in one walk.
type facts struct {
	m       []byte
	header  header
	asked   entry // the first question
	hasName bool  // and it was read
	name    [maxNameText]byte
	named   int // bytes of name
	hash    uint64
	answers [maxAnswers]entry
	stored  int // of answers
	total   int // answers read
	last    entry
	ttl     uint32 // lowest of the answers
	edns    entry
	hasEDNS bool
	broken  error // of an answer's data
}

const (
	maxAnswers  = 32          // answers looked into
	maxShown    = 8           // answers named in a fact
	maxNameText = maxName * 4 // a byte may become \DDD
)

// FNV-1a, 64 bits.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func (f *facts) mix(b byte) { f.hash = (f.hash ^ uint64(b)) * fnvPrime }

// read walks over the message. On an error the facts hold what was read before
// it.
func (f *facts) read(m []byte) error {
	w := walk(m)
	f.m, f.header, f.hash = m, w.header, fnvOffset
	f.mix(byte(f.header.id))
	f.mix(byte(f.header.id >> 8))
	f.mix(f.header.opcode())
	for {
		e, ok, err := w.next()
		if err != nil {
			return w.where(w.done+1, err)
		}
		if !ok {
			break
		}
		if e.section != question {
			f.record(e)
		} else if err := f.question(e); err != nil {
			return w.where(w.done, err)
		}
	}
	if n := len(m) - w.off; n > 0 {
		return fmt.Errorf("%d bytes behind the last record", n)
	}
	return nil
}

// question takes a question into the key: its name without regard to case
// (RFC 4343), type and class.
func (f *facts) question(e entry) error {
	var buffer [maxName]byte
	text, _, err := appendName(buffer[:0], f.m, e.off)
	if err != nil {
		return err
	}
	if !f.hasName {
		f.hasName, f.asked, f.named = true, e, copy(f.name[:], text)
	}
	for _, c := range text {
		f.mix(lower(c))
	}
	f.mix(byte(e.kind))
	f.mix(byte(e.kind >> 8))
	f.mix(byte(e.class))
	f.mix(byte(e.class >> 8))
	return nil
}

func (f *facts) record(e entry) {
	switch {
	case e.section == answer:
		if f.total == 0 || e.ttl < f.ttl {
			f.ttl = e.ttl
		}
		f.total++
		f.last = e
		if f.stored < maxAnswers {
			f.answers[f.stored] = e
			f.stored++
		}
	case e.section == additional && e.kind == typeOPT:
		f.edns, f.hasEDNS = e, true
	}
}

// key pairs a response with the query of the same id, operation and question.
func (f *facts) key() uint64 { return f.hash }

// rcode is the response code with EDNS0's upper bits (RFC 6891 section 6.1.3).
func (f *facts) rcode() uint16 {
	r := f.header.flags & 15
	if f.hasEDNS {
		r |= uint16(f.edns.ttl>>24) << 4
	}
	return r
}

// askedName is the first question's name, fit for a screen.
func (f *facts) askedName() string { return shown(f.name[:f.named]) }

// title names the message by its question: "A example.com", with the operation
// before it where it is not a query.
func (f *facts) title() string {
	op := ""
	if o := f.header.opcode(); o != opQuery {
		op = OpcodeName(o)
	}
	if !f.hasName {
		return op
	}
	if op != "" {
		op += " "
	}
	return op + TypeName(f.asked.kind) + " " + f.askedName()
}

func hex16(v uint16) string {
	const digits = "0123456789abcdef"
	return string([]byte{'0', 'x', digits[v>>12], digits[v>>8&15], digits[v>>4&15], digits[v&15]})
}

func (f *facts) ofQuery() []flow.Fact {
	all := make([]flow.Fact, 0, 4)
	all = append(all, flow.Fact{Key: "id", Value: hex16(f.header.id)},
		flow.Fact{Key: "opcode", Value: OpcodeName(f.header.opcode())},
		flow.Fact{Key: "rd", Value: strconv.FormatBool(f.header.flags&flagDesired != 0)})
	return f.common(all)
}

// common are the facts of queries and responses alike.
func (f *facts) common(all []flow.Fact) []flow.Fact {
	if f.hasEDNS {
		all = append(all, flow.Fact{Key: "edns", Value: strconv.Itoa(int(f.edns.class))})
	}
	if f.hasName && f.asked.class&^topBit != classIN {
		all = append(all, flow.Fact{Key: "class", Value: ClassName(f.asked.class)})
	}
	if n := f.header.counts[question]; n > 1 {
		all = append(all, flow.Fact{Key: "questions", Value: strconv.Itoa(n)})
	}
	return all
}

// topBit of a class is multicast DNS's wish for a unicast response, or its
// order to flush the cache (RFC 6762 sections 5.4 and 10.2).
const topBit = 0x8000

// ofResponse names the question only where the query was not seen.
func (f *facts) ofResponse(asked bool) []flow.Fact {
	all := make([]flow.Fact, 0, 6)
	all = append(all, flow.Fact{Key: "id", Value: hex16(f.header.id)})
	if !asked && f.hasName {
		all = append(all, flow.Fact{Key: "question", Value: f.title()})
	}
	if f.header.flags&flagAuthoritative != 0 {
		all = append(all, flow.Fact{Key: "authoritative", Value: "true"})
	}
	if f.header.flags&flagTruncated != 0 {
		all = append(all, flow.Fact{Key: "truncated", Value: "true"})
	}
	if f.total > 0 {
		all = append(all, flow.Fact{Key: "answers", Value: f.answerText()},
			flow.Fact{Key: "ttl", Value: strconv.FormatUint(uint64(f.ttl), 10)})
	}
	for i := f.stored - 1; i >= 0; i-- { // the last is where the chain ends
		if e := f.answers[i]; e.kind == typeCNAME {
			all = append(all, flow.Fact{Key: "cname", Value: nameText(f.m, e.data)})
			break
		}
	}
	if alpn := f.alpn(); alpn != "" {
		all = append(all, flow.Fact{Key: "alpn", Value: alpn})
	}
	return f.common(all)
}

// alpn returns the protocols that the first HTTPS or SVCB record offers, such as
// "h3,h2" (RFC 9460 section 7.1): what a client that asked for it may do next.
func (f *facts) alpn() (list string) {
	for i := range f.answers[:f.stored] {
		e := &f.answers[i]
		if list != "" || e.kind != typeHTTPS && e.kind != typeSVCB {
			continue
		}
		// What cannot be read is told with the answers.
		_ = e.parts(f.m, func(_, value string, _, _ int) {
			if offered, ok := strings.CutPrefix(value, "alpn="); ok {
				list = offered
			}
		})
	}
	return list
}

// answerText lists the first answers: "CNAME www.example.net, A 192.0.2.1".
func (f *facts) answerText() string {
	var b strings.Builder
	for i := range f.answers[:min(f.stored, maxShown)] {
		if i > 0 {
			b.WriteString(", ")
		}
		e := &f.answers[i]
		text, err := e.text(f.m)
		if err != nil && f.broken == nil {
			f.broken = fmt.Errorf("answer %d of %d: %s: %w", i+1, f.header.counts[answer], TypeName(e.kind), err)
		}
		b.WriteString(TypeName(e.kind))
		if text != "" {
			b.WriteByte(' ')
			b.WriteString(text)
		}
	}
	if n := f.total - maxShown; n > 0 {
		fmt.Fprintf(&b, ", … %d more", n)
	}
	return b.String()
}

// resolve tells the addresses that the question's name has, by itself or by
// its aliases. Multicast responses carry no question: there each record's own
// name is told.
func (f *facts) resolve(out dissect.Sink, multicast bool) {
	if f.rcode() != 0 || f.header.opcode() != opQuery || !multicast && f.header.counts[question] != 1 {
		return
	}
	names := f.aliases()
	for _, e := range f.answers[:f.stored] {
		addr, ok := e.address(f.m)
		if !ok {
			continue
		}
		switch {
		case multicast:
			out.Resolved(nameText(f.m, e.off), addr.String())
		case names.hold(f.m, e.off):
			out.Resolved(f.askedName(), addr.String())
		}
	}
}

// names are the texts of a few names.
type names []string

// maxAliases bounds the chain of CNAMEs that is followed.
const maxAliases = 16

// aliases returns the question's name and those that CNAME records lead to,
// in whatever order they stand.
func (f *facts) aliases() names {
	if !f.hasName {
		return nil
	}
	all := names{string(f.name[:f.named])}
	for grown := true; grown && len(all) < maxAliases; {
		grown = false
		for _, e := range f.answers[:f.stored] {
			if e.kind != typeCNAME || !all.hold(f.m, e.off) || all.hold(f.m, e.data) {
				continue
			}
			if target, _, err := appendName(nil, f.m, e.data); err == nil && len(all) < maxAliases {
				all, grown = append(all, string(target)), true
			}
		}
	}
	return all
}

// hold reports whether the name at off is among them.
func (n names) hold(m []byte, off int) bool {
	var buffer [maxName]byte
	text, _, err := appendName(buffer[:0], m, off)
	if err != nil {
		return false
	}
	for _, s := range n {
		if equal(s, text) {
			return true
		}
	}
	return false
}

// equal compares names without regard to ASCII case (RFC 4343).
func equal(s string, text []byte) bool {
	if len(s) != len(text) {
		return false
	}
	for i, c := range text {
		if lower(s[i]) != lower(c) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		c += 'a' - 'A'
	}
	return c
}

// address returns the address of an A or AAAA record.
func (e *entry) address(m []byte) (netip.Addr, bool) {
	if e.kind == typeA && e.size == 4 || e.kind == typeAAAA && e.size == 16 {
		return netip.AddrFromSlice(m[e.data:e.end])
	}
	return netip.Addr{}, false
}
