package conversations

import (
	"net/netip"
	"strconv"

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
	judgement // cannot be sorted by: only the rows on the screen are judged
)

// columns returns the table's columns. Narrow tables leave some out.
func columns(total int) []component.Column {
	digits := max(3, len(strconv.Itoa(total))+1)
	return []component.Column{
		{Title: "#", Width: digits, Right: true},
		{Title: "start", Width: 10, Right: true, Need: 120},
		{Title: "client", Width: 10, Flex: 3, Need: 60},
		{Title: "server", Width: 13, Flex: 5},
		{Title: "protocol", Width: 9, Need: 40},
		{Title: "packets", Width: 8, Right: true, Need: 70},
		{Title: "bytes", Width: 9, Right: true, Need: 110},
		{Title: "duration", Width: 9, Right: true, Need: 90},
		{Title: "what goes on", Width: 12, Flex: 10, Need: 50},
	}
}

// largestFirst reports whether a column is better looked at from its largest
// values on.
func (c column) largestFirst() bool { return c == byPackets || c == byBytes || c == byDuration }

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

// protocol returns the top of the stack.
func protocol(v *flow.Conversation) string {
	if len(v.Stack) == 0 {
		return string(v.Transport)
	}
	return string(v.Stack[len(v.Stack)-1])
}

// endpoint names an end as the table shows it.
func endpoint(e flow.Endpoint) string {
	switch {
	case e.Name != "" && e.Port != 0:
		return layer.Printable(e.Name) + ":" + strconv.Itoa(int(e.Port))
	case e.Name != "":
		return layer.Printable(e.Name)
	case e.Port != 0:
		return netip.AddrPortFrom(e.Addr, e.Port).String()
	}
	return e.Addr.String()
}

// bare names an end without its port, for narrow tables.
func bare(e flow.Endpoint) string {
	e.Port = 0
	return endpoint(e)
}

func printable(err error) string { return layer.Printable(err.Error()) }
