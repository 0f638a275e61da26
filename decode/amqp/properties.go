package amqp

import (
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// contentHeader is a content header frame (AMQP 0-9-1 section 4.2.6.1).
type contentHeader struct {
	class, weight uint16
	size          uint64 // of the body
	flags         uint16
	properties    [len(propertyForms)]value
}

// properties of the class basic in the order of their flags, highest first.
var propertyForms = [...]argument{
	{name: "content-type", form: shortstr}, {name: "content-encoding", form: shortstr}, {name: "headers", form: table},
	{name: "delivery-mode", form: octet}, {name: "priority", form: octet}, {name: "correlation-id", form: shortstr},
	{name: "reply-to", form: shortstr}, {name: "expiration", form: shortstr}, {name: "message-id", form: shortstr},
	{name: "timestamp", form: longlong}, {name: "type", form: shortstr}, {name: "user-id", form: shortstr},
	{name: "app-id", form: shortstr}, {name: "cluster-id", form: shortstr},
}

const (
	headersProperty = 2
	correlationID   = 5
	replyTo         = 6
)

func parseContentHeader(r *wire.Reader) (h contentHeader) {
	h.class, h.weight, h.size, h.flags = r.U16(), r.U16(), r.U64(), r.U16()
	a := arguments{r: r, list: propertyForms[:]}
	for i := range propertyForms {
		if h.flags>>(15-i)&1 == 0 {
			a.list = a.list[1:]
			continue
		}
		v, ok := a.next()
		if !ok {
			break
		}
		h.properties[i] = v
	}
	return h
}

func (h *contentHeader) text(i int) []byte { return h.properties[i].text }

// facts appends the properties; of headers, their names.
func (h *contentHeader) facts(facts []flow.Fact) []flow.Fact {
	for i := range h.properties {
		if v := &h.properties[i]; v.argument != nil {
			facts = append(facts, flow.Fact{Key: v.name, Value: v.show()})
		}
	}
	return facts
}

// show is an argument's value as text; of a table, the names of its entries.
func (v *value) show() string {
	switch v.form {
	case shortstr, longstr:
		return layer.Clip(v.text, maxText)
	case table:
		var names []string
		for e := tableOf(v.text); len(names) < maxNames; {
			name, _, ok := e.next()
			if !ok {
				break
			}
			names = append(names, layer.Clip(name, maxText))
		}
		return strings.Join(names, ", ")
	case secret:
		return "given"
	}
	return strconv.FormatUint(v.number, 10)
}

// fact is an argument as a fact. ok is false for one that says nothing.
func (v *value) fact() (f flow.Fact, ok bool) {
	switch {
	case v.skip:
		return f, false
	case v.form == bit:
		return flow.Fact{Key: v.name, Value: "true"}, v.number != 0
	case v.text == nil && v.form != octet && v.form != short && v.form != long && v.form != longlong, v.text != nil && len(v.text) == 0:
		return f, false
	}
	return flow.Fact{Key: v.name, Value: v.show()}, true
}
