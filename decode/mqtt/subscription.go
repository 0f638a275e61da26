package mqtt

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// subscribe says a SUBSCRIBE or UNSUBSCRIBE.
func (d *dissector) subscribe(k kind, b []byte) bool {
	id, properties, list := parseFilters(k, b, d.version)
	title := strings.ToUpper(kindNames[k])
	var names []string
	n, shared := 0, ""
	for f, ok := list.next(); ok; f, ok = list.next() {
		if n++; n > maxTopics {
			continue
		}
		name := layer.Clip(f.topic, maxName)
		if n == 1 {
			title += " " + name
		}
		if group, ok := strings.CutPrefix(name, "$share/"); ok && shared == "" { // section 4.8.2
			shared, _, _ = strings.Cut(group, "/")
		}
		if k == subscribe {
			name += fmt.Sprintf(" QoS %d", f.options&3)
		}
		names = append(names, name)
	}
	if n > 1 {
		title += fmt.Sprintf(" and %d more", n-1)
	}
	if n > maxTopics {
		names = append(names, "…")
	}
	d.single()
	d.fact("topics", strings.Join(names, ", "))
	d.fact("count", strconv.Itoa(n))
	if shared != "" {
		d.fact("shared", shared)
	}
	d.msg.Facts = propertyFacts(d.msg.Facts, properties, "")
	d.request(key(k, d.msg.Dir, id), title)
	return list.r.OK() && n > 0
}

// granted says a SUBACK or UNSUBACK. Its status is the first of its reasons, or
// a failure where there is one.
func (d *dissector) granted(k kind, b []byte) bool {
	r := wire.NewReader(b)
	id := r.U16()
	properties := readProperties(&r, d.version)
	codes := r.Peek()
	d.single()
	status := ""
	if len(codes) > 0 {
		code := codes[0]
		if worst := slices.Max(codes); failed(worst) {
			code = worst
		}
		status = reasonName(k, code, d.version)
		var all []string
		for _, c := range codes[:min(len(codes), maxTopics)] {
			all = append(all, reasonName(k, c, d.version))
		}
		d.fact("reasons", strings.Join(all, ", "))
	}
	d.msg.Facts = propertyFacts(d.msg.Facts, properties, "")
	d.response(key(k-1, d.msg.Dir.Reverse(), id), status)
	return r.OK() && (len(codes) > 0 || k == unsuback)
}
