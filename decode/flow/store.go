package flow

import "encoding/binary"

// Facts are the facts of a stored message, packed into one string: most
// messages of a capture share theirs with others, and a packed string can be
// kept once for all of them.
type Facts string

// Fact is one fact about a message, e.g. {"content-type", "text/html"}.
type Fact struct{ Key, Value string }

// Get returns the value of the first fact named key, or "".
func (f Facts) Get(key string) string {
	for len(f) > 0 {
		var fact Fact
		if fact, f = f.next(); fact.Key == key {
			return fact.Value
		}
	}
	return ""
}

// List returns the facts in the order in which they were said.
func (f Facts) List() []Fact {
	var list []Fact
	for len(f) > 0 {
		var fact Fact
		fact, f = f.next()
		list = append(list, fact)
	}
	return list
}

// next unpacks the first fact: the lengths of key and value, then both.
func (f Facts) next() (Fact, Facts) {
	const head = 4
	k := int(f[0])<<8 | int(f[1])
	v := int(f[2])<<8 | int(f[3])
	return Fact{Key: string(f[head : head+k]), Value: string(f[head+k : head+k+v])}, f[head+k+v:]
}

// PackFacts packs a list of facts.
func PackFacts(list []Fact) Facts { return Facts(appendFacts(nil, list)) }

func appendFacts(dst []byte, list []Fact) []byte {
	for _, f := range list {
		k, v := min(len(f.Key), maxFactText), min(len(f.Value), maxFactText)
		dst = binary.BigEndian.AppendUint16(dst, uint16(k))
		dst = binary.BigEndian.AppendUint16(dst, uint16(v))
		dst = append(append(dst, f.Key[:k]...), f.Value[:v]...)
	}
	return dst
}

const maxFactText = 1<<16 - 1

// Store is what the conversations of a capture share: the number of exchanges
// that may still be kept, and the texts of their messages, of which equal ones
// are kept once.
type Store struct {
	MaxExchanges  int
	Exchanges     int   // kept
	Omitted       int64 // counted only
	MaxEvents     int
	Events        int
	EventsOmitted int64

	texts   map[string]string
	scratch []byte
	// Lists of packets and exchanges are kept many in one piece of memory.
	numbers   []uint32
	exchanges []Exchange
}

// maxTexts bounds the texts that are compared with. Beyond it the table begins
// anew; what was kept stays with its messages.
const maxTexts = 8192

// NewStore returns a Store for at most so many exchanges and events.
func NewStore(maxExchanges, maxEvents int) *Store {
	return &Store{MaxExchanges: maxExchanges, MaxEvents: maxEvents, texts: map[string]string{}}
}

// mayKeep counts another exchange and reports whether it may be kept.
func (s *Store) mayKeep() bool {
	if s.Exchanges >= s.MaxExchanges {
		s.Omitted++
		return false
	}
	s.Exchanges++
	return true
}

// exchange returns room for an exchange.
func (s *Store) exchange() *Exchange {
	const piece = 64
	if len(s.exchanges) == 0 {
		s.exchanges = make([]Exchange, piece)
	}
	e := &s.exchanges[0]
	s.exchanges = s.exchanges[1:]
	return e
}

// packets copies a list of packets.
func (s *Store) packets(p *Packets) Packets {
	const piece = 4096
	from := len(s.numbers)
	if from+len(p.list) > cap(s.numbers) {
		s.numbers, from = make([]uint32, 0, piece), 0
	}
	s.numbers = append(s.numbers, p.list...)
	return Packets{list: s.numbers[from:len(s.numbers):len(s.numbers)], omitted: p.omitted}
}

func (s *Store) facts(list []Fact) Facts {
	if len(list) == 0 {
		return ""
	}
	s.scratch = appendFacts(s.scratch[:0], list)
	return Facts(s.shared())
}

func (s *Store) text(t string) string {
	s.scratch = append(s.scratch[:0], t...)
	return s.shared()
}

// shared returns the scratch's text, the same string for the same text.
func (s *Store) shared() string {
	if t, ok := s.texts[string(s.scratch)]; ok {
		return t
	}
	if len(s.texts) >= maxTexts {
		clear(s.texts)
	}
	t := string(s.scratch)
	s.texts[t] = t
	return t
}
