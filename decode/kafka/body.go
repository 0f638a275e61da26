package kafka

import (
	"encoding/hex"
	"net"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Bounds of what is kept of a body.
const (
	maxText    = 128
	maxTopics  = 16
	maxBatches = 64
	maxNames   = 1024 // topic ids remembered
)

// body is what is to be known of a request's or a response's body.
type body struct {
	topics     []string // the first ones, each once
	more       bool     // there are further ones
	partitions int
	places     []place // the first partitions with batches
	batches    int
	records    int64
	bytes      int64 // of the batches
	failed     int16 // the first error code
	facts      []flow.Fact
	names      names
}

// place is a partition with a batch.
type place struct {
	topic     string
	partition int32
	batch     batch
}

// names are the topics' names by id, as this connection's Metadata told them.
type names map[[16]byte]string

func (n names) of(name string, id [16]byte) string {
	switch {
	case name != "" || id == [16]byte{}:
		return name
	case n[id] != "":
		return n[id]
	}
	h := hex.EncodeToString(id[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func (b *body) fact(key, value string) {
	if value != "" {
		b.facts = append(b.facts, flow.Fact{Key: key, Value: clip(value)})
	}
}

func (b *body) number(key string, v int64) { b.fact(key, strconv.FormatInt(v, 10)) }

func clip(s string) string { return layer.Clip([]byte(s), maxText) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func (b *body) topic(name string) {
	for _, known := range b.topics {
		if known == name {
			return
		}
	}
	if name == "" {
		return
	}
	if len(b.topics) >= maxTopics {
		b.more = true
		return
	}
	b.topics = append(b.topics, clip(name))
}

func (b *body) fail(code int16) {
	if b.failed == 0 {
		b.failed = code
	}
}

// data notes the batches of a partition.
func (b *body) data(topic string, partition int32, records []byte) {
	readBatches(records, func(t *batch) {
		b.batches++
		b.records += t.records
		b.bytes += t.size
		if len(b.places) < maxBatches {
			b.places = append(b.places, place{clip(topic), partition, *t})
		}
	})
}

// summary appends what was gathered to the facts.
func (b *body) summary() []flow.Fact {
	if len(b.topics) > 0 {
		list := strings.Join(b.topics, ", ")
		if b.more {
			list += ", …"
		}
		b.facts = append(b.facts, flow.Fact{Key: "topics", Value: list})
	}
	if b.partitions > 0 {
		b.number("partitions", int64(b.partitions))
	}
	if b.batches > 0 {
		b.number("batches", int64(b.batches))
		b.number("records", b.records)
		b.number("record-bytes", b.bytes)
		b.fact("compression", b.places[0].batch.compression)
	}
	return b.facts
}

// request notes what a request asks for.
func (b *body) request(m kmsg.Request) {
	switch q := m.(type) {
	case *kmsg.ProduceRequest:
		b.number("acks", int64(q.Acks))
		b.fact("transactional-id", text(q.TransactionID))
		for i := range q.Topics {
			t := &q.Topics[i]
			name := b.names.of(t.Topic, t.TopicID)
			b.topic(name)
			b.partitions += len(t.Partitions)
			for _, p := range t.Partitions {
				b.data(name, p.Partition, p.Records)
			}
		}
	case *kmsg.FetchRequest:
		b.number("max-wait-ms", int64(q.MaxWaitMillis))
		b.number("min-bytes", int64(q.MinBytes))
		for i := range q.Topics {
			b.topic(b.names.of(q.Topics[i].Topic, q.Topics[i].TopicID))
			b.partitions += len(q.Topics[i].Partitions)
		}
	case *kmsg.ListOffsetsRequest:
		for i := range q.Topics {
			b.topic(q.Topics[i].Topic)
			b.partitions += len(q.Topics[i].Partitions)
		}
	case *kmsg.MetadataRequest:
		for i := range q.Topics {
			b.topic(b.names.of(text(q.Topics[i].Topic), q.Topics[i].TopicID))
		}
	case *kmsg.CreateTopicsRequest:
		for i := range q.Topics {
			b.topic(q.Topics[i].Topic)
		}
	case *kmsg.DeleteTopicsRequest:
		for _, name := range q.TopicNames {
			b.topic(name)
		}
	case *kmsg.ApiVersionsRequest:
		b.fact("client-software", strings.TrimSpace(q.ClientSoftwareName+" "+q.ClientSoftwareVersion))
	case *kmsg.SASLHandshakeRequest:
		b.fact("mechanism", q.Mechanism)
	case *kmsg.SASLAuthenticateRequest:
		b.fact("credentials", "given")
	case *kmsg.InitProducerIDRequest:
		b.fact("transactional-id", text(q.TransactionalID))
	default:
		b.groupRequest(m)
	}
}

// groupRequest notes what a member asks of its group.
func (b *body) groupRequest(m kmsg.Request) {
	switch q := m.(type) {
	case *kmsg.FindCoordinatorRequest:
		b.fact("coordinator-of", strings.Join(append(q.CoordinatorKeys[:min(len(q.CoordinatorKeys), maxTopics)], q.CoordinatorKey), ""))
	case *kmsg.JoinGroupRequest:
		b.fact("group", q.Group)
		b.fact("member", q.MemberID)
		b.fact("protocol-type", q.ProtocolType)
	case *kmsg.SyncGroupRequest:
		b.fact("group", q.Group)
		b.fact("member", q.MemberID)
		b.number("generation", int64(q.Generation))
	case *kmsg.HeartbeatRequest:
		b.fact("group", q.Group)
		b.fact("member", q.MemberID)
	case *kmsg.ConsumerGroupHeartbeatRequest:
		b.fact("group", q.Group)
		b.fact("member", q.MemberID)
		for _, name := range q.SubscribedTopicNames {
			b.topic(name)
		}
	case *kmsg.LeaveGroupRequest:
		b.fact("group", q.Group)
	case *kmsg.OffsetCommitRequest:
		b.fact("group", q.Group)
		for i := range q.Topics {
			b.topic(b.names.of(q.Topics[i].Topic, q.Topics[i].TopicID))
			b.partitions += len(q.Topics[i].Partitions)
		}
	case *kmsg.OffsetFetchRequest:
		b.fact("group", q.Group)
		for i := range q.Topics {
			b.topic(q.Topics[i].Topic)
		}
		if len(q.Groups) > 0 {
			g := &q.Groups[0]
			b.fact("group", g.Group)
			for k := range g.Topics {
				b.topic(b.names.of(g.Topics[k].Topic, g.Topics[k].TopicID))
			}
		}
	}
}

// response notes what a response tells.
func (b *body) response(m kmsg.Response) {
	switch q := m.(type) {
	case *kmsg.ProduceResponse:
		for i := range q.Topics {
			t := &q.Topics[i]
			b.topic(b.names.of(t.Topic, t.TopicID))
			b.partitions += len(t.Partitions)
			for _, p := range t.Partitions {
				b.fail(p.ErrorCode)
			}
		}
	case *kmsg.FetchResponse:
		b.fail(q.ErrorCode)
		for i := range q.Topics {
			t := &q.Topics[i]
			name := b.names.of(t.Topic, t.TopicID)
			b.topic(name)
			b.partitions += len(t.Partitions)
			for _, p := range t.Partitions {
				b.fail(p.ErrorCode)
				b.data(name, p.Partition, p.RecordBatches)
			}
		}
	case *kmsg.MetadataResponse:
		b.metadata(q)
	case *kmsg.ApiVersionsResponse:
		b.fail(q.ErrorCode)
		b.number("api-keys", int64(len(q.ApiKeys)))
	case *kmsg.ListOffsetsResponse:
		for i := range q.Topics {
			b.topic(q.Topics[i].Topic)
			for _, p := range q.Topics[i].Partitions {
				b.fail(p.ErrorCode)
			}
		}
	case *kmsg.CreateTopicsResponse:
		for i := range q.Topics {
			b.topic(q.Topics[i].Topic)
			b.fail(q.Topics[i].ErrorCode)
		}
	case *kmsg.SASLHandshakeResponse:
		b.fail(q.ErrorCode)
	case *kmsg.SASLAuthenticateResponse:
		b.fail(q.ErrorCode)
	case *kmsg.InitProducerIDResponse:
		b.fail(q.ErrorCode)
		b.number("producer-id", q.ProducerID)
	default:
		b.groupResponse(m)
	}
}

func (b *body) metadata(q *kmsg.MetadataResponse) {
	var brokers []string
	for i := range q.Brokers[:min(len(q.Brokers), maxTopics)] {
		r := &q.Brokers[i]
		brokers = append(brokers, strconv.Itoa(int(r.NodeID))+"@"+net.JoinHostPort(clip(r.Host), strconv.Itoa(int(r.Port))))
	}
	b.facts = append(b.facts, flow.Fact{Key: "brokers", Value: strings.Join(brokers, ", ")})
	for i := range q.Topics {
		t := &q.Topics[i]
		b.topic(text(t.Topic))
		b.partitions += len(t.Partitions)
		b.fail(t.ErrorCode)
		if t.TopicID != [16]byte{} && t.Topic != nil && len(b.names) < maxNames {
			b.names[t.TopicID] = clip(*t.Topic)
		}
	}
}

// groupResponse notes what a group's coordinator tells.
func (b *body) groupResponse(m kmsg.Response) {
	switch q := m.(type) {
	case *kmsg.FindCoordinatorResponse:
		b.fail(q.ErrorCode)
		for i := range q.Coordinators {
			b.fail(q.Coordinators[i].ErrorCode)
		}
	case *kmsg.JoinGroupResponse:
		b.fail(q.ErrorCode)
		b.number("generation", int64(q.Generation))
		b.fact("leader", q.LeaderID)
		b.fact("member", q.MemberID)
		b.fact("protocol", text(q.Protocol))
		if len(q.Members) > 0 { // the leader alone is told them
			b.number("members", int64(len(q.Members)))
		}
	case *kmsg.SyncGroupResponse:
		b.fail(q.ErrorCode)
	case *kmsg.HeartbeatResponse:
		b.fail(q.ErrorCode)
	case *kmsg.ConsumerGroupHeartbeatResponse:
		b.fail(q.ErrorCode)
	case *kmsg.LeaveGroupResponse:
		b.fail(q.ErrorCode)
	case *kmsg.OffsetCommitResponse:
		for i := range q.Topics {
			for _, p := range q.Topics[i].Partitions {
				b.fail(p.ErrorCode)
			}
		}
	case *kmsg.OffsetFetchResponse:
		b.fail(q.ErrorCode)
	}
}
