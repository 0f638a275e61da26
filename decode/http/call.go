package http

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Call follows the messages of a remote procedure call in the bodies of its
// request and its response, for whoever reads the exchange: gRPC's status may
// stand in a trailer section or, in gRPC-Web and Connect, behind the messages.
// The messages themselves are package grpc's.
type Call struct {
	Style Style
	dir   [2]messages
}

// Style is a way to carry remote procedure calls.
type Style string

// The styles whose messages carry their lengths.
const (
	GRPC        Style = "grpc"
	GRPCWeb     Style = "grpc-web"
	GRPCWebText Style = "grpc-web-text"
	Connect     Style = "connect"
)

// PrefixSize is the size of what stands before each message: flags, and its
// length in big-endian order.
const PrefixSize = 5

// The flags of a message's prefix.
const (
	Compressed byte = 1    // by the coding that grpc-encoding names
	EndStream  byte = 2    // Connect: not a message but the call's end, in JSON
	Trailers   byte = 0x80 // gRPC-Web: not a message but a trailer section
)

// maxTrailers bounds a trailer section that stands in a body.
const maxTrailers = 16 << 10

// StyleOf returns the style that a Content-Type names, "" for none.
func StyleOf(contentType string) Style {
	t := mediaType(contentType)
	if !IsRPC(t) {
		return ""
	}
	t, _, _ = strings.Cut(strings.TrimPrefix(t, "application/"), "+")
	return Style(t)
}

// CallOf returns the call that a message with these facts belongs to, nil for
// none.
func CallOf(facts []flow.Fact) *Call {
	if s := StyleOf(Fact(facts, "content-type")); s != "" {
		return &Call{Style: s}
	}
	return nil
}

// IsGRPC reports whether the exchange is gRPC's, named and judged as a call. One
// of Connect's is an exchange of HTTP with a fact "rpc": its method, target and
// status are HTTP's.
func (c *Call) IsGRPC() bool { return c != nil && c.Style != Connect }

// CallName returns a call's name, "/package.Service/Method": the target of its
// request's name.
func CallName(request string) string {
	if _, target, ok := strings.Cut(request, " "); ok {
		request = target
	}
	request, _, _ = strings.Cut(request, "?")
	return request
}

// messages follows one direction.
type messages struct {
	count      int64
	compressed int64
	lost       bool // bytes are missing: nothing is known of what follows
	prefix     [PrefixSize]byte
	have       int   // bytes of prefix
	rest       int64 // of the message
	collect    bool  // it is a trailer section
	trailer    []byte
	zipped     bool // it is compressed
	text       Base64
	scratch    []byte
}

// Feed takes bytes of a body.
func (c *Call) Feed(dir layer.Direction, data []byte) {
	m := &c.dir[dir]
	if c.Style == GRPCWebText {
		m.scratch = m.text.Append(m.scratch[:0], data)
		data = m.scratch
	}
	for len(data) > 0 && !m.lost {
		if m.rest > 0 {
			n := int(min(m.rest, int64(len(data))))
			if m.collect {
				m.trailer = append(m.trailer, data[:min(n, maxTrailers-len(m.trailer))]...)
			}
			m.rest -= int64(n)
			data = data[n:]
			continue
		}
		n := copy(m.prefix[m.have:], data)
		m.have += n
		if data = data[n:]; m.have == PrefixSize {
			m.begin(c.Style)
		}
	}
}

// begin reads a prefix.
func (m *messages) begin(s Style) {
	m.have = 0
	m.rest = int64(binary.BigEndian.Uint32(m.prefix[1:]))
	flags := m.prefix[0]
	m.collect = flags&Trailers != 0 || s == Connect && flags&EndStream != 0
	if flags&^(Compressed|EndStream|Trailers) != 0 {
		m.lost = true
		return
	}
	if m.collect {
		m.zipped = flags&Compressed != 0
		return
	}
	m.count++
	if flags&Compressed != 0 {
		m.compressed++
	}
}

// Lost says that bytes of a body are missing: messages behind them cannot be
// counted.
func (c *Call) Lost(dir layer.Direction) { c.dir[dir].lost = true }

