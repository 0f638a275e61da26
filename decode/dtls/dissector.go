package dtls

import (
	"bytes"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls"
)

type dissector struct {
	keys    keys
	facts   facts
	half    [2]half
	packets flow.Packets
	msg     flow.Message
	said    []said // of the current datagram, when recording
	plain   []byte
	offset  [2]int64 // of plaintext
}

type half struct {
	messages assembler
}

// said is a record of the datagram at hand, for its description.
type said struct {
	record
	title    string
	opened   bool
	plain    []byte
	messages []tls.Handshake
}

// maxRecords bounds the records read in one datagram.
const maxRecords = 64

func newDissector(c dissect.Context) *dissector {
	return &dissector{keys: keys{store: c.Secrets}}
}

// Feed implements dissect.Dissector: c is one datagram of one or more records.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.packets.Reset()
	d.packets.Add(c.At.Number)
	d.said = d.said[:0]
	var data [][]byte
	d.plain = d.plain[:0]
	for at, n := 0, 0; at < len(c.Data) && n < maxRecords; n++ {
		r, ok := parse(c.Data, at)
		if !ok {
			if n == 0 {
				out.Problem(Name, "no DTLS record where one should begin")
			}
			break
		}
		at = r.end()
		if plain := d.record(out, &r, &c); plain != nil {
			data = append(data, plain)
		}
	}
	if len(d.said) > 0 {
		out.Layer(Name, func() layer.Layer { return d.describe(c.Data) })
		d.describeOpened(out)
	}
	d.facts.tell(out)
	for _, plain := range data {
		out.Inner(out.Announced(d.facts.alpn()), dissect.Chunk{Dir: c.Dir, Data: plain, At: c.At, Offset: d.offset[c.Dir], Datagram: true})
		d.offset[c.Dir] += int64(len(plain))
	}
}

// record takes a record and returns the application data in it, nil for none
// that can be read.
func (d *dissector) record(out dissect.Sink, r *record, c *dissect.Chunk) (data []byte) {
	s := said{record: *r}
	d.facts.at = c.At
	content, sealed := r.body, r.epoch > 0 || r.unified
	if sealed {
		from := len(d.plain)
		var ok bool
		if content, ok = d.keys.open(d, r, c.Dir); ok {
			sealed, s.opened = false, true
			s.plain = d.plain[from:]
		}
	}
	kind := kindName(r, sealed)
	switch {
	case sealed:
		s.title = kind
		d.facts.sealed(r, c.Dir)
	case r.kind == handshake:
		d.handshake(out, &s, content, c)
		kind = ""
	case r.kind == alert && len(content) >= 2:
		kind = "alert"
		s.title = "Alert (" + tls.AlertName(content[1]) + ")"
		d.facts.alert(c.Dir, content)
	case r.kind == changeCipherSpec:
		s.title = "Change Cipher Spec"
	case r.kind == applicationData:
		s.title = "Application Data"
		data = content
		d.facts.data(r, c.Dir, s.opened)
	default:
		s.title = kind
	}
	if kind != "" {
		d.say(out, kind, c, int64(headerSize+r.length))
	}
	d.said = append(d.said, s)
	return data
}

func kindName(r *record, sealed bool) string {
	switch r.kind {
	case changeCipherSpec:
		return "change_cipher_spec"
	case alert:
		return "alert"
	case handshake:
		if sealed {
			return "encrypted_handshake_message"
		}
		return "handshake"
	case heartbeat:
		return "heartbeat"
	}
	return "application_data"
}

// handshake takes a record of handshake messages or parts of them.
func (d *dissector) handshake(out dissect.Sink, s *said, b []byte, c *dissect.Chunk) {
	a := &d.half[c.Dir].messages
	for len(b) > 0 {
		f, n := parseFragment(b)
		if n == 0 {
			out.Problem(Name, "malformed handshake fragment")
			return
		}
		b = b[n:]
		if f.kind == clientHello && f.number == 0 && f.offset == 0 && a.next > 1 { // begun anew
			*a = assembler{}
		}
		body, whole, again := a.add(&f)
		switch {
		case again:
			s.title = "Handshake, sent again"
			d.say(out, "retransmission", c, int64(n))
			continue
		case !whole:
			s.title = "Handshake fragment"
			d.say(out, "fragment", c, int64(n))
			continue
		}
		m, err := parseMessage(f.kind, body)
		if err != nil {
			out.Problem(Name, "malformed "+name(&m))
		}
		if s.title != "" {
			s.title += ", "
		}
		s.title += title(&m)
		if out.Recording() {
			m.Body = bytes.Clone(m.Body)
			s.messages = append(s.messages, m)
		}
		d.keys.message(&m, c.Dir)
		d.facts.message(out, &m, c.Dir)
		d.say(out, name(&m), c, int64(n))
	}
}

func title(m *tls.Handshake) string {
	if m.Type == helloVerify {
		return "Hello Verify Request"
	}
	return m.Title()
}

func (d *dissector) say(out dissect.Sink, kind string, c *dissect.Chunk, size int64) {
	d.msg = flow.Message{Protocol: Name, Kind: kind, Dir: c.Dir, First: c.At, Last: c.At, Packets: d.packets, Bytes: size}
	out.Message(&d.msg)
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.facts.keyProblem(&d.keys)
	d.facts.tell(out)
}
