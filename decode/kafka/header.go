package kafka

import (
	"encoding/binary"
	"strconv"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/wiresight/wiresight/decode/wire"
)

// Sizes of the fixed parts.
const (
	lengthSize    = 4
	requestFixed  = lengthSize + 10 // api key, version, correlation id, client id's length
	responseFixed = lengthSize + 4
	maxMessage    = 1 << 28 // far beyond what brokers accept
)

const (
	keyProduce     = 0
	keyFetch       = 1
	keyMetadata    = 3
	keyApiVersions = 18
)

// request is a request's header.
type request struct {
	key         int16
	version     int16
	correlation int32
	client      []byte
	size        int          // of the header with the length before it
	body        kmsg.Request // empty, of this version; nil for an unknown key
}

// parseRequest reads the header of a request that begins with its length.
func parseRequest(b []byte) (q request, ok bool) {
	r := wire.NewReader(b)
	r.Bytes(lengthSize)
	q.key, q.version, q.correlation = int16(r.U16()), int16(r.U16()), int32(r.U32())
	if n := int16(r.U16()); n > 0 {
		q.client = r.Bytes(int(n))
	}
	if q.body = kmsg.RequestForKey(q.key); q.body != nil {
		q.body.SetVersion(q.version)
		if q.body.IsFlexible() {
			skipTags(&r)
		}
	}
	q.size = r.Offset()
	return q, r.OK()
}

// skipTags passes over tagged fields (KIP-482).
func skipTags(r *wire.Reader) {
	for n := r.Varint(5); n > 0 && r.OK(); n-- {
		r.Varint(5)
		r.Bytes(int(r.Varint(5)))
	}
}

// parseResponse reads the header of a response: its body begins at size. The
// response to ApiVersions has no tagged fields, so that clients can read it
// before they know what the broker speaks (KIP-511).
func parseResponse(b []byte, body kmsg.Response) (size int, ok bool) {
	r := wire.NewReader(b)
	r.Bytes(responseFixed)
	if body != nil && body.IsFlexible() && body.Key() != keyApiVersions {
		skipTags(&r)
	}
	return r.Offset(), r.OK()
}

func correlation(b []byte) int32 { return int32(binary.BigEndian.Uint32(b[lengthSize:])) }

// title names a request: "Fetch v11".
func (q *request) title() string {
	name := kmsg.NameForKey(q.key)
	if q.body == nil {
		name = "api key " + strconv.Itoa(int(q.key))
	}
	return name + " v" + strconv.Itoa(int(q.version))
}
