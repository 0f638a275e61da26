package link

import (
	"math/rand/v2"
	"time"
)

// Half is one of the two halves of the way between two hosts.
type Half int

// The middle vantage lies between the halves: what is lost on SenderHalf is
// seen only at the sender, what is lost on ReceiverHalf also in the middle.
const (
	ReceiverHalf Half = iota // the default place of loss
	SenderHalf
)

// String names the half as the truth files do.
func (h Half) String() string {
	if h == SenderHalf {
		return "before-middle"
	}
	return "after-middle"
}

// Action is what a rule does to the frame it has chosen.
type Action string

// The actions. Delay holds the frame back by Rule.Extra, so that later frames
// overtake it.
const (
	Drop      Action = "drop"
	Duplicate Action = "duplicate"
	Delay     Action = "delay"
)

// Match says whether a rule is about a frame.
type Match func(Frame) bool

// Rule disturbs chosen frames from one host: of those that match, the Nth
// (counted from 1) and the Count-1 that follow, or, with Nth 0, each with
// Probability.
type Rule struct {
	Name        string
	From        string // the sending host
	Half        Half
	Match       Match
	Nth, Count  int
	Probability float64
	Action      Action
	Extra       time.Duration

	seen int
}

// chooses counts a frame that matches and says whether it is to be disturbed.
func (r *Rule) chooses(from string, half Half, f Frame, random *rand.Rand) bool {
	if from != r.From || half != r.Half || !r.Match(f) {
		return false
	}
	r.seen++
	if r.Nth == 0 {
		return random.Float64() < r.Probability
	}
	return r.seen >= r.Nth && r.seen < r.Nth+max(r.Count, 1)
}

// Data matches TCP segments with payload that the sender sends for the first time.
func Data(f Frame) bool {
	return f.Protocol == ProtocolTCP && f.Payload > 0 && !f.Retransmit
}

// Retransmission matches TCP segments that repeat bytes, SYN or FIN.
func Retransmission(f Frame) bool { return f.Protocol == ProtocolTCP && f.Retransmit }

// AnySYN matches each SYN, also SYN-ACK and repeated ones.
func AnySYN(f Frame) bool { return f.Protocol == ProtocolTCP && f.Flags&SYN != 0 }

// Datagram matches UDP datagrams.
func Datagram(f Frame) bool { return f.Protocol == ProtocolUDP }

// IP matches every IPv4 and IPv6 packet.
func IP(f Frame) bool { return f.Protocol != 0 }
