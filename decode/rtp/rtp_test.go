package rtp

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/dissect/dissecttest"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func packet(kind uint8, sequence uint16, stamp uint32) []byte {
	b := []byte{0x80, kind}
	b = binary.BigEndian.AppendUint16(b, sequence)
	b = binary.BigEndian.AppendUint32(b, stamp)
	b = binary.BigEndian.AppendUint32(b, 0xabcd)
	return append(b, make([]byte, 160)...)
}

// measure plays packets that come every 20 ms, but for those that are moved.
func measure(kind uint8, rate uint32, sequences []uint16, late map[int]int64) flow.RTPStream {
	r := &rtpRecorder{}
	d := newMedia()
	for i, n := range sequences {
		at := layer.PacketRef{Number: i + 1, Nanos: 1e18 + int64(i)*20e6 + late[i]}
		d.Feed(r, dissect.Chunk{Data: packet(kind, n, uint32(n-sequences[0])*(rate/50)), At: at})
	}
	d.Finish(r, true)
	return r.told.Streams[0]
}

type rtpRecorder struct {
	dissecttest.Recorder
	told *flow.RTP
}

func (r *rtpRecorder) RTP(t *flow.RTP) { r.told = t }

func count(from uint16, n int) (list []uint16) {
	for i := range n {
		list = append(list, from+uint16(i))
	}
	return list
}

func TestLossAndOrderShowInTheNumbers(t *testing.T) {
	whole := count(65500, 100) // wraps around
	lossy := append(append([]uint16{}, whole[:40]...), whole[45:]...)
	swapped := append([]uint16{}, whole...)
	swapped[10], swapped[11] = swapped[11], swapped[10]
	twice := append(append([]uint16{}, whole[:20]...), whole[19:]...)
	for name, test := range map[string]struct {
		numbers               []uint16
		lost, disorder, again int64
	}{
		"in order": {whole, 0, 0, 0}, "five lost": {lossy, 5, 0, 0}, "two swapped": {swapped, 0, 1, 0}, "one twice": {twice, 0, 0, 1},
	} {
		s := measure(0, 8000, test.numbers, nil)
		if s.Lost != test.lost || s.OutOfOrder != test.disorder || s.Duplicates != test.again || s.Packets != int64(len(test.numbers)) {
			t.Errorf("%s: %+v", name, s)
		}
	}
}

func TestJitterFollowsTheFormula(t *testing.T) {
	late := map[int]int64{}
	for i := range 100 {
		late[i] = int64(i%2) * 4e6 // each second one is 4 ms late, so that each distance is 4 ms off
	}
	s := measure(0, 8000, count(1, 100), late)
	if math.Abs(s.Jitter-4e-3) > 1e-4 || s.ClockRate != 8000 || s.ClockLikely {
		t.Errorf("jitter %v, rate %d", s.Jitter, s.ClockRate)
	}
	if s := measure(111, 48000, count(1, 100), nil); s.ClockRate != 48000 || !s.ClockLikely || s.Jitter > 1e-6 {
		t.Errorf("a dynamic type: %+v", s)
	}
}

func TestReportsAndFeedbackAreToldApart(t *testing.T) {
	report := make([]byte, 32)
	report[0], report[1], report[3], report[12] = 0x81, receiverReport, 7, 64
	nack := []byte{0x81, feedback, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 5, 0, 0}
	r := dissecttest.Game{Context: dissect.Context{Datagram: true}}.Play(ControlProtocol(), dissecttest.Client(string(append(report, nack...))))
	if len(r.Messages) != 2 || r.Messages[0].Kind != "receiver_report" || r.Messages[1].Kind != "nack" {
		t.Fatalf("messages %+v", r.Messages)
	}
	if f := r.Messages[0].Facts; len(f) < 2 || f[1].Value != "0.250" {
		t.Errorf("facts %v", f)
	}
	if p := ControlProtocol().Probe(append(report, nack...), true); p.Match != dissect.Yes {
		t.Error("a whole compound packet is not known")
	}
	if p := Protocol().Probe(report, true); p.Match != dissect.No {
		t.Error("a report is taken for media")
	}
}

func FuzzDatagrams(f *testing.F) {
	f.Add(packet(0, 1, 1), []byte{0x81, receiverReport, 0, 1, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		g := dissecttest.Game{Context: dissect.Context{Datagram: true}}
		for _, p := range []dissect.Protocol{Protocol(), ControlProtocol()} {
			p.Probe(a, true)
			g.Play(p, dissecttest.Client(string(a)), dissecttest.Server(string(b)), dissecttest.Client(string(b)))
		}
	})
}

func BenchmarkMedia(b *testing.B) {
	d, r, data := newMedia(), &rtpRecorder{}, packet(0, 1, 1)
	r.Silent = true
	b.ReportAllocs()
	for i := range b.N {
		binary.BigEndian.PutUint16(data[2:], uint16(i))
		r.Layers = r.Layers[:0]
		d.Feed(r, dissect.Chunk{Data: data, At: layer.PacketRef{Number: i + 1, Nanos: int64(i) * 2e7}})
	}
}
