package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
)

var hostileMessaging = []hostile{
	{"MQTT lengths that lie", "mqtt", mqttLies, 200, 5, 150, "a payload is passed by, not kept"},
	{"MQTT publications never acknowledged", "mqtt", mqttUnacknowledged, 300_000, 8, 300, "a bounded number waits"},
	{"AMQP lengths that lie", "amqp", amqpLies, 200, 5, 150, "a frame is read up to a bound"},
	{"AMQP channels", "amqp", amqpChannels, 300_000, 8, 200, "a bounded number of channels is followed"},
	{"Kafka lengths that lie", "kafka", kafkaLies, 200, 5, 150, "a request is read up to a bound"},
	{"Kafka batch bomb", "kafka", kafkaBomb, 200, 10, 200, "a batch is undone up to a bound"},
	{"Redis arrays in arrays", "redis", redisNested, 2_000_000, 8, 150, "the depth is bounded"},
	{"Redis lengths that lie", "redis", redisLies, 200, 5, 150, "passed by, not kept"},
	{"PostgreSQL lengths that lie", "postgresql", postgreSQLLies, 200, 5, 150, "passed by, not kept"},
	{"MySQL packets without end", "mysql", mySQLLies, 200, 5, 150, "passed by, not kept"},
	{"memcached keys", "memcached", memcachedKeys, 500_000, 8, 300, "a bounded number of requests waits"},
	{"NATS subjects", "nats", natsSubjects, 500_000, 8, 300, "bounded texts; counted"},
	{"DNS queries never answered", "dns", dnsFlood, 300_000, 8, 400, "a bounded number waits; 500,000 exchanges are kept"},
	{"DNS names that point in circles", "dns", dnsLoops, 100_000, 8, 200, "a name has at most 255 bytes"},
}

func mqttConnect() []byte {
	return append([]byte{0x10, 17, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 5}, "alice"...)
}

func mqttLies(tr *trace, n int) {
	k := tr.connect(alice, 4000, 1883)
	k.ask(mqttConnect())
	k.answer([]byte{0x20, 2, 0, 0})
	k.ask([]byte{0x32, 0xff, 0xff, 0xff, 0x7f, 0xff, 0xff})
	for range n {
		k.ask(make([]byte, 100_000))
	}
}

func mqttUnacknowledged(tr *trace, n int) {
	k := tr.connect(alice, 4000, 1883)
	k.ask(mqttConnect())
	k.answer([]byte{0x20, 2, 0, 0})
	for i := range n {
		k.ask([]byte{0x34, 7, 0, 2, 't', byte('a' + i%26), byte(i >> 8), byte(i), 'x'})
	}
}

func amqpLies(tr *trace, n int) {
	k := tr.connect(alice, 4000, 5672)
	k.ask([]byte("AMQP\x00\x00\x09\x01"))
	k.ask([]byte{1, 0, 1, 0x0f, 0xff, 0xff, 0xff})
	for range n {
		k.ask(make([]byte, 100_000))
	}
}

func amqpChannels(tr *trace, n int) {
	k := tr.connect(alice, 4000, 5672)
	k.ask([]byte("AMQP\x00\x00\x09\x01"))
	for i := range n { // channel.open
		k.ask([]byte{1, byte(i >> 8), byte(i), 0, 0, 0, 5, 0, 20, 0, 10, 0, 0xce})
	}
}

func kafkaHead(size int, key, version uint16, id uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(size))
	b = binary.BigEndian.AppendUint16(b, key)
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint32(b, id)
	return append(b, 0, 5, 'a', 'l', 'i', 'c', 'e')
}

func kafkaLies(tr *trace, n int) {
	k := tr.connect(alice, 4000, 9092)
	k.ask(append(kafkaHead(15+4, 3, 1, 0), 0, 0, 0, 0)) // metadata of no topic
	k.ask(kafkaHead(100_000_000, 0, 7, 1))
	for range n {
		k.ask(bytes.Repeat([]byte{0x7f, 0xff, 0xff, 0xff}, 25_000))
	}
}

