package conversations

import (
	"strconv"
	"time"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/tui/component"
)

// column is a column of the table.
type column int

const (
	byNumber column = iota
	byStart
	byClient
	byServer
	byProtocol
	byPackets
	byBytes
	byDuration
	bySetup
	byRTT
	byJudgement
	columnCount
)

// columns returns the table's columns. Narrow tables leave some out.
func columns(total int) []component.Column {
	digits := max(3, len(strconv.Itoa(total))+1)
	return []component.Column{
		{Title: "#", Width: digits, Right: true},
		{Title: "start", Width: 10, Right: true, Need: 120},
		{Title: "client", Width: 10, Flex: 3, Need: 60},
		{Title: "server", Width: 13, Flex: 5},
		{Title: "stack", Width: 9, Flex: 1, Need: 40},
		{Title: "packets", Width: 8, Right: true, Need: 70},
		{Title: "bytes", Width: 9, Right: true, Need: 110},
		{Title: "duration", Width: 9, Right: true, Need: 90},
		{Title: "set-up", Width: 8, Right: true, Need: 140},
		{Title: "RTT", Width: 8, Right: true, Need: 130},
		{Title: "what goes on", Width: 12, Flex: 10, Need: 50},
	}
}

// judged reports whether a column tells what the classifiers say.
func (c column) judged() bool { return c == bySetup || c == byRTT || c == byJudgement }

// judgedKey returns what a conversation is sorted by in such a column: a time
// in nanoseconds, or how much the findings cost and how grave they are.
func (c column) judgedKey(v *classify.Conversation) int64 {
	switch c {
	case bySetup:
		return int64(setupTime(v.Setup))
	case byRTT:
		if v.Setup != nil && v.Setup.HasRTT {
			return int64(v.Setup.RTT)
		}
	case byJudgement:
		cost, rank := int64(0), 0
		for i := range v.Findings {
			cost += int64(v.Findings[i].Cost)
			rank = max(rank, v.Findings[i].Severity.Rank())
		}
		return cost*8 + int64(rank)
	}
	return 0
}

// setupTime returns how long it took until the first request could leave; 0
// where that is not known.
func setupTime(s *timing.Setup) time.Duration {
	if s == nil || !s.HasTimeToRequest {
		return 0
	}
	return s.TimeToRequest
}

// largestFirst reports whether a column is better looked at from its largest
// values on.
func (c column) largestFirst() bool { return c >= byPackets }

// entry copies what a conversation is sorted by.
func (c column) entry(v *flow.Conversation) entry {
	e := entry{id: uint32(v.ID)}
	switch c {
	case byNumber:
		e.number = int64(v.ID)
	case byStart:
		e.number = v.First.Nanos
	case byClient:
		e.text = ordered(v.Client)
	case byServer:
		e.text = ordered(v.Server)
	case byProtocol:
		e.text = protocol(v)
	case byPackets:
		e.number = v.Packets.Sum()
	case byBytes:
		e.number = v.Bytes.Sum()
	case byDuration:
		e.number = v.Duration()
	}
	return e
}

// ordered returns text that sorts endpoints by name, then address and port.
func ordered(e flow.Endpoint) string {
	b := e.Addr.As16()
	return e.Name + "\x00" + string(b[:]) + string([]byte{byte(e.Port >> 8), byte(e.Port)})
}

// protocol names what is spoken, from the transport on.
func protocol(v *flow.Conversation) string { return component.Stack(v.Transport, v.Stack) }

// bare names an end without its port, for narrow tables.
func bare(e flow.Endpoint) string {
	e.Port = 0
	return component.Endpoint(e)
}

func printable(err error) string { return layer.Printable(err.Error()) }
