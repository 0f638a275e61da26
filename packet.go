package wiresight

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/layer"
)

// ErrNoIndex is returned where Options.Index was not set.
var ErrNoIndex = errors.New("the packets of this session were not indexed")

const flagFragment = 1 // PacketInfo.flags: an IP fragment, which another packet may complete

// How far back a conversation is replayed for one packet's description. Rows
// of a packet list are many and want little; a packet that somebody looks at
// is worth more.
const (
	replayForRow    = 4_000
	replayForDetail = 200_000
	keepReplays     = 64
)

// replayCache keeps chains that have replayed a conversation up to some
// packet, so that scrolling on costs only the packets between.
type replayCache struct {
	mu      sync.Mutex
	replays []*replay // most recently used last
}

type replay struct {
	conversation int
	chain        *decode.Chain
	last         int // number of the last packet replayed
}

// Packet decodes one packet in full. It replays the packet's conversation
// through the same dissectors that read it first, so it may take a while for
// the last packet of a long one.
func (s *Session) Packet(number int) (*Packet, error) {
	s.replays.mu.Lock()
	defer s.replays.mu.Unlock()
	return s.describe(number, replayForDetail)
}

// Packets decodes n packets from number from on, for the rows of a list. Rows
// late in a very long conversation are described without its history.
func (s *Session) Packets(from, n int) ([]Packet, error) {
	s.replays.mu.Lock()
	defer s.replays.mu.Unlock()
	var rows []Packet
	for i := from; i < from+n; i++ {
		p, err := s.describe(i, replayForRow)
		if errors.Is(err, errNoPacket) {
			break
		}
		if err != nil {
			return rows, err
		}
		rows = append(rows, *p)
	}
	return rows, nil
}

var errNoPacket = errors.New("no such packet")

// entries returns the index as far as it is filled. Entries do not change once
// they are there, so it is read without the lock.
func (s *Session) entries() []PacketInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index
}

