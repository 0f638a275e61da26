package header

import (
	"encoding/binary"

	"github.com/wiresight/wiresight/decode/layer"
)

// WLAN is IEEE 802.11.
const WLAN layer.Protocol = "wlan"

// Bits of the frame control field (IEEE 802.11 section 9.2.4.1), read as two
// bytes in the order of the air.
const (
	wlanTypeMask  = 0x0c
	wlanData      = 0x08
	wlanNoData    = 0x40 // subtype bit: null functions carry nothing
	wlanQoS       = 0x80 // subtype bit
	wlanToDS      = 0x01
	wlanFromDS    = 0x02
	wlanMore      = 0x04
	wlanProtected = 0x40
	wlanOrder     = 0x80
	wlanLen       = 24 // of the data frame's header without its optional parts
	wlanMinLen    = 10
)

// wlan reads an 802.11 frame. What data frames carry begins with LLC; what is
// encrypted ends the walk.
func (w *Walker) wlan(r part) {
	if !w.add(r, WLAN, wlanMinLen) {
		return
	}
	control, flags := r.data[0], r.data[1]
	if control&wlanTypeMask != wlanData {
		return
	}
	size := wlanLen
	if flags&(wlanToDS|wlanFromDS) == wlanToDS|wlanFromDS {
		size += 6 // a fourth address
	}
	if control&wlanQoS != 0 {
		size += 2
		if flags&wlanOrder != 0 {
			size += 4
		}
	}
	w.grow(r, size)
	if len(r.data) < size || control&wlanNoData != 0 || flags&(wlanProtected|wlanMore) != 0 || r.data[22]&15 != 0 {
		return
	}
	w.llc(r.skip(size))
}

// radiotap skips what the receiver tells of the radio (radiotap.org).
func (w *Walker) radiotap(r part) {
	if len(r.data) < 8 {
		return
	}
	size := int(binary.LittleEndian.Uint16(r.data[2:]))
	if size < 8 || size > len(r.data) {
		return
	}
	r = r.skip(size)
	w.wlan(r)
}
