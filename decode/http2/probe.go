package http2

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/dissect"
)

// preface is what a client begins with (RFC 9113 section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// probe knows a client by the preface and a server by its SETTINGS frame.
func probe(first []byte, datagram bool) dissect.Verdict {
	if datagram {
		return dissect.Verdict{}
	}
	n := min(len(first), len(preface))
	if string(first[:n]) == preface[:n] {
		if n < len(preface) {
			return dissect.Verdict{Match: dissect.More}
		}
		return dissect.Verdict{Match: dissect.Yes, Client: dissect.Sender}
	}
	switch m := probeServer(first); m {
	case dissect.Yes:
		return dissect.Verdict{Match: m, Client: dissect.Receiver}
	case dissect.More:
		return dissect.Verdict{Match: m}
	}
	if m, _ := chain(first, usualMost); m != dissect.Yes {
		return dissect.Verdict{}
	}
	// The capture begins in the middle. Only a header block shows whose frames
	// these are.
	who := sender(first)
	if who == dissect.Unknown && len(first) < enoughBytes {
		return dissect.Verdict{Match: dissect.More}
	}
	return dissect.Verdict{Match: dissect.Yes, Client: who}
}

// enoughBytes are frames without a header block for which nobody waits longer.
const enoughBytes = 1024

// sender tells who sent frames, by the first header block whose pseudo-header
// fields show it.
func sender(b []byte) dissect.Client {
	for len(b) >= headerSize {
		f := parseFrame(b)
		if len(b) < headerSize+f.length || !f.plausible(usualMost) {
			break
		}
		switch payload := b[headerSize : headerSize+f.length]; f.kind {
		case framePushPromise:
			return dissect.Receiver
		case frameHeaders:
			if who := author(f, payload); who != dissect.Unknown {
				return who
			}
		}
		b = b[headerSize+f.length:]
	}
	return dissect.Unknown
}

// author tells who sends a header block: a request's or a response's.
func author(f frame, payload []byte) (who dissect.Client) {
	fragment, _ := fragmentOf(f, payload)
	var d decoder
	d.table.forget()
	d.decode(fragment, func(f *field) {
		switch string(f.name) {
		case ":method", ":path", ":scheme", ":authority":
			who = dissect.Sender
		case ":status":
			who = dissect.Receiver
		}
	})
	return who
}

// probeServer judges whether bytes are a server's preface: a SETTINGS frame,
// not empty, of settings that are known and have values that they may have.
// An empty one is too little to tell.
func probeServer(b []byte) dissect.Match {
	head := []byte{0, 0, 0, byte(frameSettings), 0, 0, 0, 0, 0}
	for i, c := range b[:min(len(b), headerSize)] {
		if i != 1 && i != 2 && c != head[i] || i == 1 && c != 0 {
			return dissect.No
		}
	}
	if len(b) < headerSize {
		return dissect.More
	}
	f := parseFrame(b)
	if f.length == 0 {
		m, _ := chain(b, usualMost)
		return m
	}
	if f.length%settingSize != 0 {
		return dissect.No
	}
	b = b[headerSize:]
	whole := len(b) >= f.length
	for b = b[:min(len(b), f.length)]; len(b) >= settingSize; b = b[settingSize:] {
		if !sane(binary.BigEndian.Uint16(b), binary.BigEndian.Uint32(b[2:])) {
			return dissect.No
		}
	}
	if !whole {
		return dissect.More
	}
	return dissect.Yes
}

// sane reports whether a setting is registered and may have the value.
func sane(id uint16, value uint32) bool {
	switch setting(id) {
	case settingEnablePush, settingConnectProtocol, settingNoPriorities:
		return value <= 1
	case settingInitialWindow:
		return value < 1<<31
	case settingMaxFrameSize:
		return value >= usualMost && value <= mostOfAll
	case settingTableSize, settingMaxStreams, settingMaxHeaderList:
		return true
	}
	return false
}

// Frames in a row that make bytes likely to be frames, where only their own
// look tells.
const (
	enoughFrames = 3 // wherever they end
	exactFrames  = 2 // where the last one ends with the bytes
)

// chain judges whether b begins with frames by following their lengths.
func chain(b []byte, most int) (m dissect.Match, frames int) {
	for rest := b; ; frames++ {
		if frames >= enoughFrames {
			return dissect.Yes, frames
		}
		if len(rest) == 0 && frames >= exactFrames {
			return dissect.Yes, frames
		}
		if len(rest) < headerSize {
			break
		}
		f := parseFrame(rest)
		if !f.plausible(most) || !plausibleContent(f, rest[headerSize:]) {
			return dissect.No, frames
		}
		if len(rest) < headerSize+f.length {
			break
		}
		if f.kind == frameHeaders && readable(f, rest[headerSize:headerSize+f.length]) {
			frames++ // as good as another frame behind it
		}
		rest = rest[headerSize+f.length:]
	}
	return dissect.More, frames
}

// readable reports whether a payload is a header block that is decoded to its
// end and has a pseudo-header field.
func readable(f frame, payload []byte) bool {
	fragment, ok := fragmentOf(f, payload)
	if !ok || f.flags&flagEndHeaders == 0 {
		return false
	}
	var d decoder
	d.table.forget()
	pseudo := false
	bad := d.decode(fragment, func(f *field) { pseudo = pseudo || len(f.name) > 1 && f.name[0] == ':' })
	return bad == "" && pseudo
}

// plausibleContent looks at what of a payload is easy to judge; b may hold less
// or more than the payload.
func plausibleContent(f frame, b []byte) bool {
	if len(b) < f.length {
		return true
	}
	b = b[:f.length]
	switch f.kind {
	case frameWindowUpdate:
		v := binary.BigEndian.Uint32(b)
		return v != 0 && v < 1<<31
	case frameReset:
		return int(binary.BigEndian.Uint32(b)) < len(errorNames)
	case frameSettings:
		for ; len(b) >= settingSize; b = b[settingSize:] {
			if !sane(binary.BigEndian.Uint16(b), binary.BigEndian.Uint32(b[2:])) {
				return false
			}
		}
	case frameGoAway:
		return int(binary.BigEndian.Uint32(b[4:])) < len(errorNames)
	case frameHeaders, frameContinuation, framePushPromise:
		return f.length > 0
	case frameData:
		return f.length > 0 || f.flags&flagEndStream != 0 // else zeros look like frames
	}
	return true
}
