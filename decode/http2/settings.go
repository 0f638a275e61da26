package http2

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// setting identifies a setting (RFC 9113 section 6.5.2).
type setting uint16

const (
	settingTableSize       setting = 0x1
	settingEnablePush      setting = 0x2
	settingMaxStreams      setting = 0x3
	settingInitialWindow   setting = 0x4
	settingMaxFrameSize    setting = 0x5
	settingMaxHeaderList   setting = 0x6
	settingConnectProtocol setting = 0x8 // RFC 8441
	settingNoPriorities    setting = 0x9 // RFC 9218
)

// settingNames are the names without SETTINGS_; the field's is Wireshark's.
var settingNames = map[setting]struct{ name, field string }{
	settingTableSize:       {"HEADER_TABLE_SIZE", "http2.settings.header_table_size"},
	settingEnablePush:      {"ENABLE_PUSH", "http2.settings.enable_push"},
	settingMaxStreams:      {"MAX_CONCURRENT_STREAMS", "http2.settings.max_concurrent_streams"},
	settingInitialWindow:   {"INITIAL_WINDOW_SIZE", "http2.settings.initial_window_size"},
	settingMaxFrameSize:    {"MAX_FRAME_SIZE", "http2.settings.max_frame_size"},
	settingMaxHeaderList:   {"MAX_HEADER_LIST_SIZE", "http2.settings.max_header_list_size"},
	settingConnectProtocol: {"ENABLE_CONNECT_PROTOCOL", "http2.settings.extended_connect"},
	settingNoPriorities:    {"NO_RFC7540_PRIORITIES", "http2.settings.no_rfc7540_priorities"},
}

// initialWindow is the size of a window before any SETTINGS (section 6.9.2).
const initialWindow = 65535

// settings takes a SETTINGS frame. Those of one side bind the other; in a
// capture they count from the packet that carried them.
func (d *dissector) settings(out dissect.Sink, f frame, payload []byte, dir layer.Direction, at layer.PacketRef) {
	if f.flags&flagACK != 0 {
		if s := &d.conn.Settings[dir.Reverse()]; !s.Acknowledged.Valid() {
			s.Acknowledged = at
		}
		out.HTTP2(d.conn)
		return
	}
	s := &d.conn.Settings[dir]
	if !s.Seen {
		*s = flow.HTTP2Settings{Seen: true, HeaderTableSize: defaultTableSize, EnablePush: true, InitialWindow: initialWindow, MaxFrameSize: usualMost}
	}
	for b := payload; len(b) >= settingSize; b = b[settingSize:] {
		id, v := setting(binary.BigEndian.Uint16(b)), binary.BigEndian.Uint32(b[2:])
		if _, known := settingNames[id]; known && !sane(uint16(id), v) {
			out.Problem(Name, "SETTINGS_"+settingNames[id].name+" has a value that it cannot have (RFC 9113 section 6.5.2)")
			continue
		}
		switch id {
		case settingTableSize:
			s.HeaderTableSize = v
		case settingEnablePush:
			s.EnablePush = v == 1
		case settingMaxStreams:
			s.MaxStreams, s.LimitsStreams = v, true
		case settingInitialWindow:
			d.rewindow(dir.Reverse(), s.InitialWindow, v, at)
			s.InitialWindow = v
		case settingMaxFrameSize:
			s.MaxFrameSize = v
		case settingMaxHeaderList:
			s.MaxHeaderList = v
		case settingConnectProtocol:
			s.ConnectProtocol = v == 1
		case settingNoPriorities:
			s.NoPriorities = v == 1
		}
	}
	out.HTTP2(d.conn)
}

// most returns the largest payload that a direction's frames may have.
func (d *dissector) most(dir layer.Direction) int {
	s := &d.conn.Settings[dir.Reverse()]
	if s.Seen {
		return max(usualMost, int(s.MaxFrameSize))
	}
	if d.midStream {
		return 1 << 20 // whatever was agreed, nobody sends more at once
	}
	return usualMost
}

// describeSettings describes a SETTINGS frame's payload.
func describeSettings(payload []byte) (fields []layer.Field) {
	at := headerSize
	for b := payload; len(b) >= settingSize && len(fields) < maxDescribed; b, at = b[settingSize:], at+settingSize {
		id, v := binary.BigEndian.Uint16(b), binary.BigEndian.Uint32(b[2:])
		name, known := settingNames[setting(id)]
		if !known {
			name.name, name.field = fmt.Sprintf("0x%04x", id), "http2.settings.unknown"
		}
		fields = append(fields, layer.Field{Name: "http2.settings", Value: name.name + "=" + strconv.FormatUint(uint64(v), 10), Offset: at, Length: settingSize, Children: []layer.Field{
			{Name: "http2.settings.id", Value: strconv.Itoa(int(id)), Offset: at, Length: 2},
			{Name: name.field, Value: strconv.FormatUint(uint64(v), 10), Offset: at + 2, Length: 4},
		}})
	}
	return fields
}
