package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var hostileWeb = []hostile{
	{"HPACK bomb", "http2", hpackBomb, 2000, 10, 150, "at most 1024 fields of a header block are read"},
	{"CONTINUATION flood", "http2", continuationFlood, 200_000, 5, 150, "a header block is read up to a bound, the rest is skipped"},
	{"HTTP/2 streams never answered", "http2", openStreams, 300_000, 8, 400, "a bounded number of streams is followed"},
	{"HTTP/2 rapid reset", "http2", rapidReset, 300_000, 8, 400, "each is an exchange that was cut; 500,000 are kept"},
	{"HTTP/2 SETTINGS and PING flood", "http2", settingsFlood, 500_000, 5, 150, "counted"},
	{"header lines without end", "http1", endlessHeaders, 100, 5, 150, "a header section is read up to a bound"},
	{"one header line without end", "http1", endlessLine, 100, 5, 150, "a header section is read up to a bound"},
	{"chunks of one byte", "http1", tinyChunks, 3_000_000, 8, 150, "read past, nothing is kept for a chunk"},
	{"requests never answered", "http1", pipelined, 500_000, 8, 400, "a bounded number waits for answers"},
	{"gzip bomb", "http1", func(tr *trace, n int) { bodyBomb(tr, n, "gzip", gzipped) }, 100, 8, 150, "not undone until somebody looks, and then up to a bound"},
	{"brotli bomb", "http1", func(tr *trace, n int) { bodyBomb(tr, n, "br", brotlied) }, 100, 8, 150, "as above"},
	{"zstd bomb", "http1", func(tr *trace, n int) { bodyBomb(tr, n, "zstd", zstandard) }, 100, 8, 150, "as above; windows over 8 MB are refused"},
	{"permessage-deflate bomb", "websocket", deflateBomb, 100, 20, 200, "a message is undone up to 8 MB"},
	{"WebSocket fragments without end", "websocket", webSocketFragments, 2_000_000, 8, 150, "counted as one message that never ends"},
	{"TLS handshake messages without end", "tls", endlessHandshake, 200, 5, 150, "a message is read up to a bound"},
	{"tiny TLS records", "tls", tinyRecords, 2_000_000, 8, 150, "counted"},
	{"server-sent event without end", "sse", endlessEvent, 100, 5, 150, "an event is kept up to a bound"},
}

func frame2(kind, flags byte, stream uint32, payload []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	b = append(b, flags)
	b = binary.BigEndian.AppendUint32(b, stream)
	return append(b, payload...)
}

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

func (tr *trace) http2(port uint16) *talk {
	k := tr.connect(alice, port, 80)
	k.ask(append([]byte(preface), frame2(4, 0, 0, nil)...))
	k.answer(frame2(4, 0, 0, nil))
	return k
}

