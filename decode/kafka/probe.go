package kafka

import (
	"encoding/binary"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/wiresight/wiresight/decode/dissect"
)

// probe judges the first bytes of one direction. A request names a known API
// and version and a client that can be read; a response has nothing but a
// number, so that the port must agree.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram || len(first) == 0 || first[0] != 0 {
		return dissect.Verdict{}
	}
	if len(first) < requestFixed {
		if len(first) >= responseFixed && isResponse(first) {
			return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Receiver}
		}
		return dissect.Verdict{Match: dissect.More}
	}
	q, ok := isRequest(first)
	switch {
	case !ok && isResponse(first):
		return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Receiver}
	case !ok:
		return dissect.Verdict{}
	case len(q.client) == 0:
		return dissect.Verdict{Match: dissect.Maybe, Client: dissect.Sender}
	}
	return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
}

// isRequest reports whether b begins with a request, as far as it reaches.
func isRequest(b []byte) (q request, ok bool) {
	size := int64(int32(binary.BigEndian.Uint32(b)))
	key, version := int16(binary.BigEndian.Uint16(b[4:])), int16(binary.BigEndian.Uint16(b[6:]))
	name := int(int16(binary.BigEndian.Uint16(b[12:])))
	body := kmsg.RequestForKey(key)
	if body == nil || version < 0 || version > body.MaxVersion() || int32(binary.BigEndian.Uint32(b[8:])) < 0 {
		return q, false
	}
	if size < int64(requestFixed-lengthSize+max(0, name)) || size > maxMessage || name < -1 || name > maxText*2 {
		return q, false
	}
	client := b[requestFixed:min(len(b), requestFixed+max(0, name))]
	for _, c := range client {
		if c < ' ' || c >= 0x7f {
			return q, false
		}
	}
	q.client = client
	return q, true
}

// isResponse reports whether b is as long as it says.
func isResponse(b []byte) bool {
	size := int64(int32(binary.BigEndian.Uint32(b)))
	return size == int64(len(b)-lengthSize) && correlation(b) >= 0
}
