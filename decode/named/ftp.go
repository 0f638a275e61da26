package named

import (
	"bytes"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// expected is a conversation that was announced.
type expected struct {
	at       netip.AddrPort
	protocol layer.Protocol
}

// ftp is the File Transfer Protocol's control connection (RFC 959, RFC 2228).
func ftp() dissect.Protocol {
	x := &dialect{name: "ftp", command: ftpCommand, reply: codeReply, address: ftpAddress}
	return x.entry("FTP speaks commands on one connection and moves each file on another, whose address one side tells the other. AUTH TLS makes the control connection TLS.",
		[]uint16{21}, func(b []byte, _ bool) dissect.Verdict {
			switch {
			case isCode(b, "220") && bytes.Contains(bytes.ToUpper(firstLine(b)), []byte("FTP")):
				return verdict(true, dissect.Receiver)
			case hasAnyPrefix(b, "PASV\r\n", "EPSV\r\n", "SYST\r\n", "FEAT\r\n", "AUTH TLS\r\n", "AUTH SSL\r\n", "TYPE I\r\n", "USER anonymous\r\n", "USER ftp\r\n"):
				return verdict(true, dissect.Sender)
			case isCode(b, "220"):
				return maybe(true, dissect.Receiver)
			}
			return maybe(hasAnyPrefix(b, "USER "), dissect.Sender)
		})
}

func ftpCommand(line []byte) command {
	verb, rest := word(line)
	c := command{verb: upper(verb), name: clip(line)}
	switch c.verb {
	case "PASS", "ACCT":
		c.name, c.secret = c.verb+" (not shown)", true
	case "AUTH":
		c.upgrade = hasAnyPrefix(bytes.ToUpper(rest), "TLS", "SSL")
	}
	return c
}

// ftpAddress reads the address of the data connection: from the command where
// the server connects (PORT, EPRT), from the reply where the client does (PASV,
// EPSV; RFC 2428).
func ftpAddress(c *command, line []byte, server netip.Addr) (e expected, ok bool) {
	e.protocol = ftpDataName
	switch c.verb {
	case "PASV":
		if i := bytes.IndexByte(line, '('); i >= 0 {
			line = line[i+1:]
		}
		line, _, _ = bytes.Cut(line, []byte{')'})
		e.at, ok = sixNumbers(string(line))
	case "EPSV":
		var port uint64
		if parts := strings.Split(string(line), "|"); len(parts) >= 4 {
			var err error
			port, err = strconv.ParseUint(parts[3], 10, 16)
			ok = err == nil
		}
		e.at = netip.AddrPortFrom(server, uint16(port))
	case "PORT":
		_, rest, _ := strings.Cut(c.name, " ")
		e.at, ok = sixNumbers(rest)
	case "EPRT":
		_, rest, _ := strings.Cut(c.name, " ")
		parts := strings.Split(rest, "|")
		if len(parts) < 4 {
			return e, false
		}
		addr, err := netip.ParseAddr(parts[2])
		port, err2 := strconv.ParseUint(parts[3], 10, 16)
		e.at, ok = netip.AddrPortFrom(addr, uint16(port)), err == nil && err2 == nil
	}
	return e, ok
}

// sixNumbers reads h1,h2,h3,h4,p1,p2 (RFC 959 section 4.1.2).
func sixNumbers(s string) (at netip.AddrPort, ok bool) {
	parts := strings.Split(strings.TrimSpace(s), ",")
	if len(parts) != 6 {
		return at, false
	}
	var n [6]byte
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 8)
		if err != nil {
			return at, false
		}
		n[i] = byte(v)
	}
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte(n[:4])), uint16(n[4])<<8|uint16(n[5])), true
}

const ftpDataName layer.Protocol = "ftp-data"

// ftpData is FTP's data connection: a file's bytes, known by the control
// connection that named its address.
func ftpData() dissect.Protocol {
	return dissect.Protocol{
		Name: ftpDataName, OSI: 7, Stream: true,
		About: "The connection that carries one file or listing of an FTP session. Its address was agreed on the control connection.",
		New:   func(dissect.Context) dissect.Dissector { return &bulk{name: ftpDataName} },
	}
}

// bulk is a connection whose bytes have no units.
type bulk struct{ name layer.Protocol }

// Feed implements dissect.Dissector.
func (d *bulk) Feed(out dissect.Sink, c dissect.Chunk) {
	out.Layer(d.name, func() layer.Layer {
		return layer.Layer{Protocol: d.name, OSI: 7, Source: layer.Reassembled, Length: len(c.Data), Summary: strconv.Itoa(len(c.Data)) + " bytes of data"}
	})
}

// Finish implements dissect.Dissector.
func (d *bulk) Finish(dissect.Sink, bool) {}
