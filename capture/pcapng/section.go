package pcapng

import (
	"slices"
	"sort"

	"github.com/wiresight/wiresight/capture"
)

// Bounds of what a file may make the reader keep.
const (
	maxInterfaces = 65536
	maxSections   = 65536
	maxNames      = 65536
	maxSecrets    = 64 << 20 // bytes
)

// section is where a Section Header Block begins, and what it decides.
type section struct {
	offset     int64
	order      order
	interfaces int // how many interfaces the sections before it have
}

// iface is what reading a packet needs of its interface.
type iface struct {
	clock clock
	link  capture.LinkType
	snap  uint32
}

// beginSection takes a Section Header Block (section 4.1); its length was
// checked.
func (r *Reader) beginSection(body []byte, o order, offset int64) string {
	if major := o.uint16(body[4:]); major != 1 {
		return "a section of a pcapng version that is not known"
	}
	if len(r.sections) == maxSections {
		return "more sections than wiresight reads"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sections = append(r.sections, section{offset, o, len(r.ifaces)})
	r.current = r.sections[len(r.sections)-1]
	ok := o.options(body[16:], func(code uint16, value []byte) {
		if code == optComment && len(r.info.Comments) < maxSectionComments {
			r.info.Comments = append(r.info.Comments, string(value))
			r.changed = true
		}
	})
	if !ok {
		return badOptions
	}
	return ""
}

// describeInterface takes an Interface Description Block (section 4.2).
func (r *Reader) describeInterface(body []byte) string {
	if len(body) < 8 {
		return "an interface description that is too short"
	}
	if len(r.ifaces) == maxInterfaces {
		return "more interfaces than wiresight reads"
	}
	o := r.current.order
	d := capture.Interface{Link: capture.LinkType(o.uint16(body)), SnapLength: int(o.uint32(body[4:]))}
	resolution, offset := uint8(6), int64(0)
	ok := o.options(body[8:], func(code uint16, value []byte) {
		switch {
		case code == optInterfaceName:
			d.Name = string(value)
		case code == optTimeResolution && len(value) == 1:
			resolution = value[0]
		case code == optTimeOffset && len(value) == 8:
			offset = int64(o.uint64(value))
		}
	})
	c := newClock(resolution, offset)
	d.Resolution = c.step()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ifaces = append(r.ifaces, iface{c, d.Link, o.uint32(body[4:])})
	r.info.Interfaces = append(r.info.Interfaces, d)
	r.changed = true
	if !ok {
		return badOptions
	}
	return ""
}

// statistics takes an Interface Statistics Block (section 4.6).
func (r *Reader) statistics(body []byte) string {
	if len(body) < 12 {
		return "interface statistics that are too short"
	}
	o := r.current.order
	index := r.current.interfaces + int(o.uint32(body))
	if index >= len(r.ifaces) {
		return "statistics of an interface that is not described"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	ok := o.options(body[12:], func(code uint16, value []byte) {
		if code == optDropped && len(value) == 8 {
			r.info.Interfaces[index].Dropped = o.uint64(value)
			r.changed = true
		}
	})
	if !ok {
		return badOptions
	}
	return ""
}

// secrets takes a Decryption Secrets Block (section 4.7).
func (r *Reader) secrets(body []byte) string {
	if len(body) < 8 {
		return "decryption secrets that are too short"
	}
	o := r.current.order
	n := o.uint32(body[4:])
	if uint64(n) > uint64(len(body)-8) {
		return "decryption secrets that do not fit into their block"
	}
	if r.secretBytes += int(n); r.secretBytes > maxSecrets {
		r.secretBytes = maxSecrets
		return "more than 64 MiB of decryption secrets"
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.info.Secrets = append(r.info.Secrets, capture.Secrets{
		Type: o.uint32(body), Data: slices.Clone(body[8 : 8+n]),
	})
	r.changed = true
	return ""
}

// sectionAt returns the section and the interfaces that hold for the block at
// offset. It may be called beside Next.
func (r *Reader) sectionAt(offset int64) (section, []iface) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := sort.Search(len(r.sections), func(i int) bool { return r.sections[i].offset > offset })
	if i == 0 {
		return section{}, nil
	}
	end := len(r.ifaces)
	if i < len(r.sections) {
		end = r.sections[i].interfaces
	}
	return r.sections[i-1], r.ifaces[:end]
}

// Info describes what was read so far. It returns a snapshot that does not
// change, and may be called beside Next.
func (r *Reader) Info() *capture.Info {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.changed || r.snapshot == nil {
		s := r.info
		// Everything but an interface's drop count is only ever appended.
		s.Interfaces = slices.Clone(s.Interfaces)
		r.snapshot = &s
		r.changed = false
	}
	return r.snapshot
}