// whole has an exchange first that nothing is wrong with, so that the protocol
// is known.
func (k *talk) whole() *talk {
	k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"))
	k.answer([]byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
	return k
}

// get is a header block of literals and static entries.
var get = append([]byte{0x82, 0x86, 0x84, 0x41, 9}, "a.example"...)

func hpackBomb(tr *trace, n int) {
	k := tr.http2(4000)
	value := bytes.Repeat([]byte{'v'}, 3900)
	insert := append([]byte{0x40, 1, 'x', 0x7f, 0xbd, 0x1d}, value...) // a literal that enters the table
	k.ask(frame2(1, 5, 1, append(bytes.Clone(get), insert...)))
	for i := range uint32(n) {
		k.ask(frame2(1, 5, 3+2*i, append(bytes.Clone(get), bytes.Repeat([]byte{0xbe}, 16000)...)))
	}
}

func continuationFlood(tr *trace, n int) {
	k := tr.http2(4000)
	k.ask(frame2(1, 0, 1, get))
	literal := append([]byte{0x00, 1, 'x', 100}, make([]byte, 100)...)
	more := bytes.Repeat(frame2(9, 0, 1, literal), 100)
	for range n / 100 {
		k.ask(more)
	}
}

func openStreams(tr *trace, n int) {
	k := tr.http2(4000)
	for i := range uint32(n) {
		k.ask(frame2(1, 5, 1+2*i, get))
	}
}

func rapidReset(tr *trace, n int) {
	k := tr.http2(4000)
	for i := range uint32(n) {
		k.ask(append(frame2(1, 5, 1+2*i, get), frame2(3, 0, 1+2*i, []byte{0, 0, 0, 8})...))
	}
}

func settingsFlood(tr *trace, n int) {
	k := tr.http2(4000)
	b := frame2(4, 0, 0, bytes.Repeat([]byte{0, 1, 0, 0, 16, 0}, 10))
	b = bytes.Repeat(append(b, frame2(6, 0, 0, make([]byte, 8))...), 50)
	for range n / 100 {
		k.ask(b)
	}
}

func endlessHeaders(tr *trace, n int) {
	k := tr.connect(alice, 4000, 80).whole()
	k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\n"))
	for i := range n {
		k.ask(bytes.Repeat(fmt.Appendf(nil, "Name-%d: value\r\n", i), 30_000))
	}
}

func endlessLine(tr *trace, n int) {
	k := tr.connect(alice, 4000, 80).whole()
	k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\nName: "))
	for range n {
		k.ask(bytes.Repeat([]byte{'v'}, 500_000))
	}
}

func tinyChunks(tr *trace, n int) {
	k := tr.connect(alice, 4000, 80)
	k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"))
	k.answer([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"))
	for range n / 1000 {
		k.answer(bytes.Repeat([]byte("1;a=b\r\nx\r\n"), 1000))
	}
}

func pipelined(tr *trace, n int) {
	k := tr.connect(alice, 4000, 80)
	for i := range n / 100 {
		k.ask(bytes.Repeat(fmt.Appendf(nil, "GET /%d HTTP/1.1\r\nHost: a.example\r\n\r\n", i), 100))
	}
}

// bombBytes is what a bomb becomes when it is undone.
const bombBytes = 64 << 20

// undone writes zeros through a compressor.
func undone(w io.WriteCloser, size int) {
	zeros := make([]byte, 1<<20)
	for ; size > 0; size -= len(zeros) {
		w.Write(zeros)
	}
	w.Close()
}

func gzipped() []byte {
	var b bytes.Buffer
	undone(gzip.NewWriter(&b), bombBytes)
	return b.Bytes()
}

func brotlied() []byte {
	var b bytes.Buffer
	undone(brotli.NewWriterLevel(&b, 3), bombBytes)
	return b.Bytes()
}

func zstandard() []byte {
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	undone(w, bombBytes)
	return b.Bytes()
}

func bodyBomb(tr *trace, n int, coding string, make func() []byte) {
	body := make()
	k := tr.connect(alice, 4000, 80)
	for range n {
		k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"))
		k.answer(fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n", coding, len(body)))
		k.answer(body)
	}
}

func (tr *trace) webSocket(extension string) *talk {
	k := tr.connect(alice, 4000, 80)
	k.ask([]byte("GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + extension + "\r\n"))
	k.answer([]byte("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" + extension + "\r\n"))
	return k
}

func deflateBomb(tr *trace, n int) {
	k := tr.webSocket("Sec-WebSocket-Extensions: permessage-deflate\r\n")
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 9)
	if err != nil {
		panic(err)
	}
	w.Write(make([]byte, bombBytes))
	w.Flush()
	message := bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
	for range n {
		k.answer(append(binary.BigEndian.AppendUint64([]byte{0xc1, 127}, uint64(len(message))), message...))
	}
}

func webSocketFragments(tr *trace, n int) {
	k := tr.webSocket("")
	k.answer([]byte{0x01, 1, 'a'})
	for range n / 1000 {
		k.answer(bytes.Repeat([]byte{0x00, 1, 'a'}, 1000))
	}
}

func endlessHandshake(tr *trace, n int) {
	k := tr.connect(alice, 4000, 443)
	hello := append([]byte{1, 0xff, 0xff, 0xff, 3, 3}, make([]byte, 16378)...)
	record := append([]byte{22, 3, 1, 0x40, 0}, hello...)
	for range n {
		k.ask(record)
		record = append([]byte{22, 3, 3, 0x40, 0}, make([]byte, 16384)...)
	}
}

func tinyRecords(tr *trace, n int) {
	k := tr.connect(alice, 4000, 443)
	for range n / 1000 {
		k.ask(bytes.Repeat([]byte{23, 3, 3, 0, 1, 0}, 1000))
	}
}

func endlessEvent(tr *trace, n int) {
	k := tr.connect(alice, 4000, 80)
	k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\nAccept: text/event-stream\r\n\r\n"))
	k.answer([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: a\n\n"))
	for range n {
		k.answer([]byte(strings.Repeat("data: "+strings.Repeat("x", 94)+"\n", 5000)))
	}
}
