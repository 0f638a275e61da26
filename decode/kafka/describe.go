package kafka

import (
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// factFields are Wireshark's names of what the facts tell. They are derived:
// their place depends on the version of the body.
var factFields = map[string]string{
	"acks": "kafka.required_acks", "transactional-id": "kafka.transactional_id", "max-wait-ms": "kafka.max_wait_time",
	"min-bytes": "kafka.min_bytes", "mechanism": "kafka.sasl_mechanism", "group": "kafka.consumer_group", "member": "kafka.member_id",
	"generation": "kafka.generation_id", "leader": "kafka.group_leader_id", "protocol-type": "kafka.protocol_type",
	"protocol": "kafka.protocol_name", "producer-id": "kafka.producer_id", "client-software": "kafka.client_software_name",
	"coordinator-of": "kafka.coordinator_key",
}

// layer describes the current message. Offsets count from its length.
func (d *dissector) layer() layer.Layer {
	n := &d.now
	t := wire.NewTree(n.unit.Head, 0)
	t.Number("kafka.len", uint64(t.U32()), lengthSize)
	summary := n.request.title()
	if n.answer {
		summary = d.answer(t) + " Response"
	} else {
		t.Signed("kafka.api_key", int64(int16(t.U16())), 2)
		t.Signed("kafka.request_key", int64(n.request.key), 2)
		t.Signed("kafka.api_version", int64(int16(t.U16())), 2)
		t.Signed("kafka.request.version", int64(n.request.version), 2)
		t.Signed("kafka.correlation_id", int64(int32(t.U32())), 4)
		if size := int16(t.U16()); size > 0 {
			t.Text("kafka.client_id", t.Bytes(int(size)))
		}
		summary += " Request"
	}
	b := n.body
	for _, f := range b.facts {
		if name := factFields[f.Key]; name != "" {
			t.Add(name, f.Value, 0)
		}
	}
	for _, topic := range b.topics {
		t.Add("kafka.topic_name", topic, 0)
		summary += " " + topic
	}
	if b.failed != 0 {
		t.Add("kafka.error", strconv.Itoa(int(b.failed)), 0)
		summary += " " + errorName(b.failed)
	}
	for i := range b.places {
		describeBatch(t, &b.places[i])
	}
	return layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(n.unit.Head), Summary: "Kafka " + summary, Fields: t.Fields}
}

// answer notes a response's header and returns the name of what it answers.
func (d *dissector) answer(t *wire.Tree) string {
	t.Signed("kafka.correlation_id", int64(int32(t.U32())), 4)
	if !d.now.known {
		return "(unknown)"
	}
	a := d.now.asked
	t.Signed("kafka.response_key", int64(a.key), 0)
	t.Signed("kafka.response.version", int64(a.version), 0)
	return kmsg.NameForKey(a.key) + " v" + strconv.Itoa(int(a.version))
}

func describeBatch(t *wire.Tree, p *place) {
	t.Group("kafka.partition_id", strconv.Itoa(int(p.partition)), 0, func() {
		t.Add("kafka.topic_name", p.topic, 0)
		t.Number("kafka.batch_size", uint64(p.batch.records), 0)
		t.Signed("kafka.message_magic", int64(p.batch.magic), 0)
		t.Add("kafka.batch_codec", p.batch.compression, 0)
		t.Add("kafka.batch_transactional", bit(p.batch.transaction), 0)
		t.Add("kafka.batch_control_batch", bit(p.batch.control), 0)
		t.Add("kafka.batch_crc", p.batch.digest(), 0)
	})
}

func bit(set bool) string {
	if set {
		return "1"
	}
	return "0"
}
