package timing

import (
	"time"

	"github.com/wiresight/wiresight/decode/layer"
)

// Ledger is an account of a time span: each moment of it is in exactly one
// entry, so that the entries add up to the whole.
type Ledger struct {
	Start   int64 // nanoseconds since the Unix epoch
	Wall    time.Duration
	Entries []Entry // in the order of the accounts; those of no time are left out
}

// Entry is one account of a ledger.
type Entry struct {
	Name string
	Time time.Duration
}

// account is one of a ledger's.
type account uint8

// The accounts, as a reader meets them.
const (
	Resolution  account = iota // of the server's name
	Handshake                  // TCP's, from the first SYN
	Secure                     // the TLS handshake
	QUICShake                  // QUIC's handshake
	Proxy                      // waiting for a proxy's answer to CONNECT
	Request                    // bytes of a request are on their way, first to last
	Network                    // the way between the capture point and the end that is waited for, and back
	Repair                     // something was lost, and its sender waits for a timer before it sends it again
	Waited                     // a request stands behind the answers to earlier ones
	Server                     // a request has arrived and its answer has not left
	Transfer                   // bytes of an answer are on their way, first to last
	Idle                       // nobody waits for anything on the wire: the client has not asked yet
	Unexplained                // what cannot be assigned
	accounts
)

var accountNames = [accounts]string{"dns", "tcp", "tls", "quic", "proxy", "request", "network", "retransmission", "waited", "server", "transfer", "idle", "unexplained"}

// String returns the account's name in the report.
func (a account) String() string { return accountNames[a] }

// Get returns an account's time.
func (l *Ledger) Get(name string) time.Duration {
	for i := range l.Entries {
		if l.Entries[i].Name == name {
			return l.Entries[i].Time
		}
	}
	return 0
}

// Sums has a time for each account.
type Sums [accounts]time.Duration

// Entries lists the accounts that hold some time.
func (s *Sums) Entries() (list []Entry) {
	n := 0
	for _, t := range s {
		if t > 0 {
			n++
		}
	}
	list = make([]Entry, 0, n)
	for a, t := range s {
		if t > 0 {
			list = append(list, Entry{accountNames[a], t})
		}
	}
	return list
}

// ledger accounts for a conversation from its first packet, or the question
// for its server's name, to the last byte of payload.
func (v *View) ledger(lookup *Lookup) *Ledger {
	b := book{from: v.First.Nanos, to: v.Last.Nanos, waits: v.waits}
	if v.tracker != nil {
		if end := v.tracker.turns.end(); end > 0 {
			b.to = end
		}
	}
	if lookup != nil && lookup.Query.Valid() {
		b.from = min(b.from, lookup.Query.Nanos)
	}
	if b.to <= b.from {
		return nil
	}
	for _, w := range v.waits {
		b.add(rankRepair, Repair, w.from, w.to)
	}
	v.setUpStretches(&b, lookup)
	asked := v.exchangeStretches(&b)
	late := v.turnStretches(&b, asked)
	return b.settle(late, &v.Path)
}

func (v *View) setUpStretches(b *book, lookup *Lookup) {
	if lookup != nil {
		b.add(rankDNS, Resolution, lookup.Query.Nanos, lookup.Answer.Nanos)
		b.add(rankIdle, Idle, lookup.Answer.Nanos, v.First.Nanos)
	}
	if v.Setup == nil {
		return
	}
	last := int64(0)
	for a := Handshake; a <= Proxy; a++ {
		p := v.Setup.Phase(a.String())
		if p == nil {
			continue
		}
		from, to := p.Start, p.Start+int64(p.Duration)
		if a == Handshake && v.TCP.Handshake.FirstSYN.Valid() {
			from = min(from, v.TCP.Handshake.FirstSYN.Nanos)
		}
		if last > 0 && last < from {
			b.add(rankIdle, Idle, last, from) // the client goes on when it likes
		}
		b.add(rankSetUp, a, from, to)
		last = max(last, to)
	}
	if v.TCP != nil && v.Setup.Phase(Handshake.String()) == nil && v.tracker != nil && v.tracker.syn.valid() && v.tracker.turns.count == 0 {
		b.add(rankSetUp, Handshake, b.from, b.to) // asked for and never had
	}
}

// exchangeStretches adds what the exchanges did. It returns until when they
// account for the time.
func (v *View) exchangeStretches(b *book) (until int64) {
	open := int64(0) // until when an exchange was under way
	for i := range v.Conversation.Exchanges {
		e, x := v.Conversation.Exchanges[i], &v.Exchanges[i]
		if !e.Request.Seen() {
			b.add(rankAnswer, Transfer, e.Response.First.Nanos, e.Response.Last.Nanos)
			open = max(open, e.Response.Last.Nanos)
			continue
		}
		from, asked := e.Request.First.Nanos, e.Request.Last.Nanos
		if open > 0 && open < from {
			b.wait(rankIdle, Idle, open, from, v.Path.Client)
		} else if open == 0 && v.Setup != nil {
			b.add(rankIdle, Idle, v.setUpDone(b), from)
		}
		b.add(rankRequest, Request, from, asked)
		open = max(open, asked)
		if !e.Response.Seen() {
			continue
		}
		answer, last := e.Response.First.Nanos, e.Response.Last.Nanos+int64(x.Repaired)
		way := v.Path.Server
		if e.Dir == layer.ToClient {
			way = v.Path.Client
		}
		asked += int64(x.Opening)
		if x.Waited > 0 {
			turn := asked + int64(x.Waited)
			b.add(rankServer, Waited, asked, turn)
			b.add(rankServer, Server, turn, answer)
		} else if !connects(e.Name) {
			b.wait(rankServer, Server, asked, answer, way)
		}
		b.add(rankAnswer, Transfer, answer, last)
		open = max(open, last)
	}
	return open
}

// setUpDone returns when the set-up that was seen ended.
func (v *View) setUpDone(b *book) int64 {
	done := b.to
	for a := Handshake; a <= Proxy; a++ {
		if p := v.Setup.Phase(a.String()); p != nil {
			if done == b.to {
				done = 0
			}
			done = max(done, p.Start+int64(p.Duration))
		}
	}
	return done
}

// turnStretches adds who spoke when, for what no exchange accounts for. It
// returns the sums of the turns that were not kept one by one, where nothing
// else tells of their time.
func (v *View) turnStretches(b *book, asked int64) *later {
	if v.tracker == nil || v.tracker.turns.count == 0 {
		return nil
	}
	t := &v.tracker.turns
	spoken := int64(0)
	if v.Setup != nil {
		if p := v.Setup.Phase(Handshake.String()); p != nil {
			spoken = p.Start + int64(p.Duration)
		}
	}
	for i := range t.list {
		x, d := &t.list[i], t.direction(i)
		if spoken > 0 {
			v.pause(b, d, spoken, x.begin)
		}
		spoke := Request
		if d == layer.ToClient {
			spoke = Transfer
		}
		b.add(rankTurnBytes, spoke, x.begin, x.end)
		spoken = x.end
	}
	if t.later != nil && asked > t.list[len(t.list)-1].end {
		return nil // the exchanges know better
	}
	return t.later
}

// pause adds the time before a turn: the server's before the server speaks,
// and nobody's before the client does.
func (v *View) pause(b *book, d layer.Direction, from, to int64) {
	if d == layer.ToClient {
		b.wait(rankTurnWait, Server, from, to, v.Path.Server)
		return
	}
	b.wait(rankTurnWait, Idle, from, to, v.Path.Client)
}
