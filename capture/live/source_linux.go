package live

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/capture/filter"
)

const (
	addressesSize = 12     // an Ethernet frame's two addresses, behind which its VLAN tag belongs
	vlanType      = 0x8100 // IEEE 802.1Q, where the kernel names no other
)

// source captures from one packet socket.
type source struct {
	target     target
	fd         int
	snap       int
	program    *filter.Program
	filterHere bool    // the kernel passes everything
	loopbacks  []int32 // indices

	reading sync.Mutex // held by Next, so that Close takes nothing away from it
	ring    ring
	block   int // the next one, or the current one while frames are left in it
	left    int // frames of the current block that were not returned
	current block
	held    bool // current is not given back yet
	offset  int  // of the next frame in current
	number  int

	ctx     context.Context
	wake    int // event that ends waiting
	unwatch func() bool
	stopped atomic.Bool

	mu   sync.Mutex // held to change what follows, and to use the socket beside Next
	info capture.Info
	gone bool // the socket is closed
}

// Next implements capture.Source. It returns the context's error when that
// is cancelled, and an error that names the interface when it goes away.
func (s *source) Next(f *capture.Frame) error {
	s.reading.Lock()
	defer s.reading.Unlock()
	for !s.stopped.Load() {
		if s.left == 0 {
			if err := s.nextBlock(); err != nil {
				return err
			}
			continue
		}
		header, from := s.current.frame(s.offset)
		memory := s.current.memory[s.offset:]
		s.left--
		s.offset += int(header.Next_offset)
		if from.Pkttype == unix.PACKET_OUTGOING && slices.Contains(s.loopbacks, from.Ifindex) {
			continue // it comes in, too
		}
		if s.take(f, header, from, memory) {
			s.number++
			f.Number = s.number
			return nil
		}
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return os.ErrClosed
}

// nextBlock gives back the block that was read and waits for the next.
func (s *source) nextBlock() error {
	if s.held {
		s.current.release()
		s.held = false
		s.block = (s.block + 1) % s.ring.blocks
	}
	b, ready := s.ring.at(s.block)
	if !ready {
		return s.wait()
	}
	s.current, s.held = b, true
	s.left = int(b.header.Num_pkts)
	s.offset = int(b.header.Offset_to_first_pkt)
	return nil
}

// wait returns when there may be frames, or nothing more is to be waited for.
func (s *source) wait() error {
	fds := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}, {Fd: int32(s.wake), Events: unix.POLLIN}}
	_, err := unix.Poll(fds, -1)
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("cannot capture on %s any more: %w", s.target.name, err)
	}
	if fds[0].Revents&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) == 0 {
		return nil
	}
	n, err := unix.GetsockoptInt(s.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	switch {
	case err != nil:
		return fmt.Errorf("cannot capture on %s any more: %w", s.target.name, err)
	case unix.Errno(n) == unix.ENETDOWN:
		return fmt.Errorf("the interface %s went down or away", s.target.name)
	case n != 0:
		return fmt.Errorf("cannot capture on %s any more: %w", s.target.name, unix.Errno(n))
	}
	return nil
}

// take fills f from a frame of the ring. It returns false for one that the
// filter does not let pass.
func (s *source) take(f *capture.Frame, header *unix.Tpacket3Hdr, from *unix.RawSockaddrLinklayer, memory []byte) bool {
	start, end := int(header.Mac), int(header.Mac)+int(header.Snaplen)
	tagged := header.Status&unix.TP_STATUS_VLAN_VALID != 0 || header.Hv1.Vlan_tci != 0
	check := s.filterHere
	if s.target.cooked {
		start -= cookedSize
		putCooked(memory[start:], from)
	} else if tagged && end-start >= addressesSize {
		copy(memory[start-vlanTagSize:], memory[start:start+addressesSize])
		start -= vlanTagSize
		putTag(memory[start+addressesSize:], header)
		check = true
	}
	length := int(header.Len) + int(header.Mac) - start
	if check && !s.program.MatchTyped(memory[start:end], length, from.Pkttype) {
		return false
	}
	if s.target.cooked && tagged {
		start -= vlanTagSize
		tagCooked(memory[start:], header)
		length += vlanTagSize
	}
	f.Data = memory[start:min(end, start+s.snap):end]
	f.Length = length
	f.Nanos = int64(header.Sec)*1e9 + int64(header.Nsec)
	f.Link = s.target.link
	f.Interface = 0
	f.Comments = nil
	f.Offset = -1
	return true
}

// tagCooked moves a cooked header to the beginning of b, before the tag that
// the kernel took off. Filters do not see that tag: the language has no word
// for tags in cooked frames, and what is in tagged frames could not be asked
// for if they did.
func tagCooked(b []byte, header *unix.Tpacket3Hdr) {
	copy(b, b[vlanTagSize:][:cookedSize])
	inner := binary.BigEndian.Uint16(b[cookedProtocol:])
	var tag [vlanTagSize]byte
	putTag(tag[:], header)
	copy(b[cookedProtocol:], tag[:2])
	copy(b[cookedSize:], tag[2:])
	binary.BigEndian.PutUint16(b[cookedSize+2:], inner)
}

// putTag writes a VLAN tag (IEEE 802.1Q) that the kernel took off its frame.
func putTag(b []byte, header *unix.Tpacket3Hdr) {
	protocol := uint16(vlanType)
	if header.Status&unix.TP_STATUS_VLAN_TPID_VALID != 0 {
		protocol = header.Hv1.Vlan_tpid
	}
	binary.BigEndian.PutUint16(b, protocol)
	binary.BigEndian.PutUint16(b[2:], uint16(header.Hv1.Vlan_tci))
}

// openWake arranges for waiting to end when ctx does.
func (s *source) openWake(ctx context.Context) error {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return err
	}
	s.ctx, s.wake = ctx, fd
	s.unwatch = context.AfterFunc(ctx, s.stop)
	return nil
}

// stop makes Next return, now and from now on.
func (s *source) stop() {
	s.stopped.Store(true)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wake > 0 {
		_, _ = unix.Write(s.wake, binary.NativeEndian.AppendUint64(nil, 1))
	}
}

// Info implements capture.Source. It returns a snapshot with the number of
// frames that the kernel had no room for up to now.
func (s *source) Info() *capture.Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countDrops()
	info := s.info
	info.Interfaces = append([]capture.Interface(nil), info.Interfaces...)
	return &info
}

// countDrops adds what was lost since it was last asked; the caller holds mu.
func (s *source) countDrops() {
	if s.gone {
		return
	}
	if n, err := unix.GetsockoptTpacketStatsV3(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		s.info.Interfaces[0].Dropped += uint64(n.Drops)
	}
}

// Close implements capture.Source. A Next that waits returns.
func (s *source) Close() error {
	s.stop()
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone {
		return nil
	}
	if len(s.info.Interfaces) > 0 {
		s.countDrops()
	}
	s.gone = true
	if s.unwatch != nil {
		s.unwatch()
	}
	if s.ring.memory != nil {
		_ = unix.Munmap(s.ring.memory)
	}
	if s.wake > 0 {
		unix.Close(s.wake)
		s.wake = 0
	}
	return unix.Close(s.fd)
}
