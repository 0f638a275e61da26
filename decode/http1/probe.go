package http1

import "github.com/wiresight/wiresight/decode/dissect"

// probe judges the first bytes of one direction by the request line or status
// line that they begin with (RFC 9112 sections 3 and 4).
func probe(first []byte, datagram bool) dissect.Verdict { return dissect.Verdict{} }
