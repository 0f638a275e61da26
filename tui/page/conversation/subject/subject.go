// Package subject is what the tabs of a conversation's page draw: a copy of
// the conversation, what is claimed of it, and its packets and messages once
// they were replayed. It draws nothing and judges nothing.
package subject

import (
	"time"

	"github.com/wiresight/wiresight"
	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/notes"
)

// keepExchanges is how many exchanges are listed.
const keepExchanges = 5000

// Subject is one conversation.
type Subject struct {
	ID             int
	Begin          int64 // the capture's first packet, nanoseconds
	First, Last    int64 // of the conversation
	Transport      layer.Protocol
	Stack          []layer.Protocol
	Client, Server flow.Endpoint
	Packets        int64
	Bytes          int64
	Header         []Fact
	Exchanges      []flow.Exchange
	More           int64 // exchanges that are not listed
	Messages       []flow.MessageCount
	Problems       []layer.Problem
	Verdict        classify.Conversation

	Trace   *wiresight.Trace // nil until it was replayed
	Loading string           // how far the replay is, "" where none runs
	Marks   map[int][]Mark   // what the findings say of a packet
	Holds   []Hold
	Noted   map[int][]notes.Note // what people wrote, by packet
}

// Fact is a line of the header.
type Fact struct{ Name, Text string }

// Mark is what a finding or a pattern says of a packet.
type Mark struct {
	ID       string
	Severity claim.Severity
	Title    string
	Shows    string
}

// Hold is a time that a finding's packets enclose.
type Hold struct {
	ID         string
	Severity   claim.Severity
	From, To   int // packets
	Occurrence claim.Occurrence
}

// Copy copies a conversation. It is called inside Source.View.
func Copy(m *flow.Model, c *flow.Conversation, verdict classify.Conversation) *Subject {
	n := min(len(c.Exchanges), keepExchanges)
	s := &Subject{
		ID: c.ID, Begin: m.First.Nanos, First: c.First.Nanos, Last: c.Last.Nanos,
		Transport: c.Transport, Stack: append([]layer.Protocol(nil), c.Stack...), Client: c.Client, Server: c.Server,
		Packets: c.Packets.Sum(), Bytes: c.Bytes.Sum(), Header: header(c),
		Verdict: verdict, More: c.ExchangesTotal - int64(n), Exchanges: make([]flow.Exchange, n),
		Messages: append([]flow.MessageCount(nil), c.Messages...),
		Problems: append([]layer.Problem(nil), c.Problems...),
	}
	for i, e := range c.Exchanges[:n] {
		s.Exchanges[i] = *e
	}
	s.mark()
	return s
}

// Duration returns the time from the first packet to the last.
func (s *Subject) Duration() time.Duration { return time.Duration(max(0, s.Last-s.First)) }

// mark turns the findings round: from packets to what is said of them.
func (s *Subject) mark() {
	s.Marks = map[int][]Mark{}
	for i := range s.Verdict.Findings {
		f := &s.Verdict.Findings[i]
		for _, o := range f.Occurrences {
			for _, n := range o.Packets {
				s.Marks[n] = append(s.Marks[n], Mark{f.ID, f.Severity, f.Title, o.Shows})
			}
			if len(o.Packets) > 1 {
				s.Holds = append(s.Holds, Hold{f.ID, f.Severity, o.Packets[0], o.Packets[len(o.Packets)-1], o})
			}
		}
	}
}

// Measured returns what was measured of an exchange.
func (s *Subject) Measured(i int) timing.Exchange {
	if i < len(s.Verdict.Exchanges) {
		return s.Verdict.Exchanges[i]
	}
	return timing.Exchange{}
}

// Numbers lists an exchange's packets, the request's first.
func Numbers(e *flow.Exchange) []int {
	var list []int
	for _, p := range []*flow.Packets{&e.Request.Packets, &e.Response.Packets} {
		for _, n := range p.List() {
			list = append(list, int(n))
		}
	}
	return list
}

// At returns when an exchange was first seen.
func At(e *flow.Exchange) layer.PacketRef {
	if e.Request.Seen() {
		return e.Request.First
	}
	return e.Response.First
}
