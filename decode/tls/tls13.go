package tls

import "github.com/wiresight/wiresight/decode/layer"

// inferred is what the order and lengths of TLS 1.3's encrypted records show
// without keys. Finished and EndOfEarlyData have fixed lengths, which most
// clients do not pad (RFC 8446 sections 4.4.4, 4.5, 5.4).
type inferred struct {
	early      bool // the client sent early data
	endOfEarly bool // a record as long as an EndOfEarlyData went by
	clientDone bool // the client's Finished went by, as far as can be told
	waiting    int  // client records since the server's flight without a Finished
	flight     layer.PacketRef
}

// alertSize is the length of an alert (RFC 8446 section 6).
const alertSize = 2

// sealedLength returns the length of an encrypted record with a message of n bytes in
// it: the message, the inner content type and the AEAD's tag.
func (f *facts) sealedLength(n int) int {
	tag := 16
	if f.suite == 0x1305 { // TLS_AES_128_CCM_8_SHA256
		tag = 8
	}
	return n + 1 + tag
}

// maxFlight bounds the records in which the client's Finished is looked for.
const maxFlight = 8

// finishedLength returns the length of a record that holds a Finished alone.
func (f *facts) finishedLength() int {
	hash := 32
	if f.suite == 0x1302 || f.suite == 0x00c6 {
		hash = 48
	}
	return f.sealedLength(handshakeHeader + hash)
}

// record13 takes a record of type 23 of a TLS 1.3 connection.
func (f *facts) record13(dir layer.Direction, length int) {
	if dir != f.client {
		f.server13(dir)
		return
	}
	i := &f.inferred
	switch {
	case f.version == 0: // before the ServerHello
		if f.out.EarlyData == "offered" {
			i.early = true
			f.appData(dir)
		}
	case i.clientDone:
		f.appData(dir)
	case length == f.sealedLength(alertSize) && !i.early && i.waiting == 0:
		// too short for a Finished: an alert that refuses the server's flight
	default:
		f.clientFlight(length)
	}
}

func (f *facts) appData(dir layer.Direction) {
	if !f.out.FirstAppData[dir].Valid() {
		f.t().FirstAppData[dir] = f.first
	}
}

// clientFlight looks for the client's Finished.
func (f *facts) clientFlight(length int) {
	i := &f.inferred
	t := f.t()
	if i.waiting == 0 && !i.early {
		t.ServerDone = i.flight
	}
	i.waiting++
	done := f.finishedLength()
	switch {
	case length == done:
		f.finished13(i.endOfEarly)
	case length == done+handshakeHeader && t.EarlyData == "offered":
		f.finished13(true)
	case t.EarlyData == "offered" || i.early:
		i.endOfEarly = length == f.sealedLength(handshakeHeader)
	default: // a client certificate comes first, or the record is padded
		t.ClientFinished = f.last
		if i.waiting >= maxFlight {
			i.clientDone = true
		}
	}
}

// finished13 takes the client's Finished. EndOfEarlyData stands before it if
// and only if the server accepted early data.
func (f *facts) finished13(endOfEarly bool) {
	t := f.t()
	f.inferred.clientDone = true
	t.ClientFinished = f.last
	t.ServerDone = f.inferred.flight
	if t.EarlyData != "offered" {
		return
	}
	if endOfEarly {
		t.EarlyData, t.EarlyDataLikely = "accepted", true
	} else {
		f.reject(true)
	}
}

// reject notes that the server does not take early data: the client's first
// application data comes after the handshake then.
func (f *facts) reject(likely bool) {
	t := f.t()
	t.EarlyData, t.EarlyDataLikely = "rejected", likely
	t.FirstAppData[f.client] = layer.PacketRef{}
}

func (f *facts) server13(dir layer.Direction) {
	i := &f.inferred
	if i.waiting > 0 { // the client answered the server's flight
		if !f.inferred.early {
			i.clientDone = true
		}
	}
	if i.clientDone {
		f.appData(dir)
		return
	}
	i.flight = f.last
}
