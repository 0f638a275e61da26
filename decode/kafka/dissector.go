package kafka

import (
	"encoding/binary"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
)

const (
	maxHead    = 64 << 10 // bytes of a message that are looked at
	maxPending = 4096     // requests that wait for a response
)

// dissector reads both directions of one connection.
type dissector struct {
	units    [2]stream.Units
	out      dissect.Sink
	read     bool
	pending  map[int32]asked // by correlation id
	names    names
	msg      flow.Message
	now      current
	describe func() layer.Layer
}

// asked is what a response must be read with.
type asked struct{ key, version int16 }

// current is the message being described.
type current struct {
	unit    *stream.Unit
	request request
	asked   asked
	answer  bool
	known   bool // of an answer, its request
	body    *body
}

func newDissector(c dissect.Context) dissect.Dissector {
	d := &dissector{pending: map[int32]asked{}, names: names{}}
	for i := range d.units {
		d.units[i] = stream.Units{Most: maxHead, Late: c.MidStream}
	}
	d.describe = d.layer
	return d
}

// Feed implements dissect.Dissector.
func (d *dissector) Feed(out dissect.Sink, c dissect.Chunk) {
	d.out = out
	d.units[c.Dir].Feed(c, d)
	d.out = nil
}

// Finish implements dissect.Dissector.
func (d *dissector) Finish(out dissect.Sink, _ bool) {
	d.out = out
	for dir := range d.units {
		d.units[dir].Finish(layer.Direction(dir), d)
	}
	d.out = nil
}

// Measure implements stream.UnitReader.
func (d *dissector) Measure(dir layer.Direction, b []byte) int64 {
	if len(b) < lengthSize {
		return 0
	}
	size := int64(int32(binary.BigEndian.Uint32(b)))
	least := int64(responseFixed - lengthSize)
	if dir == layer.ToServer {
		least = requestFixed - lengthSize - 2 // the oldest header has no client id
	}
	if size < least || size > maxMessage {
		return -1
	}
	return lengthSize + size
}

// Begins implements stream.UnitReader.
func (d *dissector) Begins(dir layer.Direction, b []byte) bool {
	if dir == layer.ToClient {
		if len(b) < responseFixed || d.Measure(dir, b) < 0 {
			return false
		}
		_, known := d.pending[correlation(b)]
		return known || isResponse(b)
	}
	if len(b) < requestFixed {
		return false
	}
	_, ok := isRequest(b)
	return ok
}

// Lost implements stream.UnitReader.
func (d *dissector) Lost(_ layer.Direction, missing bool) {
	switch {
	case missing:
	case d.read:
		d.out.Problem(Name, "no Kafka message where one should begin")
	default:
		d.out.Withdraw()
	}
}

// Unit implements stream.UnitReader.
func (d *dissector) Unit(u *stream.Unit) {
	if len(u.Head) < responseFixed {
		return
	}
	d.msg = flow.Message{Protocol: Name, Facts: d.msg.Facts[:0]}
	u.Fill(&d.msg)
	d.now = current{unit: u, body: &body{names: d.names}}
	if u.Dir == layer.ToServer {
		d.request(u)
	} else {
		d.response(u)
	}
	if d.msg.State == flow.Complete {
		d.out.Layer(Name, d.describe)
	}
	d.now = current{}
}

func (d *dissector) request(u *stream.Unit) {
	q, ok := parseRequest(u.Head)
	if !ok {
		if u.Whole() {
			d.out.Problem(Name, "malformed request header")
		}
		if q.size < requestFixed {
			return
		}
	}
	d.read = true
	b := d.now.body
	d.now.request = q
	d.msg.Kind, d.msg.Role, d.msg.Key, d.msg.Name = "request", flow.Request, uint64(uint32(q.correlation)), q.title()
	if len(q.client) > 0 {
		b.fact("client-id", string(q.client))
	}
	d.parse(u, func(rest []byte) error {
		if q.body == nil || q.version > q.body.MaxVersion() {
			return nil
		}
		err := q.body.ReadFrom(rest)
		b.request(q.body)
		return err
	}, q.size)
	d.msg.Facts = append(d.msg.Facts, b.summary()...)
	d.batches("produce")
	if p, ok := q.body.(*kmsg.ProduceRequest); ok && p.Acks == 0 && b.partitions > 0 { // never answered
		d.msg.Role, d.msg.Key, d.msg.Keep = flow.Single, 0, true
	} else {
		if len(d.pending) >= maxPending { // nobody answers in this capture
			clear(d.pending)
		}
		d.pending[q.correlation] = asked{q.key, q.version}
	}
	d.out.Message(&d.msg)
}

// parse reads the body behind the header.
func (d *dissector) parse(u *stream.Unit, read func([]byte) error, header int) {
	if err := read(u.Head[min(header, len(u.Head)):]); err != nil && u.Whole() {
		d.out.Problem(Name, "malformed "+d.msg.Kind+": "+err.Error())
	}
}

func (d *dissector) response(u *stream.Unit) {
	id := correlation(u.Head)
	a, known := d.pending[id]
	delete(d.pending, id)
	b := d.now.body
	d.now.asked, d.now.known, d.now.answer = a, known, true
	d.msg.Kind, d.msg.Role, d.msg.Key = "response", flow.Response, uint64(uint32(id))
	if known {
		d.read = true
		m := kmsg.ResponseForKey(a.key)
		if m != nil && a.version <= m.MaxVersion() {
			m.SetVersion(a.version)
			size, _ := parseResponse(u.Head, m)
			d.parse(u, func(rest []byte) error {
				err := readResponse(m, rest)
				b.response(m)
				return err
			}, size)
		}
	}
	d.msg.Status = errorName(b.failed)
	d.msg.Facts = append(d.msg.Facts, b.summary()...)
	d.batches("fetch")
	d.out.Message(&d.msg)
}

// readResponse reads a response's body. A broker that does not know the version
// of an ApiVersions request answers with version 0 (KIP-511).
func readResponse(m kmsg.Response, b []byte) error {
	err := m.ReadFrom(b)
	if v, ok := m.(*kmsg.ApiVersionsResponse); ok && err != nil {
		v.SetVersion(0)
		err = m.ReadFrom(b)
	}
	return err
}

// batches says each record batch also as a message by itself: what a producer
// sent can be found again with those who fetched it.
func (d *dissector) batches(kind string) {
	for i := range d.now.body.places {
		p := &d.now.body.places[i]
		m := d.msg
		m.Kind, m.Name, m.Status, m.Role, m.Key, m.Keep = kind, p.topic, "", flow.Single, 0, true
		m.Facts = []flow.Fact{
			{Key: "partition", Value: strconv.Itoa(int(p.partition))},
			{Key: "records", Value: strconv.FormatInt(p.batch.records, 10)},
			{Key: "payload-bytes", Value: strconv.FormatInt(p.batch.size, 10)},
			{Key: "compression", Value: p.batch.compression},
			{Key: "digest", Value: p.batch.digest()},
		}
		if p.batch.control {
			m.Facts = append(m.Facts, flow.Fact{Key: "control", Value: "true"})
		}
		d.out.Message(&m)
	}
}
