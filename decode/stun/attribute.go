package stun

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"github.com/wiresight/wiresight/decode/layer"
)

// The attributes that are read (RFC 8489 section 18.3, RFC 8656 section 18, RFC
// 8445 section 16.1).
const (
	mappedAddress     = 0x0001
	username          = 0x0006
	messageIntegrity  = 0x0008
	errorCode         = 0x0009
	channelNumber     = 0x000c
	lifetime          = 0x000d
	xorPeerAddress    = 0x0012
	dataAttribute     = 0x0013
	realm             = 0x0014
	nonce             = 0x0015
	xorRelayedAddress = 0x0016
	requestedFamily   = 0x0017
	requestedProtocol = 0x0019
	xorMappedAddress  = 0x0020
	priority          = 0x0024
	useCandidate      = 0x0025
	messageIntegrity2 = 0x001c
	software          = 0x8022
	alternateServer   = 0x8023
	fingerprint       = 0x8028
	iceControlled     = 0x8029
	iceControlling    = 0x802a
	otherAddress      = 0x802c
)

// attributeNames are Wireshark's titles.
var attributeNames = map[uint16]string{
	mappedAddress: "MAPPED-ADDRESS", username: "USERNAME", messageIntegrity: "MESSAGE-INTEGRITY", errorCode: "ERROR-CODE",
	channelNumber: "CHANNEL-NUMBER", lifetime: "LIFETIME", xorPeerAddress: "XOR-PEER-ADDRESS", dataAttribute: "DATA", realm: "REALM",
	nonce: "NONCE", xorRelayedAddress: "XOR-RELAYED-ADDRESS", requestedFamily: "REQUESTED-ADDRESS-FAMILY",
	requestedProtocol: "REQUESTED-TRANSPORT", xorMappedAddress: "XOR-MAPPED-ADDRESS", priority: "PRIORITY", useCandidate: "USE-CANDIDATE",
	messageIntegrity2: "MESSAGE-INTEGRITY-SHA256", software: "SOFTWARE", alternateServer: "ALTERNATE-SERVER", fingerprint: "FINGERPRINT",
	iceControlled: "ICE-CONTROLLED", iceControlling: "ICE-CONTROLLING", otherAddress: "OTHER-ADDRESS",
}

// address reads an address attribute of the message b; those whose names begin
// with XOR are mixed with the cookie and the transaction id (RFC 8489 section
// 14.2).
func address(b []byte, a *attribute) (at netip.AddrPort, ok bool) {
	v := a.value
	if len(v) != 8 && len(v) != 20 {
		return at, false
	}
	var raw [16]byte
	port := binary.BigEndian.Uint16(v[2:])
	n := copy(raw[:], v[4:])
	switch a.kind {
	case xorMappedAddress, xorPeerAddress, xorRelayedAddress:
		port ^= cookie >> 16
		for i := range raw[:n] {
			raw[i] ^= b[atCookie+i]
		}
	}
	addr, ok := netip.AddrFromSlice(raw[:n])
	return netip.AddrPortFrom(addr, port), ok && (v[1] == 1) == (n == 4)
}

const maxText = 255

// text tells an attribute's value, "" where it has none to show.
func text(b []byte, a *attribute) string {
	v := a.value
	switch a.kind {
	case username, realm, software, nonce:
		return layer.Clip(v, maxText)
	case errorCode:
		return failureText(v)
	case mappedAddress, xorMappedAddress, xorPeerAddress, xorRelayedAddress, alternateServer, otherAddress:
		if at, ok := address(b, a); ok {
			return at.String()
		}
	case lifetime, priority:
		if len(v) == 4 {
			return strconv.FormatUint(uint64(binary.BigEndian.Uint32(v)), 10)
		}
	case channelNumber:
		if len(v) == 4 {
			return "0x" + strconv.FormatUint(uint64(binary.BigEndian.Uint16(v)), 16)
		}
	case requestedProtocol:
		if len(v) == 4 && v[0] == 17 {
			return "UDP"
		}
	case dataAttribute:
		return strconv.Itoa(len(v)) + " bytes"
	}
	return ""
}

// failureCode reads an ERROR-CODE (RFC 8489 section 14.8).
func failureCode(v []byte) (code, reason string) {
	if len(v) < 4 {
		return "", ""
	}
	return strconv.Itoa(int(v[2]&7)*100 + int(v[3])), layer.Clip(v[4:], maxText)
}

// failureText is the code with its reason, where there is one.
func failureText(v []byte) string {
	code, reason := failureCode(v)
	return strings.TrimSpace(code + " " + reason)
}

// factNames are the attributes that rules and readers want to know.
var factNames = map[uint16]string{
	username: "username", xorMappedAddress: "mapped-address", mappedAddress: "mapped-address", xorPeerAddress: "peer-address",
	xorRelayedAddress: "relayed-address", lifetime: "lifetime", priority: "priority", useCandidate: "use-candidate",
	iceControlled: "ice-role", iceControlling: "ice-role", software: "software", realm: "realm", channelNumber: "channel",
	messageIntegrity: "integrity", messageIntegrity2: "integrity",
}

// fact tells the value of such an attribute.
func fact(b []byte, a *attribute) string {
	switch a.kind {
	case useCandidate:
		return "yes"
	case iceControlled:
		return "controlled"
	case iceControlling:
		return "controlling"
	case messageIntegrity, messageIntegrity2:
		return "protected"
	}
	return text(b, a)
}
