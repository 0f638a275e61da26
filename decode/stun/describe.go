package stun

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
)

var classNames = [...]string{request: "Request", indication: "Indication", success: "Success Response", failure: "Error Response"}

// fieldNames are Wireshark's fields of attributes that have one of their own.
var fieldNames = map[uint16]string{
	username: "stun.att.username", realm: "stun.att.realm", nonce: "stun.att.nonce", software: "stun.att.software", errorCode: "stun.att.error",
	lifetime: "stun.att.lifetime", priority: "stun.att.priority", channelNumber: "stun.att.channelnum",
	iceControlled: "stun.att.tie-breaker", iceControlling: "stun.att.tie-breaker", requestedProtocol: "stun.att.transp", dataAttribute: "stun.value",
}

// describe builds the layer of a message.
func describe(h *header, name, status string, b []byte) layer.Layer {
	l := layer.Layer{
		Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(b), Data: bytes.Clone(b), Summary: name + " " + classNames[h.class],
		Fields: []layer.Field{
			{Name: "stun.type", Value: "0x" + hex.EncodeToString(b[:2]), Length: 2, Children: []layer.Field{
				{Name: "stun.type.class", Value: classNames[h.class], Length: 2},
				{Name: "stun.type.method", Value: name, Length: 2},
			}},
			{Name: "stun.length", Value: strconv.Itoa(h.length), Offset: atLength, Length: 2},
			{Name: "stun.cookie", Value: hex.EncodeToString(b[atCookie:atTransaction]), Offset: atCookie, Length: 4},
			{Name: "stun.id", Value: hex.EncodeToString(b[atTransaction:headerSize]), Offset: atTransaction, Length: 12},
		},
	}
	if h.class == failure {
		l.Summary += " " + status
	}
	attributes(b, func(a attribute) {
		l.Fields = append(l.Fields, describeAttribute(b, &a))
		switch a.kind {
		case username, xorMappedAddress, xorRelayedAddress, xorPeerAddress:
			l.Summary += ", " + attributeNames[a.kind] + " " + text(b, &a)
		case useCandidate:
			l.Summary += ", USE-CANDIDATE"
		}
	})
	return l
}

func describeAttribute(b []byte, a *attribute) layer.Field {
	name := attributeNames[a.kind]
	if name == "" {
		name = "0x" + strconv.FormatUint(uint64(a.kind), 16)
	}
	f := layer.Field{Name: "stun.attribute", Value: name, Offset: a.offset, Length: 4 + len(a.value), Children: []layer.Field{
		{Name: "stun.att.type", Value: name, Offset: a.offset, Length: 2},
		{Name: "stun.att.length", Value: strconv.Itoa(len(a.value)), Offset: a.offset + 2, Length: 2},
	}}
	value := text(b, a)
	if value != "" {
		f.Value += ": " + value
	}
	at := a.offset + 4
	switch a.kind {
	case mappedAddress, xorMappedAddress, xorPeerAddress, xorRelayedAddress, alternateServer, otherAddress:
		if where, ok := address(b, a); ok {
			kind := "stun.att.ipv4"
			if where.Addr().Is6() {
				kind = "stun.att.ipv6"
			}
			f.Children = append(f.Children,
				layer.Field{Name: "stun.att.port", Value: strconv.Itoa(int(where.Port())), Offset: at + 2, Length: 2},
				layer.Field{Name: kind, Value: where.Addr().String(), Offset: at + 4, Length: len(a.value) - 4})
		}
	case iceControlled, iceControlling:
		if len(a.value) == 8 {
			value = strconv.FormatUint(binary.BigEndian.Uint64(a.value), 16)
		}
		fallthrough
	default:
		if own := fieldNames[a.kind]; own != "" {
			f.Children = append(f.Children, layer.Field{Name: own, Value: value, Offset: at, Length: len(a.value)})
		}
	}
	return f
}
