package dissecttest

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Write is what one side sent at once; on datagram transports one datagram.
type Write struct {
	Dir  layer.Direction
	Data string
	Gap  int // bytes missing before Data
}

// Client returns what the client writes.
func Client(data string) Write { return Write{Dir: layer.ToServer, Data: data} }

// Server returns what the server writes.
func Server(data string) Write { return Write{Dir: layer.ToClient, Data: data} }

// Lost makes n bytes missing before w.
func Lost(n int, w Write) Write { w.Gap = n; return w }

// Game says how a conversation is played. The zero value plays each write as
// one packet of a stream whose beginning was seen, and leaves it open.
type Game struct {
	Context dissect.Context
	Names   map[string]layer.Protocol // what outer protocols announce, for Sink.Announced
	// Cut divides the data of write i into packets; nil leaves it whole.
	Cut    func(i int, data []byte) [][]byte
	Closed bool // the connection was closed properly
	Silent bool // layers are not described
}

// Play feeds writes to a new dissector of p, finishes it, and returns what it
// said. Packet numbers count from 1, a packet takes a microsecond. The bytes
// of a chunk are overwritten once Feed has returned, so that a dissector that
// holds on to them is found out.
func (g Game) Play(p dissect.Protocol, writes ...Write) *Recorder {
	r := &Recorder{Silent: g.Silent, Names: g.Names}
	d := p.New(g.Context)
	var offset [2]int64
	for i, w := range writes {
		pieces := [][]byte{[]byte(w.Data)}
		if g.Cut != nil && !g.Context.Datagram {
			pieces = g.Cut(i, []byte(w.Data))
		}
		for k, piece := range pieces {
			r.Packet++
			c := dissect.Chunk{Dir: w.Dir, Data: append([]byte(nil), piece...), At: layer.PacketRef{Number: r.Packet, Nanos: int64(r.Packet) * 1000}}
			if k == 0 {
				c.Gap = w.Gap
				offset[w.Dir] += int64(w.Gap)
			}
			c.Offset = offset[w.Dir]
			offset[w.Dir] += int64(len(piece))
			buffer := c.Data
			d.Feed(r, c)
			for n := range buffer {
				buffer[n] = 0xee
			}
		}
	}
	d.Finish(r, g.Closed)
	return r
}

// Play plays writes, each as one packet, and leaves the connection open.
func Play(p dissect.Protocol, writes ...Write) *Recorder { return Game{}.Play(p, writes...) }

// Pieces cuts each write into packets of n bytes.
func Pieces(n int) func(int, []byte) [][]byte {
	return func(_ int, data []byte) [][]byte {
		var out [][]byte
		for len(data) > n {
			out, data = append(out, data[:n]), data[n:]
		}
		return append(out, data)
	}
}

// CutAt cuts write i at byte n and leaves the others whole.
func CutAt(i, n int) func(int, []byte) [][]byte {
	return func(k int, data []byte) [][]byte {
		if k != i || n <= 0 || n >= len(data) {
			return [][]byte{data}
		}
		return [][]byte{data[:n], data[n:]}
	}
}

// Failer is what a testing.T, B or F is to EveryCut.
type Failer interface {
	Helper()
	Errorf(format string, args ...any)
}

// EveryCut plays writes whole, in pieces of 1 to 16 bytes, and cut in two at
// each place, and fails the test where the story differs from the whole one's.
// It returns the whole one.
func (g Game) EveryCut(t Failer, p dissect.Protocol, writes ...Write) *Recorder {
	t.Helper()
	g.Cut = nil
	whole := g.Play(p, writes...)
	want := whole.Story()
	check := func(how string, n int, cut func(int, []byte) [][]byte) bool {
		t.Helper()
		g.Cut = cut
		if got := g.Play(p, writes...).Story(); got != want {
			t.Errorf("%s %d:\n%s\nwhole:\n%s", how, n, got, want)
			return false
		}
		return true
	}
	for n := 1; n <= 16; n++ {
		if !check("in pieces of", n, Pieces(n)) {
			return whole
		}
	}
	for i, w := range writes {
		for n := 1; n < len(w.Data); n++ {
			if !check("cut at byte", n, CutAt(i, n)) {
				return whole
			}
		}
	}
	return whole
}

// EveryCut plays writes cut in every way and leaves the connection open.
func EveryCut(t Failer, p dissect.Protocol, writes ...Write) *Recorder {
	t.Helper()
	return Game{}.EveryCut(t, p, writes...)
}
