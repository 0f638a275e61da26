package http3

import (
	"strconv"
	"strings"

	"github.com/quic-go/quic-go/quicvarint"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// control takes a frame without content. It returns the facts of one that is
// worth keeping.
func (d *dissector) control(out dissect.Sink, x *side, payload []byte) []flow.Fact {
	if x.kind != controlStream {
		out.Problem(Name, x.frame.title()+" frame on a stream that is no control stream (RFC 9114 section 7.2)")
		return nil
	}
	switch x.frame.kind {
	case frameSettings:
		return d.settings(out, x, payload)
	case frameGoAway, frameCancelPush, frameMaxPushID:
		id, n, err := quicvarint.Parse(payload)
		if err != nil || n != len(payload) {
			out.Problem(Name, "malformed "+x.frame.title()+" frame")
			return nil
		}
		switch x.frame.kind {
		case frameGoAway: // section 5.2: a stream's id from the server, a push id from the client
			return []flow.Fact{{Key: "last-stream", Value: strconv.FormatUint(id, 10)}}
		case frameCancelPush:
			delete(d.pushes, id)
		}
	case framePriorityUpdate, framePriorityPush: // RFC 9218 section 7.2
		id, n, err := quicvarint.Parse(payload)
		if err != nil {
			out.Problem(Name, "malformed PRIORITY_UPDATE frame")
			return nil
		}
		return []flow.Fact{{Key: "element", Value: strconv.FormatUint(id, 10)}, {Key: "priority", Value: layer.Clip(payload[n:], maxPriority)}}
	}
	return nil
}

const maxPriority = 256 // bytes of a Priority field's value that are kept

// settings takes a SETTINGS frame (RFC 9114 section 7.2.4).
func (d *dissector) settings(out dissect.Sink, x *side, payload []byte) []flow.Fact {
	list, ok := parseSettings(payload)
	if !ok {
		out.Problem(Name, "malformed SETTINGS frame")
	}
	capacity := uint64(0)
	facts := make([]flow.Fact, 0, len(list))
	for _, s := range list {
		if s.id == settingTableCapacity {
			capacity = s.value
		}
		if name := settingNames[s.id]; name != "" {
			facts = append(facts, flow.Fact{Key: name, Value: strconv.FormatUint(s.value, 10)})
		}
	}
	back := x.dir.Reverse() // the sections that come back may use a table of this size
	d.decoders[back].Agree(capacity)
	d.unblock(out, back, false)
	return facts
}

// settingField is the end of Wireshark's name for a setting.
func settingField(id uint64) string {
	switch id {
	case settingTableCapacity:
		return "qpack.max_table_capacity"
	case settingFieldSection:
		return "max_field_section_size"
	case settingBlockedStreams:
		return "qpack.blocked_streams"
	case settingConnectProtocol:
		return "extended_connect"
	}
	if n := settingNames[id]; n != "" {
		return strings.ReplaceAll(n, "-", "_")
	}
	return "value"
}
