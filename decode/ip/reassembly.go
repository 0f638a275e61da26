// Package ip puts fragmented IPv4 and IPv6 datagrams together (RFC 791
// section 3.2, RFC 8200 section 4.5). It takes what the header walk hands it,
// holds a bounded number of bytes, and knows nothing of what is inside.
package ip

import (
	"net/netip"
	"sort"

	"github.com/wiresight/wiresight/decode/layer"
)

// Limits of what waits for missing fragments. Beyond them the oldest datagrams
// are forgotten.
const (
	maxDatagrams = 4096
	maxHeld      = 16 << 20 // bytes of all fragments together, with pieceCost for each
	pieceCost    = 64       // bytes of memory that a fragment takes beside its data
	maxDatagram  = 65535    // bytes of one datagram's payload
	maxPieces    = 4096     // fragments of one datagram
	timeout      = 60e9     // nanoseconds; RFC 8200 section 4.5
)

// Key names the datagram that a fragment belongs to.
type Key struct {
	Src, Dst netip.Addr
	ID       uint32
	Protocol uint8
	IPv6     bool
}

// Fragment is one piece of a datagram's payload.
type Fragment struct {
	Offset int // of Data[0] in the payload, bytes
	More   bool
	Data   []byte // copied by Add
}

// Reassembler holds the fragments that wait for others. It is not safe for
// concurrent use.
type Reassembler struct {
	waiting map[Key]*datagram
	order   []Key // by first fragment; entries may be gone from waiting
	held    int
}

type datagram struct {
	pieces []piece // by offset
	length int     // of the payload; -1 until the last fragment was seen
	bytes  int     // held, with pieceCost for each piece
	first  layer.PacketRef
}

type piece struct {
	offset int
	data   []byte
	at     layer.PacketRef
}

// NewReassembler returns an empty Reassembler.
func NewReassembler() *Reassembler { return &Reassembler{waiting: map[Key]*datagram{}} }

// Add takes a fragment that packet at carried. Once all are there it returns
// the payload, which the caller may keep, and the packets that carried it, in
// the payload's order. Where fragments overlap, the one that begins first
// stands, as in Wireshark.
func (r *Reassembler) Add(k Key, f Fragment, at layer.PacketRef) (payload []byte, packets []layer.PacketRef, ok bool) {
	if f.Offset+len(f.Data) > maxDatagram || len(f.Data) == 0 {
		return nil, nil, false
	}
	d := r.waiting[k]
	if d != nil && at.Nanos-d.first.Nanos > timeout {
		r.drop(k, d)
		d = nil
	}
	if d == nil {
		d = &datagram{length: -1, first: at}
		r.waiting[k] = d
		r.order = append(r.order, k)
	}
	if !f.More {
		d.length = f.Offset + len(f.Data)
	}
	if d.insert(f, at) {
		d.bytes += len(f.Data) + pieceCost
		r.held += len(f.Data) + pieceCost
	}
	if !d.complete() {
		r.bound()
		return nil, nil, false
	}
	defer r.bound() // order grows by datagrams that are whole at once, too
	r.drop(k, d)
	payload, packets = d.join()
	return payload, packets, true
}

// insert reports whether the fragment says anything new.
func (d *datagram) insert(f Fragment, at layer.PacketRef) bool {
	i := sort.Search(len(d.pieces), func(i int) bool { return d.pieces[i].offset > f.Offset })
	if i > 0 && d.pieces[i-1].offset == f.Offset && len(d.pieces[i-1].data) >= len(f.Data) || len(d.pieces) >= maxPieces {
		return false
	}
	d.pieces = append(d.pieces, piece{})
	copy(d.pieces[i+1:], d.pieces[i:])
	d.pieces[i] = piece{f.Offset, append([]byte(nil), f.Data...), at}
	return true
}

func (d *datagram) complete() bool {
	if d.length < 0 {
		return false
	}
	end := 0
	for _, p := range d.pieces {
		if p.offset > end {
			return false
		}
		end = max(end, p.offset+len(p.data))
	}
	return end >= d.length
}

func (d *datagram) join() ([]byte, []layer.PacketRef) {
	payload := make([]byte, 0, d.length)
	packets := make([]layer.PacketRef, 0, len(d.pieces))
	for _, p := range d.pieces {
		if known := len(payload) - p.offset; known < len(p.data) {
			payload = append(payload, p.data[known:]...)
			packets = append(packets, p.at)
		}
	}
	return payload[:d.length], packets
}

func (r *Reassembler) drop(k Key, d *datagram) {
	delete(r.waiting, k)
	r.held -= d.bytes
}

// bound forgets the oldest datagrams until the limits hold.
func (r *Reassembler) bound() {
	for len(r.order) > 0 && (len(r.waiting) > maxDatagrams || r.held > maxHeld || len(r.order) > 2*maxDatagrams) {
		k := r.order[0]
		r.order = r.order[1:]
		if d := r.waiting[k]; d != nil {
			r.drop(k, d)
		}
	}
}
