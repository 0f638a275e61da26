package http1

// known is a header field that is named here: as a fact, as a field of
// Wireshark's, or because the framing needs it.
type known struct {
	name  string // lower case
	field string // Wireshark's name, "" where it has none
	use   use
}

// use tells what becomes of a known field's value.
type use uint8

const (
	shown    use = iota // described only
	kept                // a fact
	secret              // a fact "present", never its value
	scheme              // a fact "present", and the authentication scheme
	guarded             // described only, and never its value
	isLength            // Content-Length
	isCoding            // Transfer-Encoding
	isHost
	isUpgrade
)

var knownFields = []known{
	{"host", "http.host", isHost},
	{"user-agent", "http.user_agent", kept},
	{"content-type", "http.content_type", kept},
	{"content-length", "http.content_length_header", isLength},
	{"transfer-encoding", "http.transfer_encoding", isCoding},
	{"connection", "http.connection", kept},
	{"upgrade", "http.upgrade", isUpgrade},
	{"location", "http.location", kept},
	{"via", "", kept},
	{"forwarded", "", kept},
	{"x-forwarded-for", "http.x_forwarded_for", kept},
	{"x-forwarded-proto", "", kept},
	{"x-forwarded-host", "", kept},
	{"x-forwarded-port", "", kept},
	{"x-forwarded-by", "", kept},
	{"x-forwarded-server", "", kept},
	{"x-forwarded-prefix", "", kept},
	{"x-real-ip", "", kept},
	{"server", "http.server", kept},
	{"etag", "", kept},
	{"if-none-match", "", kept},
	{"if-match", "", kept},
	{"if-modified-since", "", kept},
	{"last-modified", "http.last_modified", kept},
	{"cache-control", "http.cache_control", kept},
	{"retry-after", "", kept},
	{"idempotency-key", "", kept},
	{"set-cookie", "http.set_cookie", secret},
	{"cookie", "http.cookie", secret},
	{"authorization", "http.authorization", scheme},
	{"accept", "http.accept", kept},
	{"accept-encoding", "http.accept_encoding", kept},
	{"content-encoding", "http.content_encoding", kept},
	{"date", "http.date", kept},
	{"age", "", kept},
	{"traceparent", "", kept},
	{"x-request-id", "", kept},
	{"accept-language", "http.accept_language", shown},
	{"referer", "http.referer", shown},
	{"www-authenticate", "http.www_authenticate", shown},
	{"proxy-authenticate", "http.proxy_authenticate", shown},
	{"proxy-authorization", "http.proxy_authorization", guarded},
	{"proxy-connection", "http.proxy_connection", shown},
	{"sec-websocket-accept", "http.sec_websocket_accept", shown},
	{"sec-websocket-extensions", "http.sec_websocket_extensions", shown},
	{"sec-websocket-key", "http.sec_websocket_key", shown},
	{"sec-websocket-protocol", "http.sec_websocket_protocol", shown},
	{"sec-websocket-version", "http.sec_websocket_version", shown},
}

// knownByLength finds a field with few comparisons.
var knownByLength = func() (t [32][]*known) {
	for i := range knownFields {
		k := &knownFields[i]
		t[len(k.name)] = append(t[len(k.name)], k)
	}
	return t
}()

// lookup returns what is known of a field, or nil.
func lookup(name []byte) *known {
	if len(name) == 0 || len(name) >= len(knownByLength) {
		return nil
	}
	first := name[0] | 0x20
	for _, k := range knownByLength[len(name)] {
		if k.name[0] == first && foldEqual(name, k.name) {
			return k
		}
	}
	return nil
}
