package link

import (
	"net/netip"
	"slices"
	"time"
)

// Conversation is the link's own account of one TCP connection or UDP pair. It
// is kept from the frames as their sender put them on its wire, before any loss.
type Conversation struct {
	Transport  string         `json:"transport"` // tcp or udp
	Client     netip.AddrPort `json:"client"`    // sender of the SYN, or of the first datagram
	Server     netip.AddrPort `json:"server"`
	ClientHost string         `json:"client_host"`
	Start      time.Time      `json:"start"` // when the client sent its first frame
	ToServer   Side           `json:"to_server"`
	ToClient   Side           `json:"to_client"`
	Handshake  *Handshake     `json:"handshake,omitempty"`
	// Packets is how many frames each vantage's capture holds.
	Packets map[string]*Count `json:"packets"`

	// FastOpen: the SYN-ACK acknowledged data that the SYN carried (RFC 7413).
	FastOpen bool `json:"fast_open,omitempty"`
	synData  uint32

	established bool // the client's ACK of the SYN-ACK went out
}

// Side is what one end sent.
type Side struct {
	Segments        int             `json:"segments"`      // TCP segments or datagrams, also empty ones
	DataSegments    int             `json:"data_segments"` // those with payload
	PayloadBytes    int64           `json:"payload_bytes"` // each byte counted once
	Retransmissions int             `json:"retransmissions"`
	Retransmitted   []Retransmitted `json:"retransmitted,omitempty"`
	ZeroWindows     int             `json:"zero_windows,omitempty"` // segments that advertise a window of 0
	FIN             bool            `json:"fin,omitempty"`
	RST             bool            `json:"rst,omitempty"`
	ISN             *uint32         `json:"isn,omitempty"`
	sent            []sequenceRange // relative, sorted, merged
}

// Retransmitted is a segment that repeats sequence numbers already sent.
type Retransmitted struct {
	Time        time.Time `json:"time"` // when it left the sender
	Seq         uint32    `json:"seq"`
	RelativeSeq uint32    `json:"relative_seq"` // to the ISN, as Wireshark shows it
	Payload     int       `json:"payload"`
	Flags       string    `json:"flags"`
}

// Handshake is when the segments of the three-way handshake passed the client's
// own interface.
type Handshake struct {
	SYN    time.Time `json:"syn"`     // the last one before the SYN-ACK
	SYNACK time.Time `json:"syn_ack"` // the first to arrive
	ACK    time.Time `json:"ack"`
	RTT    float64   `json:"rtt_s"` // SYN to SYN-ACK at the client: the path as it really was, with the server's kernel
	SYNs   int       `json:"syns"`  // SYNs that the client sent
}

// Count is packets in each direction.
type Count struct {
	ToServer int `json:"to_server"`
	ToClient int `json:"to_client"`
}

type sequenceRange struct{ from, to uint32 }

type pair struct{ a, b netip.AddrPort }

// tracker keeps the conversations in the order of their first frames.
type tracker struct {
	all  []*Conversation
	open map[pair]*Conversation
}

func newTracker() *tracker { return &tracker{open: map[pair]*Conversation{}} }

func keyOf(f Frame) pair {
	if f.Src.Compare(f.Dst) < 0 {
		return pair{f.Src, f.Dst}
	}
	return pair{f.Dst, f.Src}
}

// sent takes account of a frame that leaves a host, finds its conversation and
// marks it when it is a retransmission.
func (t *tracker) sent(host string, f *Frame, at time.Time) {
	if (f.Protocol != ProtocolTCP && f.Protocol != ProtocolUDP) || f.Src.Port() == 0 {
		return
	}
	c := t.open[keyOf(*f)]
	if c == nil || c.isReplacedBy(*f) {
		c = t.add(host, *f, at)
	}
	f.conversation = c
	s := c.from(*f)
	s.Segments++
	if f.Payload > 0 {
		s.DataSegments++
	}
	if f.Protocol == ProtocolUDP {
		s.PayloadBytes += int64(f.Payload)
		return
	}
	s.segment(f, at)
	c.handshakeSent(*f, at)
}

