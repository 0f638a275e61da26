package wiresight

import (
	"slices"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode"
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Carrier is a protocol that carried bytes in a conversation.
type Carrier struct {
	Protocol layer.Protocol
	Bytes    int64 // of its payload that could be read
	Streams  int   // that it divides them into; 1 where it has none
}

// Carriers returns the protocols of a conversation whose payload can be
// followed, outermost first: its transport, TLS where it was decrypted, HTTP/2
// with its streams, and so on.
func (s *Session) Carriers(conversation int) ([]Carrier, error) {
	var carriers []Carrier
	streams := map[layer.Protocol]map[uint64]bool{}
	err := s.follow(conversation, func(p layer.Protocol, c dissect.Chunk) bool {
		i := slices.IndexFunc(carriers, func(k Carrier) bool { return k.Protocol == p })
		if i < 0 {
			i = len(carriers)
			carriers = append(carriers, Carrier{Protocol: p})
			streams[p] = map[uint64]bool{}
		}
		carriers[i].Bytes += int64(len(c.Data))
		if len(streams[p]) < maxStreams {
			streams[p][c.Stream] = true
		}
		carriers[i].Streams = len(streams[p])
		return true
	})
	return carriers, err
}

// maxStreams bounds the streams of one carrier that are told apart.
const maxStreams = 100_000

// Stream returns the bytes of a conversation's two directions as their
// receivers got them from the transport, at most limit bytes.
func (s *Session) Stream(conversation, limit int) ([]StreamChunk, error) {
	return s.Payload(conversation, "", limit)
}

// Payload returns what a protocol carried in a conversation, one of its
// Carriers, in the order in which it was read and at most limit bytes: what TLS
// carried is the plain text. An empty carrier is the transport.
func (s *Session) Payload(conversation int, carrier layer.Protocol, limit int) ([]StreamChunk, error) {
	var chunks []StreamChunk
	outermost := carrier
	err := s.follow(conversation, func(p layer.Protocol, c dissect.Chunk) bool {
		if outermost == "" {
			outermost = p // it speaks first
		}
		if p == outermost {
			data := c.Data[:min(len(c.Data), limit)]
			limit -= len(data)
			chunks = append(chunks, StreamChunk{Dir: c.Dir, At: c.At, Gap: c.Gap, Stream: c.Stream, Data: slices.Clone(data)})
		}
		return limit > 0
	})
	return chunks, err
}

// follow replays a conversation, and those that it cannot be read without, and
// hands each chunk of its own that a protocol carried to each, until that
// returns false.
func (s *Session) follow(conversation int, each func(layer.Protocol, dissect.Chunk) bool) error {
	if s.again == nil {
		return ErrNoIndex
	}
	more := true
	wanted := false // the packet is the conversation's, not another's fragment
	ids := s.together(conversation)
	chain := decode.New(s.replayOptions(int(ids[0]), decode.Options{Follow: func(_ int, p layer.Protocol, c dissect.Chunk) {
		if more && wanted {
			more = each(p, c)
		}
	}}))
	defer chain.Finish() // in any case: dissectors may hold decoders that want to be closed
	index := s.entries()
	var f capture.Frame
	for i := range index {
		if !index[i].replayedWith(ids) {
			continue
		}
		if err := s.frame(index, i+1, &f); err != nil {
			return err
		}
		wanted = index[i].Conversation == uint32(conversation)
		chain.Packet(&f)
		if !more {
			return nil
		}
	}
	wanted = true
	return nil
}
