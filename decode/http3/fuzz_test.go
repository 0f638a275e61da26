package http3

import (
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/http"
	"github.com/wiresight/wiresight/decode/layer"
)

func newNotes() *http.Notes { return new(http.Notes) }

// No bytes on any streams make the dissector panic or keep more than its bounds,
// and missing ones neither.
func FuzzDissector(f *testing.F) {
	f.Add(append(get("/a"), frameOf(frameData, []byte("abc"))...), append(varints(streamControl), frameOf(frameSettings, varints(1, 220))...), uint64(0), uint8(3))
	f.Add([]byte{1, 6, 3, 0x81, 0x10, 0x11, 0xd1, 0xd7}, append(varints(streamEncoder), "\x3f\xbd\x01\xc0\x0fwww.example.com\xc1\x0c/sample/path"...), uint64(4), uint8(1))
	f.Add(append(varints(frameWebTransport, 0), "abc"...), append(varints(streamPush, 3), headers(":status: 200")...), uint64(1), uint8(200))
	f.Fuzz(func(t *testing.T, a, b []byte, stream uint64, size uint8) {
		d := newDissector(newNotes())
		r := &dissecttest.Recorder{}
		number := 0
		feed := func(id uint64, dir layer.Direction, data []byte) {
			for len(data) > 0 {
				n := min(len(data), int(size)+1)
				number++
				c := dissect.Chunk{Dir: dir, Data: data[:n], Stream: id, At: layer.PacketRef{Number: number}, End: n == len(data) && size&1 == 0}
				if size&2 != 0 && number%7 == 0 {
					c.Gap = number % 50
				}
				c.Reset = c.End && size&4 != 0
				d.Feed(r, c)
				data = data[n:]
			}
		}
		feed(3, s2c, b)
		feed(stream, c2s, a)
		feed(stream, s2c, b)
		feed(2, c2s, b)
		feed(6, c2s, a)
		d.Feed(r, dissect.Chunk{Dir: c2s, Data: a, Datagram: true, At: layer.PacketRef{Number: number + 1}})
		d.Finish(r, false)
		if d.held != 0 || len(d.waiting) > 0 || len(d.streams) > 0 {
			t.Errorf("%d bytes are held, %d sides wait, %d streams are open", d.held, len(d.waiting), len(d.streams))
		}
		dissecttest.CheckFields(t, r)
	})
}
