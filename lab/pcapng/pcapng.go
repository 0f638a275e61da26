// Package pcapng writes what the lab's link saw as a capture file: one section,
// Ethernet interfaces with nanosecond stamps, packets with their direction.
// The lab has its own writer so that the product's is never its own witness.
package pcapng

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"time"
)

// Block types, options and codes of the pcapng draft (draft-ietf-opsawg-pcapng).
const (
	blockSectionHeader    = 0x0A0D0D0A
	blockInterface        = 0x00000001
	blockEnhancedPacket   = 0x00000006
	blockInterfaceStats   = 0x00000005
	byteOrderMagic        = 0x1A2B3C4D
	linkTypeEthernet      = 1
	optEnd                = 0
	optSectionApplication = 4
	optInterfaceName      = 2
	optInterfaceTSResol   = 9
	optPacketFlags        = 2
	optStatsReceived      = 4
	optStatsDropped       = 5
)

// Direction says how a packet passed the interface (the two low bits of the
// flags word of an Enhanced Packet Block).
type Direction uint32

// The directions; Unknown is written as no flags word at all.
const (
	Unknown  Direction = 0
	Inbound  Direction = 1
	Outbound Direction = 2
)

// Packet is one captured frame.
type Packet struct {
	Time      time.Time
	Direction Direction
	Data      []byte
	Length    int // on the wire, where Data is cut; 0 stands for the length of Data
	Interface int // index into the names given to Write
}

// WriteFile writes the packets as a capture of the interfaces, whole or not at
// all, and returns the file's size in bytes.
func WriteFile(path string, interfaces []string, packets []Packet) (size int64, err error) {
	temporary := path + ".part"
	f, err := os.Create(temporary)
	if err != nil {
		return 0, fmt.Errorf("pcapng: %w", err)
	}
	defer os.Remove(temporary)
	w := bufio.NewWriter(f)
	if err := Write(w, interfaces, packets); err != nil {
		f.Close()
		return 0, fmt.Errorf("pcapng: %s: %w", path, err)
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return 0, fmt.Errorf("pcapng: %s: %w", path, err)
	}
	size, err = f.Seek(0, io.SeekCurrent)
	if err := f.Close(); err != nil {
		return 0, fmt.Errorf("pcapng: %s: %w", path, err)
	}
	if err == nil {
		err = os.Rename(temporary, path)
	}
	return size, err
}

// Write writes a section with its interfaces, their packets and statistics.
func Write(w io.Writer, interfaces []string, packets []Packet) error {
	blocks := [][]byte{sectionHeader()}
	for _, name := range interfaces {
		blocks = append(blocks, interfaceDescription(name))
	}
	last, received := make([]time.Time, len(interfaces)), make([]int, len(interfaces))
	for _, p := range packets {
		blocks = append(blocks, enhancedPacket(p))
		last[p.Interface] = p.Time
		received[p.Interface]++
	}
	for i := range interfaces {
		blocks = append(blocks, interfaceStatistics(i, last[i], received[i]))
	}
	for _, b := range blocks {
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func sectionHeader() []byte {
	body := binary.LittleEndian.AppendUint32(nil, byteOrderMagic)
	body = binary.LittleEndian.AppendUint16(body, 1) // version 1.0
	body = binary.LittleEndian.AppendUint16(body, 0)
	body = binary.LittleEndian.AppendUint64(body, ^uint64(0)) // section length not given
	body = option(body, optSectionApplication, []byte("wiresight lab"))
	return block(blockSectionHeader, option(body, optEnd, nil))
}

func interfaceDescription(name string) []byte {
	body := binary.LittleEndian.AppendUint16(nil, linkTypeEthernet)
	body = binary.LittleEndian.AppendUint16(body, 0)
	body = binary.LittleEndian.AppendUint32(body, 0) // no snap length
	body = option(body, optInterfaceName, []byte(name))
	body = option(body, optInterfaceTSResol, []byte{9}) // 10^-9 s
	return block(blockInterface, option(body, optEnd, nil))
}

func enhancedPacket(p Packet) []byte {
	body := binary.LittleEndian.AppendUint32(nil, uint32(p.Interface))
	body = timestamp(body, p.Time)
	body = binary.LittleEndian.AppendUint32(body, uint32(len(p.Data)))
	body = binary.LittleEndian.AppendUint32(body, uint32(max(p.Length, len(p.Data))))
	body = pad(append(body, p.Data...))
	if p.Direction != Unknown {
		body = option(body, optPacketFlags, binary.LittleEndian.AppendUint32(nil, uint32(p.Direction)))
		body = option(body, optEnd, nil)
	}
	return block(blockEnhancedPacket, body)
}

func interfaceStatistics(index int, at time.Time, received int) []byte {
	body := binary.LittleEndian.AppendUint32(nil, uint32(index))
	body = timestamp(body, at)
	body = option(body, optStatsReceived, binary.LittleEndian.AppendUint64(nil, uint64(received)))
	body = option(body, optStatsDropped, binary.LittleEndian.AppendUint64(nil, 0))
	return block(blockInterfaceStats, option(body, optEnd, nil))
}

func timestamp(b []byte, t time.Time) []byte {
	ns := uint64(0)
	if !t.IsZero() {
		ns = uint64(t.UnixNano())
	}
	b = binary.LittleEndian.AppendUint32(b, uint32(ns>>32))
	return binary.LittleEndian.AppendUint32(b, uint32(ns))
}

func option(b []byte, code uint16, value []byte) []byte {
	b = binary.LittleEndian.AppendUint16(b, code)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	return pad(append(b, value...))
}

// pad fills up to a multiple of four bytes; every body begins aligned.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func block(kind uint32, body []byte) []byte {
	length := uint32(len(body) + 12)
	b := binary.LittleEndian.AppendUint32(make([]byte, 0, length), kind)
	b = binary.LittleEndian.AppendUint32(b, length)
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, length)
}