// Facts adds to a message's facts what its body told: "messages" counts those
// that were begun, "messages-compressed" those of them that are compressed,
// "messages-incomplete" says that more may have followed unseen. A status in
// the body becomes the same facts as one in a trailer section.
func (c *Call) Facts(dir layer.Direction, facts []flow.Fact) []flow.Fact {
	m := &c.dir[dir]
	if Coded(Fact(facts, "content-encoding")) { // what was counted is no message
		*m = messages{lost: true}
	}
	facts = append(facts, flow.Fact{Key: "messages", Value: strconv.FormatInt(m.count, 10)})
	if m.compressed > 0 {
		facts = append(facts, flow.Fact{Key: "messages-compressed", Value: strconv.FormatInt(m.compressed, 10)})
	}
	if m.lost {
		facts = append(facts, flow.Fact{Key: "messages-incomplete", Value: "present"})
	}
	if c.Style != GRPC && Fact(facts, "rpc") == "" {
		facts = append(facts, flow.Fact{Key: "rpc", Value: string(c.Style)})
	}
	if len(m.trailer) == 0 || m.rest > 0 {
		return readable(facts)
	}
	if m.zipped {
		m.trailer, _ = Uncompress(MessageEncoding(facts), m.trailer, maxTrailers)
	}
	if c.Style == Connect {
		facts = connectEnd(m.trailer, facts)
	} else {
		facts = sectionFacts(m.trailer, facts)
	}
	return readable(facts)
}

// MessageEncoding returns the coding of a call's compressed messages by the
// facts of a message of HTTP, "" where none says.
func MessageEncoding(facts []flow.Fact) string {
	if s := Fact(facts, "grpc-encoding"); s != "" {
		return s
	}
	return Fact(facts, "connect-content-encoding")
}

// Uncompress undoes the compression of one message of a call, like Decode. A
// magic number tells more than the coding, which only the other direction may
// have named.
func Uncompress(coding string, b []byte, most int) ([]byte, error) {
	switch {
	case bytes.HasPrefix(b, []byte("\x1f\x8b")):
		coding = "gzip"
	case bytes.HasPrefix(b, []byte("\x28\xb5\x2f\xfd")):
		coding = "zstd"
	case coding == "" || coding == "identity":
		return nil, ErrCoding
	}
	return Decode(coding, b, most)
}

// sectionFacts reads gRPC-Web's trailer section, whose lines are those of
// HTTP/1.
func sectionFacts(b []byte, facts []flow.Fact) []flow.Fact {
	for line := range strings.Lines(string(b)) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		f := Lookup([]byte(name))
		if f == nil || f.Use != Kept || len(facts) >= MaxFacts {
			continue
		}
		facts = append(facts, flow.Fact{Key: f.Name, Value: layer.Clip(TrimSpace([]byte(value)), MaxValue)})
	}
	return facts
}

// connectEnd reads the end of a Connect stream: its error, if there is one.
func connectEnd(b []byte, facts []flow.Fact) []flow.Fact {
	var end struct {
		Error *struct{ Code, Message string }
	}
	if json.Unmarshal(b, &end) != nil {
		return facts
	}
	if end.Error == nil {
		return append(facts, flow.Fact{Key: "grpc-status", Value: "0"})
	}
	facts = append(facts, flow.Fact{Key: "grpc-status", Value: strconv.Itoa(connectCode(end.Error.Code))})
	if end.Error.Message != "" {
		facts = append(facts, flow.Fact{Key: "grpc-message", Value: layer.Clip([]byte(end.Error.Message), MaxValue)})
	}
	return facts
}

// connectCode returns the number of a code that Connect spells in lower case.
func connectCode(name string) int {
	if name == "canceled" {
		name = "cancelled"
	}
	if i := slices.Index(codes[:], strings.ToUpper(name)); i >= 0 {
		return i
	}
	return slices.Index(codes[:], "UNKNOWN")
}

// codes are the names of gRPC's status codes.
var codes = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE",
	"DATA_LOSS", "UNAUTHENTICATED",
}

// CallStatus returns the name of a call's status by a message's facts, the
// number for one without a name, "" where none was seen.
func CallStatus(facts []flow.Fact) string {
	s := Fact(facts, "grpc-status")
	if n, err := strconv.Atoi(s); err == nil && n >= 0 && n < len(codes) {
		return codes[n]
	}
	return s
}

// Timeout returns the time that a grpc-timeout field gives a call: at most eight
// digits and a unit.
func Timeout(value string) (limit time.Duration, ok bool) {
	const digits = 8
	n := len(value) - 1
	if n < 1 || n > digits {
		return 0, false
	}
	v, err := strconv.ParseUint(value[:n], 10, 32)
	unit := units[value[n]]
	if err != nil || unit == 0 {
		return 0, false
	}
	if v > uint64(math.MaxInt64/unit) {
		return math.MaxInt64, true
	}
	return time.Duration(v) * unit, true
}

var units = [256]time.Duration{
	'H': time.Hour, 'M': time.Minute, 'S': time.Second, 'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond,
}

// readable undoes the percent-encoding of grpc-message.
func readable(facts []flow.Fact) []flow.Fact {
	for i := range facts {
		if f := &facts[i]; f.Key == "grpc-message" && strings.Contains(f.Value, "%") {
			f.Value = layer.Clip(unescape(f.Value), MaxValue)
		}
	}
	return facts
}

// unescape undoes percent-encoding and leaves what is none as it is.
func unescape(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				out = append(out, byte(v))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}
