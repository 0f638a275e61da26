package named

import (
	"bytes"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
)

// smtp is the Simple Mail Transfer Protocol (RFC 5321).
func smtp() dissect.Protocol {
	x := &dialect{name: "smtp", command: smtpCommand, reply: codeReply}
	return x.entry("Mail servers hand messages on with SMTP: commands and three-digit replies in turn, then the message itself. STARTTLS makes the rest of the connection TLS.",
		[]uint16{25, 587, 2525}, func(b []byte, _ bool) dissect.Verdict {
			switch {
			case hasAnyPrefix(b, "EHLO ", "HELO ", "LHLO ", "ehlo ", "helo ", "Ehlo ", "Helo "), hasAnyPrefix(b, "MAIL FROM:", "RCPT TO:"):
				return verdict(true, dissect.Sender)
			case isCode(b, "220") && bytes.Contains(firstLine(b), []byte("SMTP")):
				return verdict(true, dissect.Receiver)
			}
			return maybe(isCode(b, "220") || isCode(b, "421") || isCode(b, "554"), dissect.Receiver)
		})
}

func smtpCommand(line []byte) command {
	verb, rest := word(line)
	c := command{verb: upper(verb)}
	c.name = c.verb
	switch c.verb {
	case "AUTH":
		mechanism, secret := word(rest)
		c.name, c.login, c.secret = "AUTH "+clip(mechanism), true, len(secret) > 0
	case "DATA":
		c.data = true
	case "STARTTLS":
		c.upgrade = true
	case "BDAT":
		size, _ := word(rest)
		n, err := strconv.Atoi(string(size))
		if err == nil && n >= 0 && n <= maxUnit {
			c.skip = n
		}
		c.name = clip(line)
	default:
		c.name = clip(line)
	}
	return c
}

// codeReply reads a reply of three digits: SMTP's, FTP's (RFC 959 section 4.2).
func codeReply(line []byte, _ *command) reply {
	if len(line) < 3 || !digits(line[:3]) || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return reply{more: true} // a line within a reply of several (RFC 959 section 4.2)
	}
	r := reply{status: string(line[:3]), more: len(line) > 3 && line[3] == '-'}
	r.positive = line[0] == '2'
	r.goOn = line[0] == '3' && (r.status == "354" || r.status == "334")
	return r
}

// pop3 is the Post Office Protocol (RFC 1939).
func pop3() dissect.Protocol {
	x := &dialect{name: "pop3", command: pop3Command, reply: func(line []byte, _ *command) reply {
		status, _ := word(line)
		r := reply{status: clip(status), positive: bytes.Equal(status, []byte("+OK"))}
		r.goOn = bytes.Equal(status, []byte("+"))
		return r
	}}
	return x.entry("Mail programs fetch messages from a mailbox with POP3: a command, then +OK or -ERR. STLS makes the rest of the connection TLS.",
		[]uint16{110}, func(b []byte, _ bool) dissect.Verdict {
			line := firstLine(b)
			switch {
			case hasAnyPrefix(b, "+OK ") && (bytes.Contains(line, []byte("POP")) || bytes.IndexByte(line, '<') > 0 && bytes.HasSuffix(line, []byte{'>'})):
				return verdict(true, dissect.Receiver)
			case hasAnyPrefix(b, "CAPA\r\n", "STLS\r\n", "UIDL\r\n", "APOP "):
				return verdict(true, dissect.Sender)
			}
			return maybe(hasAnyPrefix(b, "+OK", "-ERR "), dissect.Receiver)
		})
}

func pop3Command(line []byte) command {
	verb, rest := word(line)
	c := command{verb: upper(verb), name: clip(line)}
	switch c.verb {
	case "PASS":
		c.name, c.secret = "PASS (not shown)", true
	case "APOP":
		user, _ := word(rest)
		c.name = "APOP " + clip(user)
	case "AUTH":
		mechanism, initial := word(rest)
		c.name, c.login, c.secret = "AUTH "+clip(mechanism), true, len(initial) > 0
		c.listing = len(mechanism) == 0
	case "STLS":
		c.upgrade = true
	case "RETR", "TOP", "CAPA":
		c.listing = true
	case "LIST", "UIDL":
		c.listing = len(rest) == 0
	}
	return c
}

// imap is the Internet Message Access Protocol (RFC 9051).
func imap() dissect.Protocol {
	x := &dialect{name: "imap", command: imapCommand, reply: imapReply}
	return x.entry("Mail programs work on a mailbox that stays at the server with IMAP: each command has a tag, the answer names it, and the server may speak unasked. STARTTLS makes the rest of the connection TLS.",
		[]uint16{143}, func(b []byte, _ bool) dissect.Verdict {
			line := firstLine(b)
			if hasAnyPrefix(b, "* OK ", "* PREAUTH ", "* BYE ") {
				if bytes.Contains(bytes.ToUpper(line), []byte("IMAP")) {
					return verdict(true, dissect.Receiver)
				}
				return maybe(true, dissect.Receiver)
			}
			tag, rest := word(line)
			name, _ := word(rest)
			known := len(tag) > 0 && len(tag) < 12 && tag[0] != '*' && tag[0] != '+'
			switch upper(name) {
			case "CAPABILITY", "STARTTLS", "AUTHENTICATE":
				return verdict(known, dissect.Sender)
			case "LOGIN", "SELECT", "NOOP", "ID":
				return maybe(known, dissect.Sender)
			}
			return dissect.Verdict{}
		})
}

func imapCommand(line []byte) command {
	tag, rest := word(line)
	verb, arguments := word(rest)
	c := command{verb: upper(verb), tag: clip(tag), skip: literal(line)}
	c.name = c.verb
	switch c.verb {
	case "LOGIN":
		c.name, c.secret = "LOGIN (not shown)", true
	case "AUTHENTICATE":
		mechanism, initial := word(arguments)
		c.name, c.login, c.secret = c.verb+" "+clip(mechanism), true, len(initial) > 0
	case "STARTTLS":
		c.upgrade = true
	case "UID":
		what, _ := word(arguments)
		c.name += " " + upper(what)
	case "SELECT", "EXAMINE", "CREATE", "DELETE", "SUBSCRIBE", "APPEND", "STATUS":
		c.name = clip(rest)
	}
	return c
}

func imapReply(line []byte, _ *command) reply {
	tag, rest := word(line)
	status, _ := word(rest)
	r := reply{status: upper(status), skip: literal(line)}
	switch {
	case len(tag) == 1 && tag[0] == '*':
		r.alone, r.status = true, "* "+clip(status)
	case len(tag) == 1 && tag[0] == '+':
		r.goOn, r.status = true, "+"
	default:
		r.tag, r.positive = clip(tag), r.status == "OK"
	}
	return r
}

// literal returns the size of the literal that a line announces at its end, as
// {12} or {12+} (RFC 9051 section 4.3).
func literal(line []byte) int {
	if len(line) < 3 || line[len(line)-1] != '}' {
		return 0
	}
	i := bytes.LastIndexByte(line, '{')
	if i < 0 {
		return 0
	}
	n, err := strconv.Atoi(string(bytes.TrimSuffix(line[i+1:len(line)-1], []byte{'+'})))
	if err != nil || n < 0 || n > maxUnit {
		return 0
	}
	return n
}
