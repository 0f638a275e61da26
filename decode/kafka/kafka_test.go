package kafka

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
)

func framed(b []byte) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(b)))) + string(b)
}

// ask writes a request as franz-go does.
func ask(id int32, version int16, q kmsg.Request) string {
	q.SetVersion(version)
	return string(kmsg.NewRequestFormatter(kmsg.FormatterClientID("test")).AppendRequest(nil, q, id))
}

// answer writes a response.
func answer(id int32, version int16, m kmsg.Response) string {
	m.SetVersion(version)
	b := binary.BigEndian.AppendUint32(nil, uint32(id))
	if m.IsFlexible() && m.Key() != keyApiVersions {
		b = append(b, 0)
	}
	return framed(m.AppendTo(b))
}

// records writes a record batch with nothing in it but its header.
func records(n int, compression byte) []byte {
	b := make([]byte, batchFixed+20)
	binary.BigEndian.PutUint32(b[atLength:], uint32(len(b)-atLength-4))
	b[atMagic], b[atAttributes+1] = 2, compression
	binary.BigEndian.PutUint32(b[atCRC:], 0xabcd)
	binary.BigEndian.PutUint32(b[atRecords:], uint32(n))
	return b
}

func produce(acks int16) *kmsg.ProduceRequest {
	q := kmsg.NewPtrProduceRequest()
	q.Acks = acks
	p := kmsg.NewProduceRequestTopicPartition()
	p.Partition, p.Records = 3, records(5, 4)
	t := kmsg.NewProduceRequestTopic()
	t.Topic, t.Partitions = "orders", []kmsg.ProduceRequestTopicPartition{p}
	q.Topics = []kmsg.ProduceRequestTopic{t}
	return q
}

func fetched(code int16, data []byte) *kmsg.FetchResponse {
	p := kmsg.NewFetchResponseTopicPartition()
	p.Partition, p.ErrorCode, p.RecordBatches = 3, code, data
	t := kmsg.NewFetchResponseTopic()
	t.Topic, t.Partitions = "orders", []kmsg.FetchResponseTopicPartition{p}
	m := kmsg.NewPtrFetchResponse()
	m.Topics = []kmsg.FetchResponseTopic{t}
	return m
}

func fetch() *kmsg.FetchRequest {
	q := kmsg.NewPtrFetchRequest()
	t := kmsg.NewFetchRequestTopic()
	t.Topic, t.Partitions = "orders", []kmsg.FetchRequestTopicPartition{{Partition: 3}}
	q.MaxWaitMillis, q.Topics = 500, []kmsg.FetchRequestTopic{t}
	return q
}

func lines(r *dissecttest.Recorder) (list []string) {
	for i := range r.Messages {
		m := &r.Messages[i]
		text := [...]string{"", "> ", "< "}[m.Role] + m.Kind
		if m.Role != flow.Single {
			text = fmt.Sprintf("%s %d", text, m.Key)
		}
		for _, part := range []string{m.Name, m.Status} {
			if part != "" {
				text += " [" + part + "]"
			}
		}
		list = append(list, text+[...]string{"", " head", " cut"}[m.State])
	}
	return list
}

func expect(t *testing.T, r *dissecttest.Recorder, want ...string) {
	t.Helper()
	if got := lines(r); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, p := range r.Problems {
		t.Errorf("problem: %s", p.Text)
	}
}

func fact(m *flow.Message, key string) string { return flow.PackFacts(m.Facts).Get(key) }

func TestResponsesFindTheirRequestsByCorrelationID(t *testing.T) {
	for _, version := range []int16{4, 11, 12} {
		r := dissecttest.EveryCut(t, Protocol(),
			dissecttest.Client(ask(1, 3, kmsg.NewPtrApiVersionsRequest())),
			dissecttest.Server(answer(1, 3, kmsg.NewPtrApiVersionsResponse())),
			dissecttest.Client(ask(2, version, fetch())+ask(3, 7, produce(-1))+ask(4, 7, produce(0))),
			dissecttest.Server(answer(3, 7, kmsg.NewPtrProduceResponse())+answer(2, version, fetched(0, append(records(5, 4), records(2, 0)...)))),
			dissecttest.Client(ask(5, version, fetch())), dissecttest.Server(answer(5, version, fetched(6, nil))),
		)
		v := fmt.Sprintf("[Fetch v%d]", version)
		expect(t, r, "> request 1 [ApiVersions v3]", "< response 1", "> request 2 "+v,
			"produce [orders]", "> request 3 [Produce v7]", "produce [orders]", "request [Produce v7]",
			"< response 3", "fetch [orders]", "fetch [orders]", "< response 2",
			"> request 5 "+v, "< response 5 [NOT_LEADER_OR_FOLLOWER]")
		m := r.Messages
		got := fact(&m[4], "topics") + " " + fact(&m[4], "records") + " " + fact(&m[4], "compression") + " " + fact(&m[4], "acks") + " " + fact(&m[10], "records")
		if got != "orders 5 zstd -1 7" {
			t.Errorf("facts %q", got)
		}
		if fact(&m[3], "digest") != fact(&m[8], "digest") || fact(&m[3], "partition") != "3" {
			t.Errorf("facts %v %v", m[3].Facts, m[8].Facts)
		}
	}
}

