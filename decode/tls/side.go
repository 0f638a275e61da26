package tls

import (
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// The epochs of a direction. Up to TLS 1.2 records are protected from
// epochHandshake on; in TLS 1.3 each KeyUpdate begins one after
// epochApplication.
const (
	epochClear = iota
	epochEarly
	epochHandshake
	epochApplication
)

// side is what opens one direction's records, and how far it got.
type side struct {
	epoch  int
	opener suite.Opener // of the epoch; nil while it has no key
	secret []byte       // of the epoch in TLS 1.3
	seq    uint64       // of the next record, as far as records could be counted
	unread int          // records of unknown content since one was opened
	missed int64        // bytes in which there may be records that were not counted
	ahead  []candidate  // keys of this and later epochs, made when they are tried; nil before
	// aheadOf is the store's version when they were made.
	aheadOf uint64

	counted int64 // stream offset up to which records were counted
	read    place // behind the last record that was opened
	lost    int64 // bytes of content that could not be read since they were last told
}

// place is where a record ends.
type place struct {
	offset int64
	epoch  int
	seq    uint64 // of the next record
}

// enter begins an epoch, whose records count from 0.
func (s *side) enter(epoch int) {
	*s = side{epoch: epoch, counted: s.counted, read: s.read, lost: s.lost}
}

// pass counts a record that lies at these stream offsets.
func (s *side) pass(start, end int64) {
	s.missed += max(0, start-s.counted)
	s.counted = end
	s.seq++
	s.unread++
}

// Sequence numbers are looked for in a window that the missing bytes bound:
// records have a header and a tag at least.
const (
	minRecord = 5 + 8
	maxWindow = 4096
)

func (s *side) window() int { return 1 + int(min(s.missed/minRecord, maxWindow)) }

// open opens a record of direction dir, which begins at stream offset start, and
// counts it. The content is valid until dst is used again.
func (k *keys) open(dst []byte, dir layer.Direction, h suite.Header, body []byte, start int64) (plain []byte, kind uint8, ok bool) {
	s := &k.side[dir]
	end := start + int64(len(h)+len(body))
	k.sealed = true
	k.work = min(k.work+workForByte*len(body), maxWork)
	if s.opener != nil && start == s.counted {
		if plain, kind, ok = s.opener.Open(dst[:0], s.seq, h, body); ok {
			s.seq++
		} else {
			k.work -= len(body)
		}
	}
	if !ok {
		s.missed += max(0, start-s.counted)
		plain, kind, ok = k.search(dst, dir, h, body)
	}
	s.counted = end
	if s.opener != nil {
		s.opener.Pass(body)
	}
	if !ok {
		s.seq++
		s.unread++
		return nil, 0, false
	}
	k.opened = true
	s.opened(start, end)
	return plain, kind, true
}

// opened notes a record that was opened, and how many bytes of content were
// lost before it: what is missing on the wire without the headers and tags of
// as many records as are missing.
func (s *side) opened(start, end int64) {
	between := s.seq - 1
	if s.read.epoch == s.epoch {
		between -= s.read.seq
	}
	if between > 0 {
		s.lost += max(1, start-s.read.offset-int64(between)*int64(s.opener.Overhead()))
	}
	s.read = place{end, s.epoch, s.seq}
	s.unread, s.missed = 0, 0
}

// search tries the keys and sequence numbers that a record may have.
func (k *keys) search(dst []byte, dir layer.Direction, h suite.Header, body []byte) (plain []byte, kind uint8, ok bool) {
	s := &k.side[dir]
	if k.version != 0 && !is13(k.version) {
		if s.epoch == epochClear { // its ChangeCipherSpec was not seen
			s.epoch = epochHandshake
		}
		if s.opener == nil {
			if s.opener = k.take(dir); s.opener == nil {
				return nil, 0, false
			}
		}
		s.seq, ok = k.try(dst, s.opener, s.seq, s.window(), h, body, &plain, &kind)
		return plain, kind, ok
	}
	for _, c := range k.candidates(dir) {
		first, n := s.seq, s.window()
		if c.epoch != s.epoch { // begun among the records that were not read
			first, n = 0, n+s.unread
		}
		seq, ok := k.try(dst, c.opener, first, min(n, maxWindow), h, body, &plain, &kind)
		if !ok {
			continue
		}
		s.epoch, s.opener, s.secret, s.seq = c.epoch, c.opener, c.secret, seq
		if k.version == 0 && c.epoch >= epochHandshake { // the ServerHello is missing
			k.suite, k.usable, k.version = c.suite, true, versionTLS13
		}
		s.ahead = nil
		return plain, kind, true
	}
	return nil, 0, false
}

// try opens a record with the first of n sequence numbers that fits, and
// returns the one after it.
func (k *keys) try(dst []byte, o suite.Opener, seq uint64, n int, h suite.Header, body []byte, plain *[]byte, kind *uint8) (uint64, bool) {
	for i := range uint64(n) {
		if k.work < 0 {
			break
		}
		var ok bool
		if *plain, *kind, ok = o.Open(dst[:0], seq+i, h, body); ok {
			return seq + i + 1, true
		}
		k.work -= len(body) + 64
	}
	k.failed = true
	return seq, false
}

// advance begins the next epoch of TLS 1.3, as a message says that it ends the
// one before: EndOfEarlyData, Finished, KeyUpdate.
func (k *keys) advance(dir layer.Direction, epoch int) {
	s := &k.side[dir]
	if k.store == nil || epoch <= s.epoch {
		return
	}
	secret := s.secret
	s.enter(epoch)
	switch {
	case !k.usable:
		return
	case epoch <= epochApplication:
		secret = k.traffic(dir, epoch, &k.suite)
	case secret != nil:
		secret = k.suite.NextTraffic(secret)
	}
	if len(secret) == k.suite.Hash.Size() {
		if o, err := k.suite.NewTraffic(secret); err == nil {
			s.opener, s.secret = o, secret
		}
	}
}
