package role

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/wiresight/wiresight/lab/truth"
)

// DNSClient asks its questions one after the other from one UDP socket and, as
// a stub resolver does, again over TCP when the answer was cut off.
type DNSClient struct {
	Server    string
	Questions []Question
}

// Question is a name and a type, "A", "AAAA", "TXT", "MX" ...
type Question struct{ Name, Type string }

var dnsTypes = map[string]dnsmessage.Type{
	"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "TXT": dnsmessage.TypeTXT, "MX": dnsmessage.TypeMX,
	"HTTPS": dnsmessage.TypeHTTPS, "CNAME": dnsmessage.TypeCNAME, "SRV": dnsmessage.TypeSRV, "PTR": dnsmessage.TypePTR, "NS": dnsmessage.TypeNS,
}

func askDNS(settings []byte) error {
	var s DNSClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	udp, err := net.Dial("udp", s.Server)
	if err != nil {
		return err
	}
	defer udp.Close()
	var all []truth.DNS
	for i, q := range s.Questions {
		t, err := ask(udp, uint16(0x1A00+i*0x111), q)
		if err != nil {
			return fmt.Errorf("%s %s: %w", q.Type, q.Name, err)
		}
		all = append(all, t)
		if !t.Truncated {
			continue
		}
		tcp, err := net.Dial("tcp", s.Server)
		if err != nil {
			return err
		}
		t, err = ask(tcp, t.ID+1, q)
		tcp.Close()
		if err != nil {
			return fmt.Errorf("%s %s over TCP: %w", q.Type, q.Name, err)
		}
		all = append(all, t)
	}
	return report(all)
}

func ask(c net.Conn, id uint16, q Question) (truth.DNS, error) {
	t := truth.DNS{
		Connection: c.LocalAddr().String(), Transport: c.LocalAddr().Network(), ID: id, Name: q.Name, Type: q.Type,
		Answers: []string{}, Start: time.Now().UTC(),
	}
	name, err := dnsmessage.NewName(q.Name)
	if err != nil {
		return t, err
	}
	question := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id, RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: dnsTypes[q.Type], Class: dnsmessage.ClassINET}},
	}
	packed, err := question.Pack()
	if err != nil {
		return t, err
	}
	reply, err := exchangeDNS(c, packed)
	t.Done = time.Now().UTC()
	if err != nil {
		return t, err
	}
	var answer dnsmessage.Message
	if err := answer.Unpack(reply); err != nil {
		return t, err
	}
	if answer.ID != id {
		return t, fmt.Errorf("answer to %d for question %d", answer.ID, id)
	}
	t.Truncated, t.RCode = answer.Truncated, rcode(answer.RCode)
	for _, r := range answer.Answers {
		t.Answers = append(t.Answers, resource(r))
	}
	return t, nil
}

// exchangeDNS sends a message and reads one, over TCP with the length before it
// (RFC 1035 sec. 4.2.2).
func exchangeDNS(c net.Conn, message []byte) ([]byte, error) {
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return nil, err
	}
	if c.LocalAddr().Network() == "udp" {
		if _, err := c.Write(message); err != nil {
			return nil, err
		}
		b := make([]byte, 65535)
		n, err := c.Read(b)
		return b[:n], err
	}
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(message))), message...)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, err
	}
	b := make([]byte, binary.BigEndian.Uint16(length[:]))
	_, err := io.ReadFull(c, b)
	return b, err
}

func rcode(r dnsmessage.RCode) string {
	names := map[dnsmessage.RCode]string{
		dnsmessage.RCodeSuccess: "NOERROR", dnsmessage.RCodeNameError: "NXDOMAIN",
		dnsmessage.RCodeServerFailure: "SERVFAIL", dnsmessage.RCodeRefused: "REFUSED",
	}
	if n, ok := names[r]; ok {
		return n
	}
	return fmt.Sprint(uint16(r))
}

func resource(r dnsmessage.Resource) string {
	switch b := r.Body.(type) {
	case *dnsmessage.AResource:
		return "A " + net.IP(b.A[:]).String()
	case *dnsmessage.AAAAResource:
		return "AAAA " + net.IP(b.AAAA[:]).String()
	case *dnsmessage.CNAMEResource:
		return "CNAME " + b.CNAME.String()
	case *dnsmessage.MXResource:
		return fmt.Sprintf("MX %d %s", b.Pref, b.MX)
	case *dnsmessage.HTTPSResource:
		return "HTTPS " + serviceBinding(b.SVCBResource)
	case *dnsmessage.TXTResource:
		return "TXT " + strings.Join(b.TXT, "")
	}
	return strings.TrimPrefix(r.Header.Type.String(), "Type")
}

// serviceBinding is a record of RFC 9460 in short: priority, target and the
// parameters whose values are lists of names or addresses.
func serviceBinding(b dnsmessage.SVCBResource) string {
	text := fmt.Sprintf("%d %s", b.Priority, b.Target)
	for _, p := range b.Params {
		v := p.Value
		switch p.Key {
		case dnsmessage.SVCParamALPN:
			var names []string
			for len(v) > 0 && int(v[0]) < len(v) {
				names, v = append(names, string(v[1:1+v[0]])), v[1+v[0]:]
			}
			text += " alpn=" + strings.Join(names, ",")
		case dnsmessage.SVCParamPort:
			text += fmt.Sprintf(" port=%d", binary.BigEndian.Uint16(v))
		case dnsmessage.SVCParamIPv4Hint:
			for ; len(v) >= 4; v = v[4:] {
				text += " ipv4hint=" + net.IP(v[:4]).String()
			}
		}
	}
	return text
}
