package classify_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/file"
)

// frame is what the test itself reads of a captured TCP segment: the product
// is not its own witness.
type frame struct {
	number   int
	time     time.Time
	fromHost string // by the address: 10.7.0.1 is the lab's client
	seq, ack uint32
	payload  int
	syn      bool
	sacked   uint32 // the highest left edge of its SACK blocks; 0 for none
}

// segments reads the IPv4 TCP segments of a capture of the lab.
func segments(t *testing.T, path string) (list []frame) {
	t.Helper()
	src, err := file.Open(path, file.Options{Context: context.Background()})
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var f capture.Frame
	for n := 1; src.Next(&f) == nil; n++ {
		b := f.Data
		if len(b) < 54 || b[12] != 8 || b[13] != 0 || b[23] != 6 {
			continue
		}
		ip := b[14:]
		tcp := ip[int(ip[0]&15)*4:]
		header := int(tcp[12]>>4) * 4
		x := frame{number: n, time: time.Unix(0, f.Nanos), fromHost: "client", seq: binary.BigEndian.Uint32(tcp[4:]), ack: binary.BigEndian.Uint32(tcp[8:]),
			payload: int(binary.BigEndian.Uint16(ip[2:])) - int(ip[0]&15)*4 - header, syn: tcp[13]&2 != 0}
		if ip[15] != 1 {
			x.fromHost = "server"
		}
		for o := tcp[20:header]; len(o) > 1 && o[0] != 0; {
			if o[0] == 1 {
				o = o[1:]
				continue
			}
			for i := 2; o[0] == 5 && i+8 <= int(o[1]); i += 8 {
				if left := binary.BigEndian.Uint32(o[i:]); x.sacked == 0 || int32(left-x.sacked) > 0 {
					x.sacked = left
				}
			}
			o = o[max(1, min(int(o[1]), len(o))):]
		}
		list = append(list, x)
	}
	return list
}

// resent is a segment that a host sent again, and why, as the link and the
// sender's own wire tell it.
type resent struct {
	time    time.Time
	host    string
	seq     uint32
	payload int
	causes  []string // more than one where nobody but the sender can know
	lost    string   // the half of the link where this copy was lost, too; "" where it arrived
}

// leastTimer is what no retransmission timer of Linux is below (TCP_RTO_MIN,
// less the tick of its clock).
const leastTimer = 190 * time.Millisecond

