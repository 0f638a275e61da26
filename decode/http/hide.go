package http

import (
	"bytes"
	"fmt"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// hidden stands for a secret within a text.
const hidden = "***"

// secretEnds are the ends of the names of query parameters whose values let
// somebody in: access_token, X-Amz-Signature, JSESSIONID. Elsewhere in a name
// the words are harmless more often than not.
var secretEnds = [][]byte{
	[]byte("token"), []byte("password"), []byte("passwd"), []byte("pwd"), []byte("secret"), []byte("apikey"),
	[]byte("api_key"), []byte("api-key"), []byte("sessionid"), []byte("session_id"), []byte("sessid"),
	[]byte("signature"), []byte("jwt"), []byte("credential"),
}

// Hide returns a text with URIs in it, such as a request's target, as a person
// may see it: the password before a host (RFC 3986 section 3.2.1) and the
// values of query parameters that are likely to be secrets are not shown. Where
// there is nothing to hide it returns b itself.
func Hide(b []byte) []byte {
	if bytes.IndexByte(b, '@') >= 0 {
		b = hidePassword(b)
	}
	query := bytes.IndexByte(b, '?')
	if query < 0 {
		return b
	}
	var out []byte
	done := 0
	for at := query + 1; at < len(b); {
		end := parameterEnd(b, at)
		if name, value, ok := bytes.Cut(b[at:end], []byte("=")); ok && len(value) > 0 && secretParameter(name) {
			out = append(append(out, b[done:end-len(value)]...), hidden...)
			done = end
		}
		at = end + 1
	}
	if done == 0 {
		return b
	}
	return append(out, b[done:]...)
}

// parameterEnd returns where the parameter that begins at from ends.
func parameterEnd(b []byte, from int) int {
	if n := bytes.IndexAny(b[from:], "&;?# \t\"<>"); n >= 0 {
		return from + n
	}
	return len(b)
}

func secretParameter(name []byte) bool {
	const longest = 64
	if len(name) > longest {
		name = name[len(name)-longest:]
	}
	lower := bytes.ToLower(name)
	for _, end := range secretEnds {
		if bytes.HasSuffix(lower, end) {
			return true
		}
	}
	return string(lower) == "sig" || string(lower) == "sid" || string(lower) == "auth"
}

// hidePassword hides that of the first URI with one.
func hidePassword(b []byte) []byte {
	_, rest, ok := bytes.Cut(b, []byte("://"))
	if !ok {
		return b
	}
	from := len(b) - len(rest)
	authority := rest
	if n := bytes.IndexAny(rest, "/?# \t\"<>"); n >= 0 {
		authority = rest[:n]
	}
	user := bytes.LastIndexByte(authority, '@')
	if user < 0 {
		return b
	}
	colon := bytes.IndexByte(authority[:user], ':')
	if colon < 0 {
		return b
	}
	out := append([]byte(nil), b[:from+colon+1]...)
	return append(append(out, hidden...), b[from+user:]...)
}

// FieldValue returns a header field's value as a person may see it:
// credentials, cookies, and what an unknown name calls a secret are counted, not
// shown; of URIs see Hide.
func FieldValue(name, value []byte) string {
	f := Lookup(name)
	if f == nil && len(name) > 0 && name[0] != ':' && wire.Secret(name) {
		return fmt.Sprintf("%d bytes, not shown", len(value))
	}
	if f == nil || f.Use < Secret {
		return layer.Clip(Hide(value), MaxName)
	}
	return f.guarded(value)
}
