package quic

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// recorder is a Sink that keeps what a dissector says.
type recorder struct {
	dissecttest.Recorder // for what these tests do not ask

	kinds    [2][]string
	layers   []layer.Layer
	problems []string
	quic     *flow.QUIC
	name     string
}

func (r *recorder) Message(m *flow.Message) { r.kinds[m.Dir] = append(r.kinds[m.Dir], m.Kind) }
func (r *recorder) Layer(_ layer.Protocol, describe func() layer.Layer) {
	l := describe()
	r.layers = append(r.layers, l)
	r.Layers = append(r.Layers, dissecttest.Layer{Layer: l})
}
func (r *recorder) Problem(_ layer.Protocol, text string) { r.problems = append(r.problems, text) }
func (r *recorder) Recording() bool                       { return true }
func (r *recorder) QUIC(q *flow.QUIC)                     { c := *q; r.quic = &c }
func (r *recorder) HTTP2(*flow.HTTP2)                     {}
func (r *recorder) ServerName(name string)                { r.name = name }

// datagram is one datagram of a conversation.
type datagram struct {
	dir  layer.Direction
	data []byte
}

// play feeds datagrams, each as one packet.
func play(list []datagram) *recorder { return playWith(dissect.Context{}, list) }

func playWith(c dissect.Context, list []datagram) *recorder {
	r := &recorder{quic: &flow.QUIC{}}
	held := &budget{}
	d := newDissector(c, held)
	for i, g := range list {
		buffer := append([]byte(nil), g.data...)
		d.Feed(r, dissect.Chunk{Dir: g.dir, Data: buffer, At: layer.PacketRef{Number: i + 1, Nanos: int64(i+1) * 1000}})
		for k := range buffer { // the chunk's bytes are gone after the call
			buffer[k] = 0xee
		}
	}
	d.Finish(r, true)
	if held.used != 0 {
		panic("bytes are still held")
	}
	return r
}