// resends gives each retransmission of a scenario its cause. The link knows
// whether every copy before it was dropped; where the receiver had one, it was
// needless. What the sender had heard is in its own capture: selective
// acknowledgments of later bytes just before, or silence, and then for how long.
func resends(t *testing.T, s *truth) (list []resent) {
	wires := map[string][]frame{}
	for _, host := range []string{"client", "server"} {
		if files, _ := filepath.Glob(filepath.Join(testdata(), s.Scenario+"."+host+".pcapng")); len(files) > 0 {
			wires[host] = segments(t, files[0])
		}
	}
	// A server whose queue of new connections is full drops what the link
	// delivers, and no wire shows it.
	if slices.Contains(s.Shows, "accept-queue-overflow") {
		return nil
	}
	for _, c := range s.Conversations {
		for host, side := range map[string]side{"client": c.ToServer, "server": c.ToClient} {
			for _, r := range side.Retransmitted {
				if wires[host] == nil || r.Flags == "S." { // that is the answer to a repeated SYN
					continue
				}
				if why := s.why(wires[host], host, &r); why != nil {
					list = append(list, resent{r.Time, host, r.Seq, r.Payload, why, s.lostAt(host, &r)})
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b resent) int { return a.time.Compare(b.time) })
	return list
}

// lostAt returns where the link dropped a segment that was sent again.
func (s *truth) lostAt(host string, r *retransmitted) string {
	for _, e := range s.LinkEvents {
		if after := e.Time.Sub(r.Time); e.Action == "drop" && e.From == host && e.Seq == r.Seq && after >= 0 && after.Seconds() <= s.Link.RTT/2+s.Link.Jitter {
			return e.Where
		}
	}
	return ""
}

// why returns a retransmission's cause; nil for bytes that went in a SYN and
// were refused, which is no loss.
func (s *truth) why(wire []frame, host string, r *retransmitted) []string {
	if r.Flags == "S" {
		return []string{"syn-retry"}
	}
	dropped, copies := 0, 0
	for _, e := range s.LinkEvents {
		if e.Action == "drop" && e.From == host && e.Seq == r.Seq && e.Payload > 0 && e.Time.Before(r.Time) {
			dropped++
		}
	}
	var last, told time.Time
	for i := range wire {
		x := &wire[i]
		switch {
		case !x.time.Before(r.Time.Add(-time.Microsecond)):
		case x.fromHost == host && x.seq == r.Seq && x.payload > 0:
			copies, last = copies+1, x.time
		case x.fromHost != host && x.sacked != 0 && int32(x.sacked-r.Seq) > 0:
			told = x.time
		}
	}
	wait := r.Time.Sub(last)
	informed := told.After(last) && r.Time.Sub(told) < 30*time.Millisecond+time.Duration(s.Link.RTT/4*1e9)
	switch {
	case copies == 0:
		return nil
	case dropped < copies:
		return []string{"spurious-retransmission"}
	case informed:
		return []string{"fast-recovery"}
	case wait < leastTimer:
		return []string{"tail-loss-probe"}
	case dropped == 1 && wait < time.Second: // Linux lets a probe of one segment wait as long as the timer
		return []string{"retransmission-timeout", "tail-loss-probe"}
	}
	return []string{"retransmission-timeout"}
}

// find returns the packet of a capture that is this one, and whether the
// capture shows that it was sent again: an earlier copy, or later bytes.
func (r *resent) find(wire []frame, vantage string) (number int, tells bool) {
	if r.lost != "" && vantage != r.host && !(vantage == "middle" && r.lost == "after-middle") {
		return 0, false
	}
	const slack = 4 * time.Millisecond
	for i := range wire {
		x := &wire[i]
		if x.fromHost != r.host {
			continue
		}
		if x.seq == r.seq && x.payload == r.payload && x.time.After(r.time.Add(-slack)) {
			return x.number, tells
		}
		tells = tells || int32(x.seq-r.seq) >= 0 && x.payload > 0 || x.syn && x.seq == r.seq
	}
	return 0, false
}

// causes are the findings that say why something was sent again.
var causes = []string{"retransmission-timeout", "tail-loss-probe", "fast-recovery", "syn-retry", "spurious-retransmission", "mtu-black-hole"}

// The cause that is given for each segment sent again is the one that the link
// and the sender's own wire tell.
func TestEachLossHasItsCause(t *testing.T) {
	table := map[[2]string]int{}
	right, all, captured, clean := 0, 0, 0, 0
	for _, s := range scenarios(t) {
		again := resends(t, &s)
		if len(again) == 0 {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			wire := segments(t, path)
			claimed := read(t, path).causes()
			seen, wrong := 0, 0
			for i := range again {
				r := &again[i]
				number, tells := r.find(wire, strings.Split(filepath.Base(path), ".")[1])
				if number == 0 || !tells {
					delete(claimed, number)
					continue
				}
				seen++
				got := claimed[number]
				delete(claimed, number)
				label := strings.Join(r.causes, " or ")
				if slices.Contains(r.causes, got) {
					right++
				} else {
					wrong++
					t.Logf("%s: packet %d: %q, not %s", filepath.Base(path), number, got, label)
				}
				table[[2]string{label, got}]++
			}
			all += seen
			for number, got := range claimed {
				if got != "spurious-retransmission" {
					wrong++
					t.Errorf("%s: packet %d: %s, but nothing was sent again there", path, number, got)
				}
			}
			if seen > 0 {
				captured++
				if wrong == 0 {
					clean++
				}
			}
		}
	}
	rows := make([]string, 0, len(table))
	for k, n := range table {
		rows = append(rows, fmt.Sprintf("%-42s as %-26q %4d", k[0], k[1], n))
	}
	slices.Sort(rows)
	t.Logf("%d of %d segments sent again, and all of %d of %d captures, have the right cause:\n%s", right, all, clean, captured, strings.Join(rows, "\n"))
	if captured < 40 || float64(right) < 0.95*float64(all) || float64(clean) < 0.95*float64(captured) {
		t.Errorf("%d of %d segments, %d of %d captures", right, all, clean, captured)
	}
}

// causes gives the finding for each packet that was sent again.
func (r *result) causes() map[int]string {
	list := map[int]string{}
	for i := range r.conversations {
		for _, f := range r.conversations[i].Findings {
			if !slices.Contains(causes, f.ID) || f.ID == "mtu-black-hole" {
				continue
			}
			for _, o := range f.Occurrences {
				n := o.Packets[len(o.Packets)-1]
				if f.ID == "spurious-retransmission" && len(o.Packets) > 2 {
					n = o.Packets[1] // the last one proves it
				}
				list[n] = f.ID
			}
		}
	}
	return list
}