func TestTopicIDsHaveTheNamesThatMetadataTold(t *testing.T) {
	id := [16]byte{1, 2, 3}
	metadata := kmsg.NewPtrMetadataResponse()
	topic := kmsg.NewMetadataResponseTopic()
	topic.Topic, topic.TopicID = kmsg.StringPtr("orders"), id
	metadata.Topics = []kmsg.MetadataResponseTopic{topic}
	metadata.Brokers = []kmsg.MetadataResponseBroker{{NodeID: 1, Host: "kafka", Port: 9092}}
	q := fetch()
	q.Topics[0].TopicID = id
	other := fetch()
	other.Topics[0].TopicID = [16]byte{9}
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(ask(1, 12, kmsg.NewPtrMetadataRequest())), dissecttest.Server(answer(1, 12, metadata)),
		dissecttest.Client(ask(2, 13, q)+ask(3, 13, other)))
	m := r.Messages
	if got := fact(&m[1], "brokers") + " " + fact(&m[2], "topics") + " " + fact(&m[3], "topics"); got != "1@kafka:9092 orders 09000000-0000-0000-0000-000000000000" {
		t.Errorf("facts %q", got)
	}
}

func TestGroups(t *testing.T) {
	join, joined := kmsg.NewPtrJoinGroupRequest(), kmsg.NewPtrJoinGroupResponse()
	join.Group, join.ProtocolType = "billing", "consumer"
	joined.Generation, joined.MemberID, joined.LeaderID = 4, "m-1", "m-1"
	auth := kmsg.NewPtrSASLAuthenticateRequest()
	auth.SASLAuthBytes = []byte("\x00ann\x00hush")
	r := dissecttest.EveryCut(t, Protocol(),
		dissecttest.Client(ask(1, 1, auth)), dissecttest.Server(answer(1, 1, kmsg.NewPtrSASLAuthenticateResponse())),
		dissecttest.Client(ask(2, 5, join)), dissecttest.Server(answer(2, 5, joined)))
	expect(t, r, "> request 1 [SASLAuthenticate v1]", "< response 1", "> request 2 [JoinGroup v5]", "< response 2")
	if m := r.Messages; fact(&m[2], "group") != "billing" || fact(&m[3], "generation") != "4" || fact(&m[0], "credentials") != "given" {
		t.Errorf("facts %v %v", m[2].Facts, m[3].Facts)
	}
	if strings.Contains(fmt.Sprint(r), "hush") {
		t.Error("the password is told")
	}
}

func TestAResponseLongerThanWhatIsKept(t *testing.T) {
	var data []byte
	for range 3000 {
		data = append(data, records(5, 4)...)
	}
	r := dissecttest.Game{Cut: dissecttest.Pieces(1400)}.Play(Protocol(),
		dissecttest.Client(ask(1, 11, fetch())), dissecttest.Server(answer(1, 11, fetched(0, data))+answer(2, 0, kmsg.NewPtrHeartbeatResponse())))
	m := r.Messages[len(r.Messages)-2]
	if m.Role != flow.Response || m.State != flow.Complete || m.Bytes < int64(len(data)) || len(r.Problems) > 0 {
		t.Errorf("%+v %v", m, r.Problems)
	}
}

func TestLostBytes(t *testing.T) {
	long := answer(2, 11, fetched(0, append(records(5, 0), make([]byte, 3000)...)))
	r := dissecttest.Play(Protocol(),
		dissecttest.Client(ask(2, 11, fetch())), dissecttest.Server(long[:1000]),
		dissecttest.Lost(1000, dissecttest.Server(long[2000:])),
		dissecttest.Client(ask(3, 11, fetch())), dissecttest.Lost(4000, dissecttest.Server("rest of a message")),
		dissecttest.Server(answer(3, 11, fetched(0, nil))))
	got := lines(r)
	if want := []string{"> request 3 [Fetch v11]", "< response 3"}; len(got) < 4 || !slices.Equal(got[len(got)-2:], want) || !slices.Contains(got, "< response 2 cut") {
		t.Errorf("%q", got)
	}
}

func TestProbe(t *testing.T) {
	for _, c := range []struct {
		name, first string
		want        dissect.Match
	}{
		{"a request", ask(1, 3, kmsg.NewPtrApiVersionsRequest()), dissect.Yes},
		{"the beginning of a request", ask(1, 3, kmsg.NewPtrApiVersionsRequest())[:9], dissect.More},
		{"a response", answer(1, 3, kmsg.NewPtrApiVersionsResponse()), dissect.Maybe},
		{"a PostgreSQL startup message", "\x00\x00\x00\x21\x00\x03\x00\x00user\x00postgres\x00database\x00x\x00\x00", dissect.No},
		{"Thrift", "\x00\x00\x00\x10\x80\x01\x00\x01\x00\x00\x00\x04ping\x00\x00\x00\x00", dissect.Maybe},
		{"HTTP", "GET / HTTP/1.1\r\n\r\n", dissect.No},
	} {
		got := probe([]byte(c.first), false).Match
		if c.name == "Thrift" && got == dissect.Yes || c.name != "Thrift" && got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
