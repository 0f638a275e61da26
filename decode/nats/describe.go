package nats

import (
	"bytes"
	"fmt"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// layer describes the current operation. Wireshark 4.0 does not read NATS: the
// fields' names are ours. Offsets count from the operation's first byte.
func (d *dissector) layer() layer.Layer {
	u, o := d.now.unit, &d.now.operation
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(u.Head), Summary: o.name}
	add := func(name string, b []byte) {
		l.Fields = append(l.Fields, layer.Field{Name: name, Value: layer.Clip(b, maxText), Offset: cap(u.Head) - cap(b), Length: len(b)})
	}
	add("nats.op", u.Head[:len(o.name)])
	switch o.name {
	case "INFO":
		add("nats.options", o.words[0])
	case "CONNECT":
		l.Fields = append(l.Fields, layer.Field{
			Name: "nats.options", Value: fmt.Sprintf("%d bytes, not shown", len(o.words[0])), Offset: cap(u.Head) - cap(o.words[0]), Length: len(o.words[0]),
		})
	case "SUB":
		add("nats.subject", o.subject())
		if len(o.words) == 3 {
			add("nats.queue_group", o.words[1])
		}
		add("nats.sid", o.words[len(o.words)-1])
	case "UNSUB":
		add("nats.sid", o.words[0])
	case "-ERR":
		if len(o.words) > 0 {
			add("nats.error", o.words[0])
		}
	case "PUB", "HPUB", "MSG", "HMSG":
		d.describeMessage(&l, add)
	}
	if len(o.words) > 0 && o.name != "INFO" && o.name != "CONNECT" {
		l.Summary += " " + layer.Clip(o.words[0], maxText)
	}
	return l
}

func (d *dissector) describeMessage(l *layer.Layer, add func(string, []byte)) {
	u, o := d.now.unit, &d.now.operation
	add("nats.subject", o.subject())
	if o.delivered() {
		add("nats.sid", o.words[1])
	}
	if reply := o.reply(); reply != nil {
		add("nats.reply_to", reply)
	}
	last := len(o.words) - 1
	if o.header > 0 {
		add("nats.header_size", o.words[last-1])
	}
	add("nats.payload_size", o.words[last])
	body := u.Head[min(o.line, len(u.Head)):]
	body = body[:min(int64(len(body)), o.payload)]
	header := min(int64(len(body)), o.header)
	for rest := body[:header]; len(rest) > 0 && len(l.Fields) < 64; {
		line, behind, _ := bytes.Cut(rest, []byte("\r\n"))
		if name, value, ok := bytes.Cut(line, []byte(":")); ok && wire.Secret(name) {
			l.Fields = append(l.Fields, layer.Field{
				Name: "nats.header", Value: fmt.Sprintf("%s: %d bytes, not shown", layer.Clip(name, maxText), len(value)), Offset: cap(u.Head) - cap(line), Length: len(line),
			})
		} else if len(line) > 0 {
			add("nats.header", line)
		}
		rest = behind
	}
	add("nats.payload", body[header:])
}