func kafkaBomb(tr *trace, n int) {
	records := gzipped()
	rest := binary.BigEndian.AppendUint16(nil, 1) // gzip
	rest = append(rest, make([]byte, 4+8+8+8+2+4)...)
	rest = binary.BigEndian.AppendUint32(rest, 1_000_000) // records
	rest = append(rest, records...)
	batch := append(make([]byte, 8), 0, 0, 0, 0)
	binary.BigEndian.PutUint32(batch[8:], uint32(9+len(rest)))
	batch = append(batch, 0, 0, 0, 0, 2)
	batch = binary.BigEndian.AppendUint32(batch, crc32.Checksum(rest, crc32.MakeTable(crc32.Castagnoli)))
	batch = append(batch, rest...)
	body := append([]byte{0xff, 0xff, 0, 1, 0, 0, 0x75, 0x30, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 0}, 0, 0, 0, 0)
	binary.BigEndian.PutUint32(body[len(body)-4:], uint32(len(batch)))
	body = append(body, batch...)
	k := tr.connect(alice, 4000, 9092)
	for i := range uint32(n) {
		k.ask(append(kafkaHead(15+len(body), 0, 7, i), body...))
	}
}

func redisNested(tr *trace, n int) {
	k := tr.connect(alice, 4000, 6379)
	k.ask([]byte("*1\r\n$4\r\nPING\r\n"))
	for range n / 1000 {
		k.answer([]byte(strings.Repeat("*1\r\n", 1000)))
	}
}

func redisLies(tr *trace, n int) {
	k := tr.connect(alice, 4000, 6379)
	k.ask([]byte("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$536870912\r\n"))
	k.answer([]byte("*2147483647\r\n$-1\r\n"))
	for range n {
		k.ask(make([]byte, 100_000))
		k.answer([]byte(strings.Repeat(":1\r\n", 20_000)))
	}
}

func postgreSQLLies(tr *trace, n int) {
	k := tr.connect(alice, 4000, 5432)
	k.ask([]byte("\x00\x00\x00\x14\x00\x03\x00\x00user\x00alice\x00\x00"))
	k.answer([]byte("R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I"))
	k.ask([]byte("Q\x7f\xff\xff\xffselect "))
	k.answer([]byte("D\x7f\xff\xff\xff\xff\xff"))
	for range n {
		k.ask(bytes.Repeat([]byte("a,"), 50_000))
		k.answer(make([]byte, 100_000))
	}
}

func mySQLLies(tr *trace, n int) {
	k := tr.connect(alice, 4000, 3306)
	k.answer([]byte("\x4a\x00\x00\x00\x0a8.0.33\x00\x01\x00\x00\x00abcdefgh\x00\xff\xff\x21\x02\x00\xff\xc1\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00abcdefghijkl\x00mysql_native_password\x00"))
	k.ask([]byte("\x20\x00\x00\x01\x85\xa6\xff\x01\x00\x00\x00\x01\x21" + strings.Repeat("\x00", 23)))
	k.answer([]byte("\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"))
	packet := append([]byte{0xff, 0xff, 0xff, 0, 3}, bytes.Repeat([]byte("a"), 0xffffff-1)...)
	for i := range max(1, n/100) {
		packet[3] = byte(i)
		k.ask(packet)
	}
}

func memcachedKeys(tr *trace, n int) {
	k := tr.connect(alice, 4000, 11211)
	for i := range n / 100 {
		k.ask(bytes.Repeat(fmt.Appendf(nil, "get key%d\r\n", i), 100))
	}
}

func natsSubjects(tr *trace, n int) {
	k := tr.connect(alice, 4000, 4222)
	k.answer([]byte("INFO {\"server_id\":\"a\",\"version\":\"2\"}\r\n"))
	k.ask([]byte("CONNECT {\"verbose\":false}\r\n"))
	for i := range n / 100 {
		k.ask(bytes.Repeat(fmt.Appendf(nil, "SUB subject.%d %d\r\nPUB a%d b%d 2\r\nhi\r\n", i, i, i, i), 50))
	}
}

func dnsQuery(id uint16, name []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, id)
	b = append(b, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	return append(append(b, name...), 0, 1, 0, 1)
}

func dnsFlood(tr *trace, n int) {
	for i := range n {
		name := fmt.Appendf([]byte{10}, "n%09d\x07example\x00", i)
		tr.udp(alice, bob, 5000, 53, dnsQuery(uint16(i), name))
	}
}

func dnsLoops(tr *trace, n int) {
	for i := range n { // 400 questions whose names point at one another
		b := dnsQuery(uint16(i), []byte{1, 'a', 0xc0, 12})
		binary.BigEndian.PutUint16(b[4:], 400)
		tr.udp(alice, bob, uint16(5000+i%1000), 53, append(b, bytes.Repeat([]byte{63, 0xc0, 12, 0, 1, 0, 1}, 150)...))
	}
}