// together returns the conversations that are replayed together with one: a
// connection that changed its addresses is in several. The first one, by which
// the replay is known, is where it began.
func (s *Session) together(conversation int) []uint32 {
	if conversation == 0 {
		return []uint32{0}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.chain.Conversation(conversation)
	if c.Continues != 0 {
		c = s.chain.Conversation(c.Continues)
	}
	ids := []uint32{uint32(c.ID)}
	for _, id := range c.Paths {
		ids = append(ids, uint32(id))
	}
	return ids
}

// firstPacket returns the number of a conversation's first packet.
func (s *Session) firstPacket(conversation int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chain.Conversation(conversation).First.Number
}

// replayOptions completes the options of a chain that replays a conversation.
func (s *Session) replayOptions(conversation int, o decode.Options) decode.Options {
	if conversation > 0 {
		s.mu.Lock()
		o.FirstID, o.Foretold = conversation, s.chain.Conversation(conversation).Foretold
		s.mu.Unlock()
	}
	return s.chainOptions(o)
}

// maxFragments is how far before a conversation's first packet the fragments
// of that packet are looked for.
const maxFragments = 1000

// before returns the numbers of the packets that the replay of conversations
// takes before packet number, of those behind packet last the final most.
func (s *Session) before(index []PacketInfo, ids []uint32, number, last, most int) (numbers []int) {
	if ids[0] == 0 {
		return nil
	}
	from := max(last, s.firstPacket(int(ids[0]))-maxFragments)
	for i := number - 2; i >= from && len(numbers) < most; i-- {
		if index[i].replayedWith(ids) {
			numbers = append(numbers, i+1)
		}
	}
	slices.Reverse(numbers)
	return numbers
}

// replayedWith reports whether the replay of conversations needs the packet: it
// is their own, or a fragment, which may complete one that is.
func (p *PacketInfo) replayedWith(ids []uint32) bool {
	return slices.Contains(ids, p.Conversation) || p.flags&flagFragment != 0
}

func (s *Session) describe(number, most int) (*Packet, error) {
	if s.again == nil {
		return nil, ErrNoIndex
	}
	index := s.entries()
	if number < 1 || number > len(index) {
		return nil, fmt.Errorf("packet %d: %w", number, errNoPacket)
	}
	p := index[number-1]
	ids := s.together(int(p.Conversation))
	first := int(ids[0])
	r := s.replays.take(first, number, s.replayOptions(first, decode.Options{Record: true}))
	before := s.before(index, ids, number, r.last, most)
	if len(before) == most && r.last == 0 && most < replayForDetail {
		before = nil // too much history for a row
	}
	defer s.replays.put(r)
	var f capture.Frame
	for _, n := range before {
		if err := s.frame(index, n, &f); err != nil {
			return nil, err
		}
		r.chain.Packet(&f)
		r.last = n
	}
	if err := s.frame(index, number, &f); err != nil {
		return nil, err
	}
	result := r.chain.Packet(&f)
	r.last = number
	return packet(&f, result, int(p.Conversation)), nil
}

// frame reads a frame again.
func (s *Session) frame(index []PacketInfo, number int, f *capture.Frame) error {
	err := s.again.FrameAt(number, index[number-1].Offset, f)
	f.Number = number
	return err
}

// take returns a replay of a conversation that has not passed the packet yet,
// or a new one.
func (c *replayCache) take(conversation, number int, opt decode.Options) *replay {
	for i, r := range c.replays {
		if r.conversation == conversation && r.last < number {
			c.replays = append(c.replays[:i], c.replays[i+1:]...)
			return r
		}
	}
	return &replay{conversation: conversation, chain: decode.New(opt)}
}

// put takes a replay back. Those of no conversation are of no use again.
func (c *replayCache) put(r *replay) {
	if r.conversation == 0 {
		return
	}
	if len(c.replays) >= keepReplays {
		c.replays[0].chain.Finish() // its dissectors may hold decoders that want to be closed
		c.replays = append(c.replays[:0], c.replays[1:]...)
	}
	c.replays = append(c.replays, r)
}

// close finishes all replays.
func (c *replayCache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.replays {
		r.chain.Finish()
	}
	c.replays = nil
}

// packet copies a chain's result.
func packet(f *capture.Frame, r *decode.Result, conversation int) *Packet {
	p := &Packet{
		Number: f.Number, Time: f.Time(), Length: f.Length, Interface: f.Interface,
		Data: append([]byte(nil), f.Data...), Comments: f.Comments,
		Layers: append([]layer.Layer(nil), r.Layers...), Problems: append([]layer.Problem(nil), r.Problems...),
		Conversation: conversation, Dir: r.Dir, Protocol: r.Top,
	}
	p.Source, p.Destination = r.Addresses()
	p.Summary = summary(p.Layers)
	return p
}

// summary joins the summaries of the innermost protocol's units, as a packet
// list shows them. Where a unit was decrypted, its content stands for it.
func summary(layers []layer.Layer) string {
	if len(layers) == 0 {
		return ""
	}
	last := len(layers) - 1
	text := layers[last].Summary
	for i := last - 1; i >= 0 && layers[i].Protocol == layers[last].Protocol && (layers[i].OSI > 4 || layers[i].Source != layer.Frame); i-- {
		if layers[i].Source != layer.Decrypted && layers[i+1].Source == layer.Decrypted {
			continue
		}
		text = layers[i].Summary + ", " + text
	}
	return text
}

// EachPacket runs f over every packet that a session reads, decoded in full.
// The packet is valid during the call only. It is used in place of Run. f must
// not call the session's other methods: they wait until f returns.
func (s *Session) EachPacket(f func(*Packet) error) error {
	s.mu.Lock()
	s.chain = decode.New(s.chainOptions(decode.Options{Record: true}))
	s.each = f
	s.mu.Unlock()
	return s.Run()
}

// ConversationPackets returns the numbers of a conversation's packets.
func (s *Session) ConversationPackets(conversation int) []int {
	var numbers []int
	for i, p := range s.entries() {
		if p.Conversation == uint32(conversation) {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}
