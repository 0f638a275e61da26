// Package link joins the lab's hosts: a switch in user space with a leg to each
// host's TAP device. It delays, limits, loses, repeats and reorders frames as
// told, records them at each host and in the middle, and keeps the truth about
// them: who sent what again, what was lost and where. One thread does all of it,
// so the stamps of all vantages come from one clock in one order.
package link

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/lab/pcapng"
)

// Middle is the vantage in the switch: each frame passes it once, after the
// sender's leg and before the receiver's.
const Middle = "middle"

// Port joins one host. Device is the host's TAP, opened non-blocking.
type Port struct {
	Host     string
	MAC      [6]byte
	Device   int
	Up, Down Leg // towards the middle, and from it
}

// Event is something that the link did to a frame.
type Event struct {
	Time        time.Time      `json:"time"` // when it was done; for a loss about when the frame would have gone on
	Action      Action         `json:"action"`
	Reason      string         `json:"reason"` // the rule's name, "random" or "queue full"
	Where       string         `json:"where"`  // before-middle or after-middle
	From        string         `json:"from"`
	Protocol    uint8          `json:"protocol"` // IP protocol
	Src         netip.AddrPort `json:"src"`
	Dst         netip.AddrPort `json:"dst"`
	Seq         uint32         `json:"seq,omitempty"`
	RelativeSeq uint32         `json:"relative_seq,omitempty"`
	Payload     int            `json:"payload"`
	Flags       string         `json:"flags,omitempty"`
	Retransmit  bool           `json:"retransmission,omitempty"`
}

// Lateness is how much later than planned frames reached the hosts: what the
// machine's scheduler added to the delays set.
type Lateness struct {
	Mean float64 `json:"mean_s"`
	Max  float64 `json:"max_s"`
}

// Network is the switch. Set it up, Start it, use the hosts, Stop it; then read
// what it saw.
type Network struct {
	Rules []*Rule
	// Misses says which frames a vantage's capture does not hold though they
	// pass; nil for none.
	Misses func(vantage string, f Frame) bool
	// SnapLength cuts the frames in the captures to so many bytes; 0 for none.
	SnapLength int

	ports    []*Port
	watched  []*watch
	random   *rand.Rand
	origin   time.Time
	queue    queue
	tracker  *tracker
	records  map[string][]pcapng.Packet
	events   []Event
	longest  int
	late     time.Duration
	latest   time.Duration
	arrivals int

	stop chan struct{}
	done sync.WaitGroup
	err  error
}

// New makes a switch without ports; the seed decides what random loss and
// jitter do.
func New(seed uint64) *Network {
	return &Network{
		random:  rand.New(rand.NewPCG(seed, seed)),
		origin:  time.Now(),
		tracker: newTracker(),
		records: map[string][]pcapng.Packet{},
		stop:    make(chan struct{}),
	}
}

// Attach adds a port. Not while the network runs.
func (n *Network) Attach(p *Port) { n.ports = append(n.ports, p) }

// Watch records what passes a host's loopback device in that host's capture.
// packets is what netns.Loopback returned. Not while the network runs.
func (n *Network) Watch(host string, packets int) {
	n.watched = append(n.watched, &watch{host, packets})
}

// watch is a host's loopback device.
type watch struct {
	host    string
	packets int
}

// Start begins to forward.
func (n *Network) Start() {
	n.done.Add(1)
	go n.run()
}

// Stop ends forwarding and returns what went wrong meanwhile, if anything did.
// Frames still on their way are not delivered.
func (n *Network) Stop() error {
	close(n.stop)
	n.done.Wait()
	return n.err
}

// now is the wall clock as it was at the start plus the monotonic time since.
func (n *Network) now() time.Time {
	return n.origin.Round(0).Add(time.Since(n.origin))
}

// spin is how long before an event the loop stops sleeping and polls instead:
// about what a sleeping thread needs to wake.
const spin = 60 * time.Microsecond

func (n *Network) run() {
	defer n.done.Done()
	runtime.LockOSThread()
	// With real-time priority the delays hold on a busy machine too; without
	// the right to it they hold less well, and the truth's lateness says so.
	_ = unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 10}, 0)
	var fds []unix.PollFd
	for _, w := range n.watched {
		fds = append(fds, unix.PollFd{Fd: int32(w.packets), Events: unix.POLLIN})
	}
	for _, p := range n.ports {
		fds = append(fds, unix.PollFd{Fd: int32(p.Device), Events: unix.POLLIN})
	}
	for {
		select {
		case <-n.stop:
			return
		default:
		}
		n.happen()
		wait := n.queue.wait(n.now(), 20*time.Millisecond)
		timeout := unix.NsecToTimespec(int64(max(wait-spin, 0)))
		ready, err := unix.Ppoll(fds, &timeout, nil)
		if err != nil && !errors.Is(err, unix.EINTR) {
			n.err = fmt.Errorf("link: poll: %w", err)
			return
		}
		if ready <= 0 {
			continue
		}
		for i := range fds {
			switch {
			case fds[i].Revents == 0:
			case i < len(n.watched):
				n.watched[i].receive(n)
			default:
				n.receive(n.ports[i-len(n.watched)])
			}
		}
	}
}

// happen lets everything happen whose time has come.
func (n *Network) happen() {
	for {
		e, ok := n.queue.due(n.now())
		if !ok {
			return
		}
		e.do(e.at)
	}
}

