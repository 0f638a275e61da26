package pattern

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
)

// CredentialsLesson teaches credentials that anybody can read.
var CredentialsLesson = claim.Lesson{
	ID: "cleartext-credentials", Title: "Credentials that anybody on the way can read",
	About:   "A password or a token went over a connection without encryption: whoever captures the packets, as this file proves, can use it. They are named here and never shown.",
	Is:      "HTTP's Basic or Bearer authorization, AUTH, USER and PASS, or a password in MQTT, Redis, NATS, AMQP, Kafka and others, on a connection without TLS.",
	IsNot:   "Digest and other ways that never send the secret itself; the same inside TLS, QUIC or DTLS, also where keys let it be read here.",
	Sources: []string{"RFC 7617 section 4", "RFC 6750 section 5.3", "RFC 8314"},
}

// Credentials finds credentials in the clear.
func Credentials(v *timing.View, out *claim.Sink) {
	if v.QUIC != nil || v.DTLS != nil {
		return
	}
	secured := int(^uint(0) >> 1)
	if v.TLS != nil && v.TLS.ClientHello.Valid() {
		secured = v.TLS.ClientHello.Number // STARTTLS: what went before was in the clear
	}
	f := claim.Finding{ID: CredentialsLesson.ID, Severity: claim.Warning, Explanation: CredentialsLesson.About,
		Advice: "Change these credentials, and let the server take them over TLS only."}
	kinds := map[string]bool{}
	note := func(packet int, kind, where string) {
		if kind == "" || packet <= 0 || packet >= secured {
			return
		}
		kinds[kind] = true
		if len(f.Occurrences) == claim.Listed {
			f.Omitted++
			return
		}
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: []int{packet}, Shows: kind + " in the clear, with " + where})
	}
	anonymous := false
	for _, x := range v.Conversation.Exchanges {
		if x.Protocol == "ftp" && strings.HasPrefix(x.Name, "USER") {
			user := strings.ToLower(x.Name)
			anonymous = strings.HasSuffix(user, " anonymous") || strings.HasSuffix(user, " ftp") // RFC 1635
		}
		if anonymous && x.Protocol == "ftp" {
			continue
		}
		note(x.Request.First.Number, secretIn(string(x.Protocol), x.Request.Facts), named(string(x.Protocol), x.Name))
	}
	for i := range v.Events {
		x := &v.Events[i]
		note(x.First.Number, secretIn(string(x.Protocol), x.Facts), named(string(x.Protocol), x.Kind))
	}
	if len(kinds) == 0 {
		return
	}
	if v.Client.Addr.IsLoopback() {
		f.Severity = claim.Info
		f.Advice = "Within one host few can listen; over a network, use TLS."
	}
	var all []string
	for k := range kinds {
		all = append(all, k)
	}
	f.Title = fmt.Sprintf("%s without encryption (not shown here)", plural(all, len(f.Occurrences)+f.Omitted))
	out.Finding(f)
}

func plural(kinds []string, n int) string {
	if len(kinds) == 1 {
		return fmt.Sprintf("%s went over the network %s", kinds[0], times(n))
	}
	return fmt.Sprintf("Credentials of %d kinds went over the network %s", len(kinds), times(n))
}

// named says with what message; where that may hold the secret itself, only its
// verb.
func named(protocol, name string) string {
	verb, _, _ := strings.Cut(name, " ")
	if strings.HasPrefix(protocol, "http") {
		path, _, _ := strings.Cut(name, "?")
		return path
	}
	return protocol + " " + verb
}

// secretIn names what kind of secret a message's facts tell of, "" for none
// that can be used by whoever reads it.
func secretIn(protocol string, facts flow.Facts) string {
	if facts == "" {
		return ""
	}
	switch strings.ToLower(facts.Get("authorization-scheme")) {
	case "basic":
		return "A password (Basic)"
	case "bearer":
		return "A token (Bearer)"
	}
	switch c := facts.Get("credentials"); {
	case c == "digest", c == "":
	default:
		return "A password"
	}
	if facts.Get("password") == "given" && protocol != "mysql" { // MySQL's is a scramble
		return "A password"
	}
	if facts.Get("token") == "given" {
		return "A token"
	}
	if protocol == "postgresql" && strings.Contains(strings.ToLower(facts.Get("authentication")), "cleartext") {
		return "A password"
	}
	return ""
}
