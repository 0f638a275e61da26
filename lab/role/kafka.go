package role

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"

	"github.com/wiresight/wiresight/lab/truth"
)

// KafkaServer is franz-go's kfake, one broker.
type KafkaServer struct {
	Address string
	Topics  map[string]int32 // with their partitions
}

func serveKafka(settings []byte) error {
	var s KafkaServer
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Address)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.Ports(n), kfake.ListenFn(func(network, _ string) (net.Listener, error) {
		return net.Listen(network, net.JoinHostPort(host, port))
	})}
	for topic, partitions := range s.Topics {
		options = append(options, kfake.SeedTopics(partitions, topic))
	}
	c, err := kfake.NewCluster(options...)
	if err != nil {
		return err
	}
	defer c.Close()
	ready()
	untilInputEnds()
	return nil
}

// KafkaClients produces to a topic, with acknowledgements and without, and
// consumes it in a group.
type KafkaClients struct {
	Broker  string
	Topic   string
	Group   string
	Records int // of each producer
}

func speakKafka(settings []byte) error {
	var s KafkaClients
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	var out []truth.Messaging
	for _, p := range []struct {
		name    string
		options []kgo.Opt
	}{
		{"producer", []kgo.Opt{kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchCompression(kgo.ZstdCompression())}},
		{"producer-acks0", []kgo.Opt{kgo.RequiredAcks(kgo.NoAck()), kgo.DisableIdempotentWrite(), kgo.ProducerBatchCompression(kgo.NoCompression())}},
	} {
		t, err := s.produce(ctx, p.name, p.options...)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		out = append(out, t)
	}
	t, err := s.consume(ctx, 2*s.Records)
	if err != nil {
		return err
	}
	return report(append(out, t))
}

// options are those of all clients: a version in which topics go by their
// names.
func (s *KafkaClients) options(name string, d *dialed) []kgo.Opt {
	return []kgo.Opt{
		kgo.SeedBrokers(s.Broker), kgo.ClientID(name), kgo.MaxVersions(kversion.V2_8_0()), kgo.Dialer(d.dial),
	}
}

func (s *KafkaClients) produce(ctx context.Context, name string, options ...kgo.Opt) (t truth.Messaging, err error) {
	var d dialed
	c, err := kgo.NewClient(append(s.options(name, &d), options...)...)
	if err != nil {
		return t, err
	}
	defer c.Close()
	t = truth.Messaging{Protocol: "kafka", Client: name}
	for i := range s.Records {
		r := &kgo.Record{Topic: s.Topic, Key: []byte(fmt.Sprint(i % 3)), Value: []byte(strings.Repeat("v", 20+i))}
		if err := c.ProduceSync(ctx, r).FirstErr(); err != nil {
			return t, err
		}
	}
	if err := c.Flush(ctx); err != nil {
		return t, err
	}
	time.Sleep(100 * time.Millisecond) // what nobody acknowledges is on its way
	t.Connection = strings.Join(d.conns, " ")
	t.Sent = []truth.Message{{Name: s.Topic, Count: s.Records}}
	return t, nil
}

func (s *KafkaClients) consume(ctx context.Context, records int) (t truth.Messaging, err error) {
	var d dialed
	c, err := kgo.NewClient(append(s.options("consumer", &d),
		kgo.ConsumeTopics(s.Topic), kgo.ConsumerGroup(s.Group), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchMaxWait(200*time.Millisecond),
		kgo.DisableAutoCommit())...)
	if err != nil {
		return t, err
	}
	got, topics := 0, map[string]int{}
	for got < records {
		f := c.PollFetches(ctx)
		if err := f.Err(); err != nil {
			return t, err
		}
		f.EachRecord(func(r *kgo.Record) { topics[r.Topic]++; got++ })
	}
	if err := c.CommitUncommittedOffsets(ctx); err != nil {
		return t, err
	}
	c.Close()
	t = truth.Messaging{Protocol: "kafka", Client: "consumer", Connection: strings.Join(d.conns, " ")}
	for name, n := range topics {
		t.Received = append(t.Received, truth.Message{Name: name, Count: n})
	}
	sort.Slice(t.Received, func(i, k int) bool { return t.Received[i].Name < t.Received[k].Name })
	return t, nil
}
