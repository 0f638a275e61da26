package flow

import "github.com/wiresight/wiresight/decode/layer"

// RTP is what a conversation's media packets say (RFC 3550).
type RTP struct {
	Streams []RTPStream // by first sight, at most MaxRTPStreams
	Omitted int         // streams that were not kept
}

// MaxRTPStreams bounds the media streams kept of one conversation.
const MaxRTPStreams = 64

// RTPStream is one synchronization source in one direction.
type RTPStream struct {
	SSRC        uint32
	Dir         layer.Direction
	PayloadType uint8 // of its last packet
	First, Last layer.PacketRef
	Packets     int64
	Bytes       int64 // RTP headers included
	Lost        int64 // numbers that never came, by the end
	OutOfOrder  int64
	Duplicates  int64
	Marked      int64 // packets with the marker bit: frames, talk spurts
	ClockRate   int   // Hz; 0 unknown
	// ClockLikely tells that ClockRate was found by comparing time stamps with
	// arrival times, rather than by the payload type (RFC 3551).
	ClockLikely bool
	Jitter      float64 // seconds, interarrival jitter at the end (section 6.4.1)
	MaxJitter   float64 // seconds
}
