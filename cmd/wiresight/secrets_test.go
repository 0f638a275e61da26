package main

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// secret is what must not be seen.
const secret = "xHunter2Secretx"

// told are conversations in which somebody tells the secret.
var told = []struct {
	name string
	say  func(tr *trace)
}{
	{"HTTP Basic", webSecret("GET /a HTTP/1.1\r\nHost: a.example\r\nAuthorization: Basic " + basic("alice", secret) + "\r\n\r\n")},
	{"HTTP Bearer", webSecret("GET /a HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer " + secret + "\r\n\r\n")},
	{"HTTP proxy", webSecret("GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Bearer " + secret + "\r\n\r\n")},
	{"HTTP cookie", webSecret("GET /a HTTP/1.1\r\nHost: a.example\r\nCookie: session=" + secret + "\r\n\r\n")},
	{"HTTP API key", webSecret("GET /a HTTP/1.1\r\nHost: a.example\r\nX-Api-Key: " + secret + "\r\n\r\n")},
	{"HTTP query", webSecret("GET /a?access_token=" + secret + "&b=1 HTTP/1.1\r\nHost: a.example\r\n\r\n")},
	{"HTTP user information", webSecret("GET http://alice:" + secret + "@a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n")},
	{"HTTP referrer", webSecret("GET /a HTTP/1.1\r\nHost: a.example\r\nReferer: http://a.example/?token=" + secret + "\r\n\r\n")},
	{"HTTP Set-Cookie", func(tr *trace) {
		k := tr.connect(alice, 4000, 80)
		k.ask([]byte("GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n"))
		k.answer([]byte("HTTP/1.1 302 Found\r\nSet-Cookie: session=" + secret + "\r\nLocation: /b?access_token=" + secret + "\r\nContent-Length: 0\r\n\r\n"))
	}},
	{"HTTP/2", func(tr *trace) {
		k := tr.http2(4000)
		block := append([]byte{}, get...)
		for _, f := range [][2]string{{"authorization", "Bearer " + secret}, {"cookie", "a=" + secret}, {"x-api-key", secret}} {
			block = append(append(block, 0, byte(len(f[0]))), f[0]...)
			block = append(append(block, byte(len(f[1]))), f[1]...)
		}
		k.ask(frame2(1, 5, 1, block))
	}},
	{"MQTT", func(tr *trace) {
		body := append([]byte{0, 4, 'M', 'Q', 'T', 'T', 4, 0xc2, 0, 60, 0, 1, 'a', 0, 5, 'a', 'l', 'i', 'c', 'e', 0, byte(len(secret))}, secret...)
		tr.connect(alice, 4000, 1883).ask(append([]byte{0x10, byte(len(body))}, body...))
	}},
	{"AMQP", func(tr *trace) {
		k := tr.connect(alice, 4000, 5672)
		k.ask([]byte("AMQP\x00\x00\x09\x01"))
		body := append([]byte{0, 10, 0, 11, 0, 0, 0, 0, 5}, "PLAIN"...)
		response := "\x00alice\x00" + secret
		body = append(binary.BigEndian.AppendUint32(body, uint32(len(response))), response...)
		body = append(append(body, 5), "en_US"...)
		k.ask(append(append(binary.BigEndian.AppendUint32([]byte{1, 0, 0}, uint32(len(body))), body...), 0xce))
	}},
	{"Kafka SASL", func(tr *trace) {
		k := tr.connect(alice, 4000, 9092)
		token := "\x00alice\x00" + secret
		k.ask(append(append(kafkaHead(15+4+len(token), 36, 0, 1), 0, 0, 0, byte(len(token))), token...))
	}},
	{"Redis AUTH", streamSecret(6379, "*2\r\n$4\r\nAUTH\r\n$15\r\n"+secret+"\r\n", "+OK\r\n")},
	{"Redis HELLO", streamSecret(6379, "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nAUTH\r\n$5\r\nalice\r\n$15\r\n"+secret+"\r\n", "+OK\r\n")},
	{"Redis CONFIG", streamSecret(6379, "*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$11\r\nrequirepass\r\n$15\r\n"+secret+"\r\n", "+OK\r\n")},
	{"PostgreSQL password", func(tr *trace) {
		k := tr.connect(alice, 4000, 5432)
		k.ask([]byte("\x00\x00\x00\x14\x00\x03\x00\x00user\x00alice\x00\x00"))
		k.answer([]byte("R\x00\x00\x00\x08\x00\x00\x00\x03"))
		k.ask(append([]byte{'p', 0, 0, 0, byte(5 + len(secret))}, secret+"\x00"...))
		k.answer([]byte("R\x00\x00\x00\x08\x00\x00\x00\x00Z\x00\x00\x00\x05I"))
		q := "ALTER USER alice PASSWORD '" + secret + "'"
		k.ask(append([]byte{'Q', 0, 0, 0, byte(5 + len(q))}, q+"\x00"...))
		k.answer([]byte("C\x00\x00\x00\x0fALTER ROLE\x00Z\x00\x00\x00\x05I"))
	}},
	{"MySQL statement", func(tr *trace) {
		k := tr.connect(alice, 4000, 3306)
		k.answer([]byte("\x4a\x00\x00\x00\x0a8.0.33\x00\x01\x00\x00\x00abcdefgh\x00\xff\xff\x21\x02\x00\xff\xc1\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00abcdefghijkl\x00mysql_native_password\x00"))
		k.ask([]byte("\x20\x00\x00\x01\x85\xa6\xff\x01\x00\x00\x00\x01\x21" + strings.Repeat("\x00", 23)))
		k.answer([]byte("\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"))
		q := "\x03CREATE USER bob IDENTIFIED BY '" + secret + "'"
		k.ask(append([]byte{byte(len(q)), 0, 0, 0}, q...))
		k.answer([]byte("\x07\x00\x00\x01\x00\x00\x00\x02\x00\x00\x00"))
	}},
	{"NATS", func(tr *trace) {
		k := tr.connect(alice, 4000, 4222)
		k.answer([]byte("INFO {\"server_id\":\"a\",\"version\":\"2\"}\r\n"))
		k.ask([]byte("CONNECT {\"verbose\":false,\"user\":\"alice\",\"pass\":\"" + secret + "\",\"auth_token\":\"" + secret + "\"}\r\nPING\r\n"))
	}},
	{"SIP", func(tr *trace) {
		tr.udp(alice, bob, 5060, 5060, fmt.Appendf(nil, sipHead+"Authorization: Digest username=\"a\", response=\"%s\"\r\nProxy-Authorization: Bearer %s\r\nContent-Length: 0\r\n\r\n", 1, secret, secret))
	}},
	{"SDP keys", func(tr *trace) {
		body := "v=0\r\no=- 1 1 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\nt=0 0\r\nm=audio 6000 RTP/SAVP 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:" + secret + "\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + secret + "\r\nk=clear:" + secret + "\r\n"
		tr.udp(alice, bob, 5060, 5060, fmt.Appendf(nil, sipHead+"Content-Type: application/sdp\r\nContent-Length: %d\r\n\r\n%s", 1, len(body), body))
	}},
	{"FTP", greeted(21, "220 ftp.example FTP ready\r\n", "USER alice\r\n", "331 password\r\n", "PASS "+secret+"\r\n")},
	{"POP3", greeted(110, "+OK POP3 ready\r\n", "USER alice\r\n", "+OK\r\n", "PASS "+secret+"\r\n")},
	{"IMAP", greeted(143, "* OK IMAP4rev1 ready\r\n", "a1 LOGIN alice "+secret+"\r\n", "a1 OK\r\n", "a2 NOOP\r\n")},
	{"SMTP", greeted(25, "220 mail.example ESMTP\r\n", "EHLO a\r\n", "250-mail.example\r\n250 AUTH PLAIN\r\n", "AUTH PLAIN "+basic("\x00alice\x00", secret)+"\r\n")},
	{"IRC", greeted(6667, "", "PASS "+secret+"\r\nNICK alice\r\nUSER alice 0 * :Alice\r\n", ":a 001 alice :Welcome\r\n", "PRIVMSG NickServ :IDENTIFY "+secret+"\r\n")},
	{"Telnet", greeted(23, "\xff\xfd\x18\xff\xfd\x20login: ", "alice\r\n", "Password: ", secret+"\r\n")},
	{"LDAP", func(tr *trace) {
		bind := append([]byte{2, 1, 3, 4, 4, 'c', 'n', '=', 'a', 0x80, byte(len(secret))}, secret...)
		body := append([]byte{2, 1, 1, 0x60, byte(len(bind))}, bind...)
		tr.connect(alice, 4000, 389).ask(append([]byte{0x30, byte(len(body))}, body...))
	}},
	{"SNMP", func(tr *trace) {
		pdu := []byte{0xa0, 14, 2, 1, 1, 2, 1, 0, 2, 1, 0, 0x30, 3, 0x30, 1, 5}
		body := append(append([]byte{2, 1, 1, 4, byte(len(secret))}, secret...), pdu...)
		tr.udp(alice, bob, 5000, 161, append([]byte{0x30, byte(len(body))}, body...))
	}},
	{"SOCKS", func(tr *trace) {
		k := tr.connect(alice, 4000, 1080)
		k.ask([]byte{5, 1, 2})
		k.answer([]byte{5, 2})
		k.ask(append([]byte{1, 5, 'a', 'l', 'i', 'c', 'e', byte(len(secret))}, secret...))
		k.answer([]byte{1, 0})
	}},
	{"RTSP", greeted(554, "", "DESCRIBE rtsp://a.example/a RTSP/1.0\r\nCSeq: 1\r\nAuthorization: Basic "+basic("alice", secret)+"\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n", "")},
	{"XMPP", greeted(5222, "", "<?xml version='1.0'?><stream:stream to='a.example' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>", "<stream:features/>", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>"+basic("\x00alice\x00", secret)+"</auth>")},
}

func basic(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
}

func webSecret(request string) func(*trace) {
	return streamSecret(80, request, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}

func streamSecret(port uint16, request, answer string) func(*trace) {
	return func(tr *trace) {
		k := tr.connect(alice, 4000, port)
		k.ask([]byte(request))
		k.answer([]byte(answer))
	}
}

// greeted is a talk that the server begins, unless it says nothing.
func greeted(port uint16, greeting, one, answer, two string) func(*trace) {
	return func(tr *trace) {
		k := tr.connect(alice, 4000, port)
		k.answer([]byte(greeting))
		k.ask([]byte(one))
		k.answer([]byte(answer))
		k.ask([]byte(two))
	}
}

// A report is shown around. That a password, a token or a cookie is there may
// be said; what it is, may not. The bytes of packets are what they are: "data"
// in packets --json is not looked at, and neither is what messages are about.
func TestReportsTellNoSecrets(t *testing.T) {
	for _, c := range told {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "told.pcap")
			tr, done := newTrace(t, path)
			tr.head()
			c.say(tr)
			done()
			plain, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !shows(string(plain)) {
				t.Fatal("the secret is not told in the capture")
			}
			for _, args := range [][]string{{"report", "--json"}, {"report"}, {"packets"}, {"packets", "--json"}} {
				out, _, code := call(t, append(args, path)...)
				if code != exitOK {
					t.Errorf("%v ended with %d", args, code)
				}
				for line := range strings.Lines(bytesOf.ReplaceAllString(out, "")) {
					if shows(line) {
						i := max(strings.Index(line, secret), strings.Index(line, hex.EncodeToString([]byte(secret))), 0)
						t.Errorf("%v: …%.300s", args, line[max(0, i-100):])
						break
					}
				}
			}
		})
	}
}

var bytesOf = regexp.MustCompile(`"data":"[0-9a-f]*"`)

// shows reports whether a text has the secret, as it is or in base64 or hex.
// Base64 is of its middle, at each of the three places where it may begin.
func shows(text string) bool {
	if strings.Contains(text, secret) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
		return true
	}
	for from := range 3 {
		if strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(secret[from:from+12]))) {
			return true
		}
	}
	return false
}
