package nats

import (
	"bytes"
	"hash/fnv"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/stream"
	"github.com/wiresight/wiresight/decode/wire"
)

// message says a PUB or MSG, or one with headers.
func (d *dissector) message(u *stream.Unit, o *operation) {
	subject, reply := o.subject(), o.reply()
	if o.delivered() {
		d.fact("sid", layer.Clip(o.words[1], maxText))
		if queue := d.queues[string(o.words[1])]; queue != "" {
			d.fact("queue", queue)
		}
	}
	if len(reply) > 0 {
		d.fact("reply-to", layer.Clip(reply, maxText))
	}
	body := u.Head[min(o.line, len(u.Head)):]
	body = body[:min(int64(len(body)), o.payload)]
	status := ""
	if o.header > 0 {
		status = d.headers(body[:min(int64(len(body)), o.header)])
		body = body[min(int64(len(body)), o.header):]
	}
	d.fact("payload-bytes", strconv.FormatInt(o.payload-o.header, 10))
	if u.Missing == 0 {
		d.fact("digest", wire.Digest(body, o.payload-o.header))
	}
	name := layer.Clip(subject, maxText)
	d.event(name)
	d.msg.Keep = false
	d.call(subject, reply, name, status)
}

// call says a message with a reply subject as a request, and the first one that
// comes back on that subject as its response.
func (d *dissector) call(subject, reply []byte, name, status string) {
	h := fnv.New64a()
	h.Write(subject)
	key := h.Sum64() | 1<<63
	if asker, waiting := d.calls[key]; waiting && asker != d.msg.Dir {
		delete(d.calls, key)
		m := d.msg
		m.Role, m.Key, m.Status, m.Name = flow.Response, key, status, ""
		d.out.Message(&m)
	}
	if len(reply) == 0 {
		return
	}
	if len(d.calls) >= maxCalls { // nobody answers in this capture
		clear(d.calls)
	}
	h.Reset()
	h.Write(reply)
	key = h.Sum64() | 1<<63
	d.calls[key] = d.msg.Dir
	d.msg.Role, d.msg.Key, d.msg.Name = flow.Request, key, name
	d.out.Message(&d.msg)
}

// headers notes a message's headers: "NATS/1.0", with a status where the server
// tells one, and lines as in HTTP. Values are noted of those that JetStream
// defines; of others it is noted that they are there. It returns the status.
func (d *dissector) headers(b []byte) (status string) {
	first, rest, _ := bytes.Cut(b, []byte("\r\n"))
	if s, ok := bytes.CutPrefix(first, []byte("NATS/1.0 ")); ok {
		status = layer.Clip(bytes.TrimSpace(s), maxText)
		d.fact("status", status)
	}
	var others []string
	for n := 0; n < maxHeaders && len(rest) > 0; n++ {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		switch {
		case !ok:
		case len(name) > 5 && strings.EqualFold(string(name[:5]), "Nats-"):
			d.fact(strings.ToLower(layer.Clip(name, maxText)), layer.Clip(bytes.TrimSpace(value), maxText))
		default:
			others = append(others, layer.Clip(name, maxText))
		}
	}
	if len(others) > 0 {
		d.fact("headers", strings.Join(others, ", "))
	}
	return status
}
