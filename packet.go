package wiresight

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/dissect"
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

// info returns the index entry of a packet and the numbers of its
// conversation's packets from number from up to it, the last most of them, and
// the fragments among them.
func (s *Session) info(number, most, from int) (p PacketInfo, before []int, err error) {
	s.mu.Lock()
	index, again := s.index, s.again // entries do not change once they are there
	if again != nil && number >= 1 && number <= len(index) {
		if id := int(index[number-1].Conversation); id > 0 {
			from = max(from, s.chain.Model().Conversations[id-1].First.Number-maxFragments)
		}
	}
	s.mu.Unlock()
	if again == nil {
		return p, nil, ErrNoIndex
	}
	if number < 1 || number > len(index) {
		return p, nil, fmt.Errorf("packet %d: %w", number, errNoPacket)
	}
	p = index[number-1]
	if p.Conversation == 0 {
		return p, nil, nil
	}
	for i := number - 2; i >= from && len(before) < most; i-- {
		if q := index[i]; q.Conversation == p.Conversation || q.flags&flagFragment != 0 {
			before = append(before, i+1)
		}
	}
	slices.Reverse(before)
	return p, before, nil
}

// maxFragments is how far before a conversation's first packet the fragments
// of that packet are looked for.
const maxFragments = 1000

func (s *Session) offset(number int) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.index[number-1].Offset
}

func (s *Session) describe(number, max int) (*Packet, error) {
	p, _, err := s.info(number, 0, 0)
	if err != nil {
		return nil, err
	}
	r := s.replays.take(int(p.Conversation), number)
	_, before, err := s.info(number, max, r.last)
	if err != nil {
		return nil, err
	}
	if len(before) == max && r.last == 0 && max < replayForDetail {
		before = nil // too much history for a row
	}
	var f capture.Frame
	for _, n := range before {
		if err := s.again.FrameAt(n, s.offset(n), &f); err != nil {
			return nil, err
		}
		f.Number = n
		r.chain.Packet(&f)
	}
	if err := s.again.FrameAt(number, p.Offset, &f); err != nil {
		return nil, err
	}
	f.Number = number
	result := r.chain.Packet(&f)
	r.last = number
	if p.Conversation != 0 {
		s.replays.put(r)
	}
	return packet(&f, result, int(p.Conversation)), nil
}

// take returns a replay of a conversation that has not passed the packet yet,
// or a new one.
func (c *replayCache) take(conversation, number int) *replay {
	for i, r := range c.replays {
		if r.conversation == conversation && r.last < number {
			c.replays = append(c.replays[:i], c.replays[i+1:]...)
			return r
		}
	}
	return &replay{conversation: conversation, chain: decode.New(decode.Options{Record: true, FirstID: conversation})}
}

func (c *replayCache) put(r *replay) {
	if len(c.replays) >= keepReplays {
		c.replays = append(c.replays[:0], c.replays[1:]...)
	}
	c.replays = append(c.replays, r)
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
// list shows them.
func summary(layers []layer.Layer) string {
	if len(layers) == 0 {
		return ""
	}
	last := len(layers) - 1
	text := layers[last].Summary
	for i := last - 1; i >= 0 && layers[i].Protocol == layers[last].Protocol && layers[i].OSI > 4; i-- {
		text = layers[i].Summary + ", " + text
	}
	return text
}

// EachPacket runs f over every packet that a session reads, decoded in full.
// The packet is valid during the call only. It is used in place of Run. f must
// not call the session's other methods: they wait until f returns.
func (s *Session) EachPacket(f func(*Packet) error) error {
	s.mu.Lock()
	s.chain = decode.New(decode.Options{Record: true})
	s.each = f
	s.mu.Unlock()
	return s.Run()
}

// ConversationPackets returns the numbers of a conversation's packets.
func (s *Session) ConversationPackets(conversation int) []int { return s.numbers(conversation, false) }

// numbers returns the numbers of a conversation's packets and, if asked, of
// all fragments: some may complete the conversation's packets.
func (s *Session) numbers(conversation int, fragments bool) []int {
	s.mu.Lock()
	index := s.index
	s.mu.Unlock()
	var numbers []int
	for i, p := range index {
		if p.Conversation == uint32(conversation) || fragments && p.flags&flagFragment != 0 {
			numbers = append(numbers, i+1)
		}
	}
	return numbers
}

// Stream returns the bytes of a conversation's two directions as their
// receivers got them, at most limit bytes.
func (s *Session) Stream(conversation, limit int) ([]StreamChunk, error) {
	if s.again == nil {
		return nil, ErrNoIndex
	}
	var chunks []StreamChunk
	left := limit
	wanted := false // the packet is the conversation's, not another's fragment
	chain := decode.New(decode.Options{FirstID: conversation, Follow: func(_ int, c dissect.Chunk) {
		if left <= 0 || !wanted {
			return
		}
		data := c.Data[:min(len(c.Data), left)]
		left -= len(data)
		chunks = append(chunks, StreamChunk{Dir: c.Dir, At: c.At, Gap: c.Gap, Data: append([]byte(nil), data...)})
	}})
	var f capture.Frame
	for _, n := range s.numbers(conversation, true) {
		if err := s.again.FrameAt(n, s.offset(n), &f); err != nil {
			return chunks, err
		}
		f.Number = n
		wanted = s.conversationOf(n) == conversation
		chain.Packet(&f)
		if left <= 0 {
			break
		}
	}
	wanted = true
	chain.Finish()
	return chunks, nil
}

func (s *Session) conversationOf(number int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.index[number-1].Conversation)
}