// receive records the frames that passed loopback since.
func (w *watch) receive(n *Network) {
	var buffer [65536]byte
	for {
		length, from, err := unix.Recvfrom(w.packets, buffer[:], 0)
		if err != nil || length <= 0 {
			return
		}
		if l, ok := from.(*unix.SockaddrLinklayer); ok && l.Pkttype == unix.PACKET_OUTGOING {
			continue // each frame leaves and arrives: once is enough
		}
		now := n.now()
		f := Parse(append([]byte(nil), buffer[:length]...))
		n.tracker.sent(w.host, &f, now)
		delivered(f, now)
		n.recordOn(w.host, Loopback, pcapng.Unknown, f, now)
	}
}

// receive takes the frames that a host has sent.
func (n *Network) receive(p *Port) {
	var buffer [65536]byte
	for {
		length, err := unix.Read(p.Device, buffer[:])
		if err != nil || length <= 0 {
			return // EAGAIN: no more for now
		}
		now := n.now()
		f := Parse(append([]byte(nil), buffer[:length]...))
		n.tracker.sent(p.Host, &f, now)
		n.longest = max(n.longest, length)
		n.record(p.Host, pcapng.Outbound, f, now)
		n.pass(p, &p.Up, SenderHalf, f, now, func(at time.Time) { n.forward(p, f, at) })
	}
}

// forward takes a frame through the middle and on to its receivers.
func (n *Network) forward(from *Port, f Frame, at time.Time) {
	n.record(Middle, pcapng.Unknown, f, n.now())
	for _, to := range n.ports {
		group := f.Bytes[0]&1 != 0 // multicast and broadcast
		if to == from || !(group || [6]byte(f.Bytes[:6]) == to.MAC) {
			continue
		}
		n.pass(from, &to.Down, ReceiverHalf, f, at, func(at time.Time) { n.deliver(to, f, at) })
	}
}

// deliver hands a frame to a host.
func (n *Network) deliver(to *Port, f Frame, at time.Time) {
	now := n.now()
	late := now.Sub(at)
	n.late, n.latest, n.arrivals = n.late+late, max(n.latest, late), n.arrivals+1
	delivered(f, now)
	n.record(to.Host, pcapng.Inbound, f, now)
	if _, err := unix.Write(to.Device, f.Bytes); err != nil && n.err == nil {
		n.err = fmt.Errorf("link: to %s: %w", to.Host, err)
	}
}

// pass sends a frame over a leg, with what the rules do to it there, and calls
// then at its end: never, once, late or twice.
func (n *Network) pass(from *Port, l *Leg, half Half, f Frame, now time.Time, then func(time.Time)) {
	if l.loses(n.random) {
		n.note(now, Drop, "random", half, from, f)
		return
	}
	var extra time.Duration
	copies := 1
	for _, r := range n.Rules {
		if !r.chooses(from.Host, half, f, n.random) {
			continue
		}
		n.note(now, r.Action, r.Name, half, from, f)
		switch r.Action {
		case Drop:
			return
		case Duplicate:
			copies++
		case Delay:
			extra += r.Extra
		}
	}
	for range copies {
		at, ok := l.arrival(now, len(f.Bytes), n.random)
		if !ok {
			n.note(now, Drop, "queue full", half, from, f)
			return
		}
		n.queue.add(at.Add(extra), then)
	}
}

func (n *Network) note(at time.Time, a Action, reason string, half Half, from *Port, f Frame) {
	e := Event{
		Time: at, Action: a, Reason: reason, Where: half.String(), From: from.Host,
		Protocol: f.Protocol, Src: f.Src, Dst: f.Dst, Payload: f.Payload,
	}
	if f.Protocol == ProtocolTCP {
		e.Seq, e.Flags, e.Retransmit = f.Seq, f.FlagNames(), f.Retransmit
		if c := f.conversation; c != nil && c.from(f).ISN != nil {
			e.RelativeSeq = f.Seq - *c.from(f).ISN
		}
	}
	n.events = append(n.events, e)
}

// The interfaces of a host's capture.
const (
	Wire     = 0
	Loopback = 1
)

func (n *Network) record(vantage string, d pcapng.Direction, f Frame, at time.Time) {
	n.recordOn(vantage, Wire, d, f, at)
}

func (n *Network) recordOn(vantage string, on int, d pcapng.Direction, f Frame, at time.Time) {
	if n.Misses != nil && n.Misses(vantage, f) {
		return
	}
	p := pcapng.Packet{Time: at, Direction: d, Data: f.Bytes, Length: len(f.Bytes), Interface: on}
	if n.SnapLength > 0 && len(p.Data) > n.SnapLength {
		p.Data = p.Data[:n.SnapLength]
	}
	n.records[vantage] = append(n.records[vantage], p)
	if c := f.conversation; c != nil {
		c.recorded(vantage, f)
	}
}

// Packets is what the vantage (a host's name, or Middle) recorded. Only after Stop.
func (n *Network) Packets(vantage string) []pcapng.Packet { return n.records[vantage] }

// Conversations lists the conversations in the order of their first frames. Only after Stop.
func (n *Network) Conversations() []*Conversation { return n.tracker.all }

// Events lists what the rules and losses did, in time. Only after Stop.
func (n *Network) Events() []Event { return n.events }

// LongestFrame is the length in bytes of the longest frame a host sent.
func (n *Network) LongestFrame() int { return n.longest }

// Lateness says how well the delays were kept.
func (n *Network) Lateness() Lateness {
	if n.arrivals == 0 {
		return Lateness{}
	}
	return Lateness{Mean: n.late.Seconds() / float64(n.arrivals), Max: n.latest.Seconds()}
}