func (t *tracker) add(host string, f Frame, at time.Time) *Conversation {
	c := &Conversation{
		Transport: "udp", Client: f.Src, Server: f.Dst, ClientHost: host, Start: at,
		Packets: map[string]*Count{},
	}
	if f.Protocol == ProtocolTCP {
		c.Transport = "tcp"
	}
	t.all = append(t.all, c)
	t.open[keyOf(f)] = c
	return c
}

// isReplacedBy tells port reuse: a SYN with another initial sequence number.
func (c *Conversation) isReplacedBy(f Frame) bool {
	if f.Protocol != ProtocolTCP || f.Flags&(SYN|ACK) != SYN {
		return false
	}
	isn := c.from(f).ISN
	return isn != nil && *isn != f.Seq
}

// from is the side that sent the frame.
func (c *Conversation) from(f Frame) *Side {
	if f.Src == c.Client {
		return &c.ToServer
	}
	return &c.ToClient
}

func (s *Side) segment(f *Frame, at time.Time) {
	if s.ISN == nil {
		isn := f.Seq
		s.ISN = &isn
	}
	s.FIN = s.FIN || f.Flags&FIN != 0
	if f.Flags&RST != 0 {
		s.RST = true
		return
	}
	if f.Window == 0 && f.Flags&(SYN|FIN) == 0 {
		s.ZeroWindows++
	}
	from := f.Seq - *s.ISN
	to := from + uint32(f.Payload)
	if f.Flags&SYN != 0 {
		to++
	}
	if f.Flags&FIN != 0 {
		to++
	}
	if from == to {
		return
	}
	before := total(s.sent)
	var overlap bool
	s.sent, overlap = insert(s.sent, sequenceRange{from, to})
	if overlap {
		f.Retransmit = true
		s.Retransmissions++
		s.Retransmitted = append(s.Retransmitted, Retransmitted{
			Time: at, Seq: f.Seq, RelativeSeq: from, Payload: f.Payload, Flags: f.FlagNames(),
		})
	}
	fresh := total(s.sent) - before
	s.PayloadBytes += min(fresh, int64(f.Payload))
}

// insert adds a range and says whether any of it was there before.
func insert(ranges []sequenceRange, r sequenceRange) (merged []sequenceRange, overlap bool) {
	for _, o := range ranges {
		switch {
		case o.to < r.from || o.from > r.to:
			merged = append(merged, o)
		default:
			overlap = overlap || (o.from < r.to && r.from < o.to)
			r.from, r.to = min(r.from, o.from), max(r.to, o.to)
		}
	}
	merged = append(merged, r)
	slices.SortFunc(merged, func(a, b sequenceRange) int { return int(int64(a.from) - int64(b.from)) })
	return merged, overlap
}

func total(ranges []sequenceRange) (n int64) {
	for _, r := range ranges {
		n += int64(r.to - r.from)
	}
	return n
}

func (c *Conversation) handshakeSent(f Frame, at time.Time) {
	switch {
	case f.Src != c.Client:
		if f.Flags&(SYN|ACK) == SYN|ACK && c.synData > 0 && c.ToServer.ISN != nil && f.Ack == *c.ToServer.ISN+1+c.synData {
			c.FastOpen = true
		}
	case f.Flags&(SYN|ACK) == SYN:
		if c.Handshake == nil {
			c.Handshake = &Handshake{}
		}
		c.Handshake.SYNs++
		c.synData = uint32(f.Payload)
		if c.Handshake.SYNACK.IsZero() {
			c.Handshake.SYN = at
		}
	case f.Flags&ACK != 0 && !c.established && c.Handshake != nil && !c.Handshake.SYNACK.IsZero():
		c.established = true
		c.Handshake.ACK = at
	}
}

// delivered takes account of a frame that arrives at a host.
func delivered(f Frame, at time.Time) {
	c := f.conversation
	if c == nil || f.Src == c.Client || f.Flags&(SYN|ACK) != SYN|ACK || c.Handshake == nil {
		return
	}
	if h := c.Handshake; h.SYNACK.IsZero() {
		h.SYNACK = at
		h.RTT = at.Sub(h.SYN).Seconds()
	}
}

// recorded counts a frame in a vantage's capture.
func (c *Conversation) recorded(vantage string, f Frame) {
	n := c.Packets[vantage]
	if n == nil {
		n = &Count{}
		c.Packets[vantage] = n
	}
	if f.Src == c.Client {
		n.ToServer++
	} else {
		n.ToClient++
	}
}
