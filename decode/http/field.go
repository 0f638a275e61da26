package http

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// Field is a header field that is known here: as a fact, as a field of
// Wireshark's, or because a framing needs it.
type Field struct {
	Name   string // lower case
	Filter string // Wireshark's name in HTTP/1, "" where it has none
	Use    Use
	Mean   Meaning
}

// Use tells what becomes of a field's value.
type Use uint8

// The uses.
const (
	Shown   Use = iota // described only
	Kept               // a fact
	Secret             // a fact "present", never its value
	Scheme             // a fact "present", and the authentication scheme
	Guarded            // described only, and never its value
)

// Meaning tells what a field says to those who read on.
type Meaning uint8

// The meanings that framing and pairing need.
const (
	None Meaning = iota
	Length
	TransferCoding
	Host
	Upgrade
	ContentType
	StatusDetails
	ConnectVersion
)

var fields = []Field{
	{"host", "http.host", Kept, Host},
	{"user-agent", "http.user_agent", Kept, None},
	{"content-type", "http.content_type", Kept, ContentType},
	{"content-length", "http.content_length_header", Kept, Length},
	{"transfer-encoding", "http.transfer_encoding", Kept, TransferCoding},
	{"connection", "http.connection", Kept, None},
	{"upgrade", "http.upgrade", Kept, Upgrade},
	{"location", "http.location", Kept, None},
	{"via", "", Kept, None},
	{"forwarded", "", Kept, None},
	{"x-forwarded-for", "http.x_forwarded_for", Kept, None},
	{"x-forwarded-proto", "", Kept, None},
	{"x-forwarded-host", "", Kept, None},
	{"x-forwarded-port", "", Kept, None},
	{"x-forwarded-by", "", Kept, None},
	{"x-forwarded-server", "", Kept, None},
	{"x-forwarded-prefix", "", Kept, None},
	{"x-real-ip", "", Kept, None},
	{"x-envoy-attempt-count", "", Kept, None},
	{"x-envoy-upstream-service-time", "", Kept, None}, // milliseconds, of Envoy's own clock
	{"l5d-dst-canonical", "", Kept, None},
	{"l5d-proxy-error", "", Kept, None},
	{"server", "http.server", Kept, None},
	{"etag", "", Kept, None},
	{"if-none-match", "", Kept, None},
	{"if-match", "", Kept, None},
	{"if-modified-since", "", Kept, None},
	{"last-modified", "http.last_modified", Kept, None},
	{"cache-control", "http.cache_control", Kept, None},
	{"retry-after", "", Kept, None},
	{"idempotency-key", "", Kept, None},
	{"set-cookie", "http.set_cookie", Secret, None},
	{"cookie", "http.cookie", Secret, None},
	{"authorization", "http.authorization", Scheme, None},
	{"accept", "http.accept", Kept, None},
	{"accept-encoding", "http.accept_encoding", Kept, None},
	{"content-encoding", "http.content_encoding", Kept, None},
	{"date", "http.date", Kept, None},
	{"age", "", Kept, None},
	{"traceparent", "", Kept, None},
	{"x-request-id", "", Kept, None},
	{"range", "http.range", Kept, None},
	{"content-range", "http.content_range", Kept, None},
	{"last-event-id", "", Kept, None},
	{"trailer", "", Kept, None},
	{"expect", "", Kept, None},
	{"alt-svc", "", Kept, None},
	{"alt-used", "", Kept, None},
	{"priority", "", Kept, None},   // RFC 9218
	{"early-data", "", Kept, None}, // RFC 8470
	{"grpc-timeout", "", Kept, None},
	{"grpc-encoding", "", Kept, None},
	{"grpc-accept-encoding", "", Kept, None},
	{"grpc-status", "", Kept, None},
	{"grpc-message", "", Kept, None},
	{"grpc-status-details-bin", "", Shown, StatusDetails},
	{"connect-protocol-version", "", Kept, ConnectVersion},
	{"connect-timeout-ms", "", Kept, None},
	{"connect-content-encoding", "", Kept, None},
	{"sec-websocket-extensions", "http.sec_websocket_extensions", Kept, None},
	{"sec-websocket-protocol", "http.sec_websocket_protocol", Kept, None},
	{"sec-websocket-version", "http.sec_websocket_version", Kept, None},
	{"sec-websocket-accept", "http.sec_websocket_accept", Shown, None},
	{"sec-websocket-key", "http.sec_websocket_key", Shown, None},
	{"accept-language", "http.accept_language", Shown, None},
	{"referer", "http.referer", Shown, None},
	{"www-authenticate", "http.www_authenticate", Shown, None},
	{"proxy-authenticate", "http.proxy_authenticate", Shown, None},
	{"proxy-authorization", "http.proxy_authorization", Guarded, None},
	{"proxy-connection", "http.proxy_connection", Shown, None},
}

// byLength finds a field with few comparisons.
var byLength = func() (t [32][]*Field) {
	for i := range fields {
		f := &fields[i]
		t[len(f.Name)] = append(t[len(f.Name)], f)
	}
	return t
}()

// Lookup returns what is known of the field with a name in any case, or nil.
func Lookup(name []byte) *Field {
	if len(name) == 0 || len(name) >= len(byLength) {
		return nil
	}
	first := name[0] | 0x20
	for _, f := range byLength[len(name)] {
		if f.Name[0] == first && FoldEqual(name, f.Name) {
			return f
		}
	}
	return nil
}

// guarded tells how long a secret is, and its scheme where that is none.
func (f *Field) guarded(value []byte) string {
	text := fmt.Sprintf("%d bytes, not shown", len(value))
	if s := authScheme(value); s != "" && f.Use != Secret {
		text = layer.Printable(s) + ", " + text
	}
	return text
}

// authScheme returns the scheme of credentials (RFC 9110 section 11.4), or ""
// where there is but one word, which then may be the secret itself.
func authScheme(value []byte) string {
	const longest = 32
	i := TokenLength(value[:min(len(value), longest+1)])
	if i == 0 || i > longest || i == len(value) || value[i] != ' ' {
		return ""
	}
	return strings.ToLower(string(value[:i]))
}
