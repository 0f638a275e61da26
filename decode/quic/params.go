package quic

import (
	"encoding/hex"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// Transport parameters (RFC 9000 section 18.2, RFC 9221, RFC 9287, RFC 9368).
const (
	paramOriginalID       = 0x00
	paramIdleTimeout      = 0x01
	paramResetToken       = 0x02
	paramUDPPayload       = 0x03
	paramMaxData          = 0x04
	paramStreamDataLocal  = 0x05
	paramStreamDataRemote = 0x06
	paramStreamDataUni    = 0x07
	paramStreamsBidi      = 0x08
	paramStreamsUni       = 0x09
	paramAckExponent      = 0x0a
	paramMaxAckDelay      = 0x0b
	paramNoMigration      = 0x0c
	paramPreferredAddress = 0x0d
	paramActiveIDs        = 0x0e
	paramInitialSource    = 0x0f
	paramRetrySource      = 0x10
	paramVersionInfo      = 0x11
	paramDatagram         = 0x20
	paramGreaseBit        = 0x2ab2
)

// parameters are the transport parameters as the connection needs them.
type parameters struct {
	flow.QUICParameters
	resetToken []byte // borrowed
	// preferred is the connection ID of the preferred address, with its token
	// (borrowed).
	preferred      []byte
	preferredToken []byte
}

// parameter is one transport parameter; value borrows.
type parameter struct {
	id    uint64
	value []byte
}

// maxParameters bounds what is looked at.
const maxParameters = 128

// parseParameters parses the extension's data (RFC 9000 section 18); list is for
// whoever describes them.
func parseParameters(b []byte) (p parameters, list []parameter, ok bool) {
	p.AckDelayExponent, p.MaxAckDelay = 3, int64(25*time.Millisecond)
	p.ActiveConnectionIDs, p.MaxUDPPayload = 2, 65527
	r := reader{b: b}
	for len(r.b) > 0 && len(list) < maxParameters {
		one := parameter{id: r.varint()}
		one.value = r.bytes(r.varint())
		if r.short {
			return p, list, false
		}
		list = append(list, one)
		if !p.take(one) {
			return p, list, false
		}
	}
	return p, list, true
}

// take notes one parameter; false where its value is malformed.
func (p *parameters) take(one parameter) bool {
	for _, text := range [...]struct {
		id    uint64
		field *string
	}{{paramOriginalID, &p.OriginalDestinationID}, {paramInitialSource, &p.InitialSourceID}, {paramRetrySource, &p.RetrySourceID}} {
		if one.id == text.id {
			*text.field = hex.EncodeToString(one.value[:min(len(one.value), maxConnectionID)])
			return len(one.value) <= maxConnectionID
		}
	}
	switch one.id {
	case paramNoMigration:
		p.NoMigration = true
	case paramGreaseBit:
		p.GreaseQUICBit = true
	case paramVersionInfo:
		p.VersionInformation = true
	case paramResetToken:
		p.StatelessResetToken, p.resetToken = true, one.value
		return len(one.value) == resetToken
	case paramPreferredAddress:
		return p.preferredAddress(one.value)
	default:
		return p.number(one)
	}
	return true
}

// preferredAddress parses RFC 9000 section 18.2's preferred_address.
func (p *parameters) preferredAddress(b []byte) bool {
	const addresses = 4 + 2 + 16 + 2
	r := reader{b: b}
	r.bytes(addresses)
	n := r.bytes(1)
	if len(n) == 0 {
		return false
	}
	p.preferred, p.preferredToken = r.bytes(uint64(n[0])), r.bytes(resetToken)
	p.HasPreferredAddress = true
	return !r.short
}

// number notes a parameter that is a number.
func (p *parameters) number(one parameter) bool {
	var field *uint64
	var scratch uint64
	switch one.id {
	case paramIdleTimeout, paramMaxAckDelay:
		field = &scratch
	case paramUDPPayload:
		field = &p.MaxUDPPayload
	case paramMaxData:
		field = &p.MaxData
	case paramStreamDataLocal:
		field = &p.MaxStreamDataLocal
	case paramStreamDataRemote:
		field = &p.MaxStreamDataRemote
	case paramStreamDataUni:
		field = &p.MaxStreamDataUni
	case paramStreamsBidi:
		field = &p.MaxStreamsBidi
	case paramStreamsUni:
		field = &p.MaxStreamsUni
	case paramAckExponent:
		field = &p.AckDelayExponent
	case paramActiveIDs:
		field = &p.ActiveConnectionIDs
	case paramDatagram:
		field = &p.MaxDatagram
	default:
		return true // unknown ones are ignored (RFC 9000 section 7.4.2)
	}
	r := reader{b: one.value}
	*field = r.varint()
	const longest = int64(time.Hour) * 24 * 365
	switch one.id {
	case paramIdleTimeout:
		p.MaxIdleTimeout = min(int64(min(scratch, 1<<40))*int64(time.Millisecond), longest)
	case paramMaxAckDelay:
		p.MaxAckDelay = int64(min(scratch, 1<<14)) * int64(time.Millisecond)
	case paramAckExponent:
		p.AckDelayExponent = min(p.AckDelayExponent, 20)
	}
	return !r.short && len(r.b) == 0
}

// parameterFields are Wireshark's names.
var parameterFields = map[uint64]string{
	paramOriginalID: "original_destination_connection_id", paramIdleTimeout: "max_idle_timeout",
	paramResetToken: "stateless_reset_token", paramUDPPayload: "max_udp_payload_size", paramMaxData: "initial_max_data",
	paramStreamDataLocal: "initial_max_stream_data_bidi_local", paramStreamDataRemote: "initial_max_stream_data_bidi_remote",
	paramStreamDataUni: "initial_max_stream_data_uni", paramStreamsBidi: "initial_max_streams_bidi",
	paramStreamsUni: "initial_max_streams_uni", paramAckExponent: "ack_delay_exponent", paramMaxAckDelay: "max_ack_delay",
	paramActiveIDs: "active_connection_id_limit", paramInitialSource: "initial_source_connection_id",
	paramRetrySource: "retry_source_connection_id", paramDatagram: "max_datagram_frame_size",
	paramPreferredAddress: "preferred_address.connectionid",
}

// parameterList describes transport parameters with Wireshark's field names.
func parameterList(list []parameter) []layer.Field {
	const prefix = "tls.quic.parameter."
	var fields []layer.Field
	for _, one := range list {
		name := parameterFields[one.id]
		if name == "" {
			name = "value"
		}
		f := layer.Field{Name: prefix + name, Value: hex.EncodeToString(one.value[:min(len(one.value), 64)])}
		if r := (reader{b: one.value}); one.id != paramOriginalID && one.id != paramInitialSource && one.id != paramRetrySource && one.id != paramResetToken {
			if v := r.varint(); !r.short && len(r.b) == 0 {
				f.Value = decimal(v)
			}
		}
		fields = append(fields, f)
	}
	return fields
}
