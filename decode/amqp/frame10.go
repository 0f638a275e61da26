package amqp

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// performatives are the bodies of AMQP 1.0's frames by descriptor (section 2.7),
// those of SASL frames from 0x40 on (section 5.3.3).
var performatives = map[uint64]string{
	0x10: "open", 0x11: "begin", 0x12: "attach", 0x13: "flow", 0x14: "transfer", 0x15: "disposition", 0x16: "detach", 0x17: "end",
	0x18: "close", 0x40: "sasl-mechanisms", 0x41: "sasl-init", 0x42: "sasl-challenge", 0x43: "sasl-response", 0x44: "sasl-outcome",
}

// Constructors of a described type and of the unsigned longs that describe it
// (section 1.2 and 1.6.9).
const (
	described = 0x00
	smallLong = 0x53
	longLong  = 0x80
)

// performative returns the name of a frame's body.
func performative(b []byte) (name string, descriptor uint64) {
	r := wire.NewReader(b)
	if r.Len() == 0 {
		return "empty", 0 // keeps the connection alive (section 2.4.5)
	}
	if r.U8() != described {
		return "frame", 0
	}
	switch r.U8() {
	case smallLong:
		descriptor = uint64(r.U8())
	case longLong:
		descriptor = r.U64()
	}
	if name = performatives[descriptor]; name == "" || !r.OK() {
		return "frame", descriptor
	}
	return name, descriptor
}

// frame10 says a frame of AMQP 1.0.
func (d *dissector) frame10(u *stream.Unit) {
	r := wire.NewReader(u.Head)
	r.U32()
	offset := int(r.U8()) * 4
	r.U8()
	channel := r.U16()
	d.read = true
	name, _ := performative(u.Head[min(offset, len(u.Head)):])
	d.begin(u, name)
	d.msg.Stream = uint64(channel)
	d.msg.Keep = name != "empty" && name != "flow" && name != "disposition"
	d.fact("channel", strconv.Itoa(int(channel)))
	d.out.Message(&d.msg)
	d.now.channel = channel
	d.say(u)
}
