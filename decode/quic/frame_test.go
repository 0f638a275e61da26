package quic

import (
	"bytes"
	"slices"
	"testing"

	"github.com/quic-go/quic-go/quicvarint"
)

// varints joins numbers as QUIC writes them.
func varints(values ...uint64) []byte {
	var b []byte
	for _, v := range values {
		b = quicvarint.Append(b, v)
	}
	return b
}

func TestFramesOfTheRFC(t *testing.T) {
	id := []byte{1, 2, 3, 4}
	token := bytes.Repeat([]byte{9}, resetToken)
	for _, c := range []struct {
		name string
		b    []byte
		want frame
	}{
		{"a run of padding", []byte{0, 0, 0}, frame{}},
		{"RESET_STREAM", varints(4, 8, 0x10c, 5000), frame{kind: 4, stream: 8, code: 0x10c, limit: 5000}},
		{"STOP_SENDING", varints(5, 8, 7), frame{kind: 5, stream: 8, code: 7}},
		{"a stream's end without offset and length", append(varints(9, 4), "abc"...), frame{kind: 9, stream: 4, data: []byte("abc"), fin: true}},
		{"a stream's bytes with both", append(varints(0xe, 4, 70, 3), "abc"...), frame{kind: 0xe, stream: 4, offset: 70, data: []byte("abc")}},
		{"MAX_STREAM_DATA", varints(0x11, 4, 1<<20), frame{kind: 0x11, stream: 4, limit: 1 << 20}},
		{"DATA_BLOCKED", varints(0x14, 99), frame{kind: 0x14, limit: 99}},
		{"NEW_CONNECTION_ID", slices.Concat(varints(0x18, 3, 1), []byte{4}, id, token), frame{kind: 0x18, stream: 3, offset: 1, data: id, token: token}},
		{"the transport's close", append(varints(0x1c, 0x128, 6, 2), "no"...), frame{kind: 0x1c, code: 0x128, cause: 6, data: []byte("no")}},
		{"the application's", varints(0x1d, 0x100, 0), frame{kind: 0x1d, code: 0x100, data: []byte{}}},
		{"DATAGRAM to the packet's end", append(varints(0x30), "abc"...), frame{kind: 0x30, data: []byte("abc")}},
		{"DATAGRAM with length", append(varints(0x31, 3), "abc"...), frame{kind: 0x31, data: []byte("abc")}},
		{"PATH_CHALLENGE", append(varints(0x1a), "12345678"...), frame{kind: 0x1a, data: []byte("12345678")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := parseFrame(c.b)
			c.want.size = len(c.b)
			if err != nil || f.kind != c.want.kind || f.stream != c.want.stream || f.offset != c.want.offset || f.limit != c.want.limit ||
				f.code != c.want.code || f.cause != c.want.cause || f.fin != c.want.fin || f.size != c.want.size ||
				!bytes.Equal(f.data, c.want.data) || !bytes.Equal(f.token, c.want.token) {
				t.Errorf("%+v %v\nwant %+v", f, err, c.want)
			}
			for n := 1; n < len(c.b) && c.want.kind != framePadding && c.want.kind != 9 && c.want.kind != 0x30; n++ {
				if _, err := parseFrame(c.b[:n]); err == nil {
					t.Errorf("%d bytes of it are a frame", n)
				}
			}
		})
	}
}

func TestRangesOfAnACK(t *testing.T) {
	for _, c := range []struct {
		name string
		b    []byte
		want []span
	}{
		{"one range", varints(2, 10, 0, 0, 3), []span{{7, 11}}},
		{"two ranges", varints(2, 10, 0, 1, 3, 1, 2), []span{{7, 11}, {2, 5}}},
		{"down to 0", varints(2, 1, 0, 0, 1), []span{{0, 2}}},
		{"a range below 0", varints(2, 1, 0, 0, 2), nil},
		{"a gap below 0", varints(2, 4, 0, 1, 3, 0, 0), []span{{1, 5}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := parseFrame(c.b)
			if err != nil {
				t.Fatal(err)
			}
			var got []span
			var a acked
			for {
				from, to, ok := a.next(&f)
				if !ok {
					break
				}
				got = append(got, span{from, to})
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
