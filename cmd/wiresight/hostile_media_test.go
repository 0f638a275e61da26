package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

var hostileMedia = []hostile{
	{"STUN requests never answered", "stun", stunFlood, 300_000, 8, 400, "a bounded number waits; 500,000 exchanges are kept"},
	{"STUN attributes that lie", "stun", stunLies, 100_000, 8, 200, "an attribute ends with its message"},
	{"RTP sources", "rtp", rtpSources, 300_000, 10, 200, "a bounded number of sources is followed"},
	{"RTP sequence numbers at random", "rtp", rtpRandom, 300_000, 10, 200, "counted as losses"},
	{"RTCP blocks", "rtcp", rtcpBlocks, 100_000, 10, 200, "a compound packet's blocks are bounded by it"},
	{"SIP message with a million header lines", "sip", sipLines, 1_000_000, 8, 200, "a header is read up to a bound"},
	{"session description of a million lines", "sip", sdpLines, 1_000_000, 8, 200, "a description is read up to a bound"},
	{"SIP calls never answered", "sip", sipCalls, 100_000, 10, 400, "a bounded number of calls is followed"},
	{"DTLS fragments that lie", "dtls", dtlsFragments, 200_000, 8, 200, "a handshake message waits up to a bound"},
	{"SCTP chunks over DTLS ports", "sctp", sctpChunks, 200_000, 8, 200, "a bounded number of pieces waits"},
}

func stun(kind uint16, id uint32, attributes []byte) []byte {
	b := binary.BigEndian.AppendUint16(nil, kind)
	b = binary.BigEndian.AppendUint16(b, uint16(len(attributes)))
	b = append(b, 0x21, 0x12, 0xa4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0)
	b = binary.BigEndian.AppendUint32(b, id)
	return append(b, attributes...)
}

func stunFlood(tr *trace, n int) {
	for i := range uint32(n) {
		tr.udp(alice, bob, 5000, 3478, stun(1, i, nil))
	}
}

func stunLies(tr *trace, n int) {
	for i := range uint32(n) {
		b := stun(1, i, bytes.Repeat([]byte{0, 6, 0, 0}, 340))
		binary.BigEndian.PutUint16(b[len(b)-2:], 0xffff)
		tr.udp(alice, bob, 5000, 3478, b)
	}
}

func rtp(source, stamp uint32, number uint16) []byte {
	b := binary.BigEndian.AppendUint16([]byte{0x80, 0}, number)
	b = binary.BigEndian.AppendUint32(b, stamp)
	b = binary.BigEndian.AppendUint32(b, source)
	return append(b, make([]byte, 160)...)
}

// offer tells that media come to ports of both ends.
func (tr *trace) offer() {
	body := "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/AVP 0\r\n"
	tr.udp(alice, bob, 5060, 5060, fmt.Appendf(nil, "INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", len(body), body))
}

func rtpSources(tr *trace, n int) {
	tr.offer()
	for i := range uint32(n) {
		tr.udp(bob, alice, 7000, 6000, rtp(i*7919, i*160, uint16(i)))
	}
}

func rtpRandom(tr *trace, n int) {
	tr.offer()
	for i := range uint32(n) {
		tr.udp(bob, alice, 7000, 6000, rtp(1, i*i*77773, uint16(i*i*7919)))
	}
}

func rtcpBlocks(tr *trace, n int) {
	tr.offer()
	for i := range uint32(n) {
		report := append([]byte{0x9f, 201, 0, 187}, make([]byte, 748)...) // 31 blocks
		for j := range 31 {
			binary.BigEndian.PutUint32(report[8+24*j:], i*31+uint32(j))
		}
		tr.udp(bob, alice, 7001, 6001, report)
	}
}

const sipHead = "INVITE sip:b@b.example SIP/2.0\r\nVia: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK1\r\nFrom: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>\r\nCall-ID: %d\r\nCSeq: 1 INVITE\r\n"

func sipLines(tr *trace, n int) {
	k := tr.connect(alice, 4000, 5060)
	k.ask(fmt.Appendf(nil, sipHead+"Content-Length: 0\r\n\r\n", 1))
	k.ask(fmt.Appendf(nil, sipHead, 2))
	for range n / 1000 {
		k.ask([]byte(strings.Repeat("Via: SIP/2.0/TCP 10.0.0.1;branch=z9hG4bK2\r\n", 1000)))
	}
	k.ask([]byte("Content-Length: 0\r\n\r\n"))
}

func sdpLines(tr *trace, n int) {
	lines := strings.Repeat("m=audio 6000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n", n/2)
	k := tr.connect(alice, 4000, 5060)
	k.ask(fmt.Appendf(nil, sipHead+"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\nv=0\r\n", 1, 5+len(lines)))
	k.ask([]byte(lines))
}

func sipCalls(tr *trace, n int) {
	for i := range n {
		tr.udp(alice, bob, 5060, 5060, fmt.Appendf(nil, sipHead+"Content-Length: 0\r\n\r\n", i))
	}
}

func dtlsFragments(tr *trace, n int) {
	for i := range uint32(n) {
		b := []byte{22, 0xfe, 0xfd, 0, 0, 0, 0}
		b = binary.BigEndian.AppendUint32(b, i)
		b = append(b, 0, 112, 1, 0xff, 0xff, 0xff) // ClientHello of 16 MB
		b = binary.BigEndian.AppendUint16(b, uint16(i%50))
		b = append(b, byte(i>>12), byte(i>>4), byte(i<<4), 0, 0, 100)
		tr.udp(alice, bob, 5000, 4433, append(b, make([]byte, 100)...))
	}
}

func sctpChunks(tr *trace, n int) {
	for i := range uint32(n) {
		b := []byte{0x13, 0x88, 0x13, 0x88, 0, 0, 0, 1, 0, 0, 0, 0}
		for j := range uint32(40) { // DATA that begins nothing and ends nothing
			b = append(b, 0, 0, 0, 20)
			b = binary.BigEndian.AppendUint32(b, 2*(i*40+j))
			b = append(b, byte(j), 0, 0, byte(i), 0, 0, 0, 0, 1, 2, 3, 4)
		}
		tr.ip(alice, bob, 132, 0, b)
	}
}
