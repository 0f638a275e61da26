package quic

import (
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/tls"
)

// title names the frame as the line of a packet list does.
func (f *frame) title() string {
	switch {
	case f.isStream():
		return "STREAM(" + decimal(f.stream) + ")"
	case f.kind == frameClose || f.kind == frameCloseApp:
		t := frameName(f.kind) + " " + fmt.Sprintf("0x%x", f.code)
		if n := ErrorName(f.code); n != "" && f.kind == frameClose {
			t += " " + n
		}
		return t
	case f.kind == frameResetStream || f.kind == frameStopSending || f.kind == frameStreamDataBlocked:
		return frameName(f.kind) + "(" + decimal(f.stream) + ")"
	}
	return frameName(f.kind)
}

// field describes the frame. Its fields' places are not told one by one, but for
// data: numbers have variable lengths.
func (f *frame) field() layer.Field {
	out := layer.Field{Name: "quic.frame", Value: f.title(), Offset: f.at, Length: f.size, Children: []layer.Field{
		{Name: "quic.frame_type", Value: decimal(f.kind), Offset: f.at, Length: 1},
	}}
	number := func(name string, v uint64) {
		out.Children = append(out.Children, layer.Field{Name: name, Value: decimal(v)})
	}
	data := func(name, value string) { // data ends the frame, but for what stands behind it
		out.Children = append(out.Children, layer.Field{Name: name, Value: value, Offset: f.at + f.size - len(f.data), Length: len(f.data)})
	}
	text := func(name, value string) {
		out.Children = append(out.Children, layer.Field{Name: name, Value: value})
	}
	switch {
	case f.isStream():
		number("quic.stream.stream_id", f.stream)
		text("quic.stream.fin", strconv.FormatBool(f.fin))
		if f.kind&streamOffset != 0 {
			number("quic.stream.offset", f.offset)
		}
		number("quic.stream.length", uint64(len(f.data)))
		data("quic.stream_data", clipHex(f.data))
	case f.kind == framePadding:
		number("quic.padding_length", uint64(f.size))
	case f.kind == frameACK || f.kind == frameACKECN:
		out.Children = append(out.Children, f.ackFields()...)
	case f.kind == frameCrypto:
		number("quic.crypto.offset", f.offset)
		number("quic.crypto.length", uint64(len(f.data)))
		data("quic.crypto.crypto_data", clipHex(f.data))
	case f.kind == frameNewToken:
		number("quic.nt.length", uint64(len(f.data)))
		data("quic.nt.token", clipHex(f.data))
	case f.kind == frameDatagram || f.kind == frameDatagramLength:
		number("quic.dg.length", uint64(len(f.data)))
		data("quic.dg", clipHex(f.data))
	case f.kind == frameClose || f.kind == frameCloseApp:
		out.Children = append(out.Children, f.closeFields()...)
		data("quic.cc.reason_phrase", layer.Clip(f.data, maxText))
	case f.kind == frameNewConnectionID:
		number("quic.nci.sequence", f.stream)
		number("quic.nci.retire_prior_to", f.offset)
		number("quic.nci.connection_id.length", uint64(len(f.data)))
		text("quic.nci.connection_id", clipHex(f.data))
		text("quic.nci.stateless_reset_token", clipHex(f.token))
	case f.kind == framePathChallenge:
		data("quic.path_challenge.data", clipHex(f.data))
	case f.kind == framePathResponse:
		data("quic.path_response.data", clipHex(f.data))
	default:
		f.limitFields(number)
	}
	return out
}

// limitFields describes frames that are numbers only.
func (f *frame) limitFields(number func(string, uint64)) {
	switch f.kind {
	case frameResetStream, frameResetStreamAt:
		number("quic.rsts.stream_id", f.stream)
		number("quic.rsts.application_error_code", f.code)
		number("quic.rsts.final_size", f.limit)
	case frameStopSending:
		number("quic.ss.stream_id", f.stream)
		number("quic.ss.application_error_code", f.code)
	case frameMaxData:
		number("quic.md.maximum_data", f.limit)
	case frameMaxStreamData:
		number("quic.msd.stream_id", f.stream)
		number("quic.msd.maximum_stream_data", f.limit)
	case frameMaxStreamsBidi, frameMaxStreamsUni:
		number("quic.ms.max_streams", f.limit)
	case frameDataBlocked:
		number("quic.sb.stream_data_limit", f.limit)
	case frameStreamDataBlocked:
		number("quic.sdb.stream_id", f.stream)
		number("quic.sb.stream_data_limit", f.limit)
	case frameStreamsBlockedBidi, frameStreamsBlockedUni:
		number("quic.sib.stream_limit", f.limit)
	case frameRetireConnectionID:
		number("quic.rci.sequence", f.stream)
	}
}

// ackFields describes an ACK frame after its type.
func (f *frame) ackFields() []layer.Field {
	fields := []layer.Field{
		{Name: "quic.ack.largest_acknowledged", Value: decimal(f.offset)},
		{Name: "quic.ack.ack_delay", Value: decimal(f.limit)},
	}
	var ranges []layer.Field
	var a acked
	last := uint64(0)
	for count := 0; ; count++ {
		from, to, ok := a.next(f)
		if !ok {
			fields = append(fields, layer.Field{Name: "quic.ack.ack_range_count", Value: strconv.Itoa(max(count-1, 0))})
			break
		}
		if count == 0 {
			ranges = append(ranges, layer.Field{Name: "quic.ack.first_ack_range", Value: decimal(to - from - 1)})
		} else if count < maxListed {
			ranges = append(ranges,
				layer.Field{Name: "quic.ack.gap", Value: decimal(last - to - 1)},
				layer.Field{Name: "quic.ack.ack_range", Value: decimal(to - from - 1)})
		}
		last = from
	}
	fields = append(fields, ranges...)
	if f.kind == frameACKECN {
		for i, name := range [3]string{"quic.ack.ect0_count", "quic.ack.ect1_count", "quic.ack.ecn_ce_count"} {
			fields = append(fields, layer.Field{Name: name, Value: decimal(f.ecn[i])})
		}
	}
	return fields
}

func (f *frame) closeFields() []layer.Field {
	if f.kind == frameCloseApp {
		return []layer.Field{{Name: "quic.cc.error_code.app", Value: decimal(f.code)}}
	}
	value := decimal(f.code)
	if n := ErrorName(f.code); n != "" {
		value += " (" + n + ")"
	}
	fields := []layer.Field{{Name: "quic.cc.error_code", Value: value}}
	if f.code >= cryptoError && f.code < 2*cryptoError {
		fields = append(fields, layer.Field{Name: "quic.cc.error_code.tls_alert", Value: tls.AlertName(uint8(f.code))})
	}
	return append(fields, layer.Field{Name: "quic.cc.frame_type", Value: decimal(f.cause)})
}
