package decode_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
)

// messaging is what the lab's programs say that they sent, were delivered and
// asked; see testdata/README.md.
type messaging struct {
	Connection, Protocol, Client string
	Sent, Received               []struct {
		Name              string
		Bytes, QoS, Count int
		Retain            bool
	}
	Commands []struct {
		Name, Status string
		Rows         int
	}
	Asked []struct {
		Name    string
		Replied bool
	}
}

// model reads a capture, with its keys where there are some.
func model(t *testing.T, path string) *flow.Model {
	t.Helper()
	src, err := file.Open(path, file.Options{Context: context.Background()})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	keys := secrets.New()
	scenario, _, _ := strings.Cut(path, ".client.")
	if b, err := os.ReadFile(scenario + ".keys"); err == nil {
		keys.AddKeyLog(b)
	}
	chain := decode.New(decode.Options{Secrets: keys})
	var f capture.Frame
	for n := 1; ; n++ {
		if err := src.Next(&f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		f.Number = n
		chain.Packet(&f)
	}
	chain.Finish()
	return chain.Model()
}

// deliveries are the kinds of messages that carry what was published.
var deliveries = map[string]bool{
	"mqtt/publish": true, "amqp/basic.publish": true, "amqp/basic.deliver": true, "kafka/produce": true, "kafka/fetch": true,
	"redis/publish": true, "redis/message": true, "redis/pmessage": true, "nats/pub": true, "nats/hpub": true, "nats/msg": true, "nats/hmsg": true,
}

// What the programs published and were delivered, asked and were answered is
// what is read.
func TestMessagesAreThoseOfThePrograms(t *testing.T) {
	paths, _ := filepath.Glob("../testdata/*.truth.json")
	seen := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var truth struct{ Messaging []messaging }
		if err := json.Unmarshal(data, &truth); err != nil {
			t.Fatal(err)
		}
		if len(truth.Messaging) == 0 {
			continue
		}
		seen++
		t.Run(strings.TrimSuffix(filepath.Base(path), ".truth.json"), func(t *testing.T) {
			m := model(t, strings.TrimSuffix(path, ".truth.json")+".client.pcapng")
			for i := range truth.Messaging {
				if want := &truth.Messaging[i]; want.Connection != "" {
					compare(t, want, conversations(m, want))
				}
			}
			compareTotals(t, truth.Messaging, m)
		})
	}
	if seen == 0 {
		t.Error("no truth of messages")
	}
}

// conversations are those of a client, whose address and port the lab noted, or
// several of them.
func conversations(m *flow.Model, want *messaging) (list []*flow.Conversation) {
	for _, c := range m.Conversations {
		at := c.Client.Addr.String() + ":" + strconv.Itoa(int(c.Client.Port))
		if slices.Contains(strings.Fields(want.Connection), at) {
			list = append(list, c)
		}
	}
	return list
}

func compare(t *testing.T, want *messaging, list []*flow.Conversation) {
	t.Helper()
	if len(list) == 0 || !list[0].Has(layer.Protocol(want.Protocol)) {
		t.Errorf("%s %s: no such conversation", want.Client, want.Connection)
		return
	}
	var told []string
	for _, c := range want.Commands {
		told = append(told, commandLine(c.Name, c.Status, c.Rows))
	}
	for _, q := range want.Asked {
		told = append(told, fmt.Sprintf("%s, replied %v", q.Name, q.Replied || want.Protocol == "nats"))
	}
	var read []string
	for _, c := range list {
		for _, e := range c.Exchanges {
			rows, _ := strconv.Atoi(e.Response.Fact("rows"))
			status := e.Status
			if want.Protocol == "mqtt" && strings.HasPrefix(e.Name, "PUBLISH ") {
				status = ""
			}
			read = append(read, commandLine(e.Name, status, rows), fmt.Sprintf("%s, replied %v", e.Name, e.Response.Seen()))
		}
	}
	for _, line := range told {
		if at := slices.Index(read, line); at >= 0 {
			read = slices.Delete(read, at, at+1)
		} else {
			t.Errorf("%s %s: not read: %s\namong %q", want.Client, want.Connection, line, read)
		}
	}
}

func commandLine(name, status string, rows int) string {
	return fmt.Sprintf("%s [%s] %d rows", name, status, rows)
}

// compareTotals holds each message that was sent or delivered against those
// that were read, by direction, name and size; of Kafka, the records of topics.
func compareTotals(t *testing.T, all []messaging, m *flow.Model) {
	t.Helper()
	told, read := map[string]int{}, map[string]int{}
	count := func(of map[string]int, d layer.Direction, protocol, name string, size, n int) {
		internal := strings.HasPrefix(name, "_INBOX") || strings.HasPrefix(name, "$JS") || strings.HasPrefix(name, "$SYS") || strings.HasPrefix(name, "amq.gen")
		if protocol == "kafka" {
			of[fmt.Sprintf("%s %s records of %s", d, protocol, name)] += n
		} else if !internal {
			of[fmt.Sprintf("%s %s %s of %d bytes", d, protocol, name, size)]++
		}
	}
	for i := range all {
		for _, s := range all[i].Sent {
			count(told, layer.ToServer, all[i].Protocol, s.Name, s.Bytes, s.Count)
		}
		for _, s := range all[i].Received {
			count(told, layer.ToClient, all[i].Protocol, s.Name, s.Bytes, s.Count)
		}
	}
	for _, c := range m.Conversations {
		for i := range c.Events {
			e := &c.Events[i]
			if deliveries[string(e.Protocol)+"/"+e.Kind] {
				size, _ := strconv.Atoi(e.Fact("payload-bytes"))
				records, _ := strconv.Atoi(e.Fact("records"))
				count(read, e.Dir, string(e.Protocol), e.Name, size, records)
			}
		}
	}
	keys := map[string]bool{}
	for k := range told {
		keys[k] = true
	}
	for k := range read {
		keys[k] = true
	}
	for k := range keys {
		if told[k] != read[k] {
			t.Errorf("%s: %d, the programs say %d", k, read[k], cmp.Or(told[k], 0))
		}
	}
}
