package http

import (
	"bytes"
	"strconv"
)

// Section gathers a header or trailer section whose request line or status are
// pseudo-header fields (RFC 9113 section 8.3, RFC 9114 section 4.3): call Field
// for each field line, then End; the Notes then have the message's name or status
// and its facts. Its slices borrow the field lines.
type Section struct {
	Method, Path, Authority, Scheme, Protocol, Status []byte

	// Hidden counts fields, or values, that are not known: they refer to table
	// entries which the capture does not hold.
	Hidden int
	// HiddenPseudo tells that one of those stands where a pseudo-header field
	// does.
	HiddenPseudo bool
	regular      bool // a field that is no pseudo-header field was read
	titled       bool
}

// Field takes a field line. known tells that its name is, valued its value.
func (s *Section) Field(n *Notes, version string, name, value []byte, known, valued bool) {
	switch {
	case !known || !valued:
		s.Hidden++
		if !s.regular && len(name) == 0 {
			s.HiddenPseudo = true
		}
	case len(name) > 0 && name[0] == ':':
		s.pseudo(name, value)
	default:
		s.regular = true
		s.title(n, version)
		if f := Lookup(name); f != nil {
			n.Field(f, value)
			if f.Mean == Host && s.Authority == nil {
				s.Authority = value
			}
		}
	}
}

// End ends the section.
func (s *Section) End(n *Notes, version string) {
	s.title(n, version)
	if s.Hidden > 0 {
		n.Add("fields-unknown", strconv.AppendInt(nil, int64(s.Hidden), 10))
	}
}

func (s *Section) pseudo(name, value []byte) {
	for _, p := range [...]struct {
		name  string
		value *[]byte
	}{
		{":method", &s.Method}, {":path", &s.Path}, {":authority", &s.Authority}, {":scheme", &s.Scheme},
		{":protocol", &s.Protocol}, {":status", &s.Status},
	} {
		if string(name) == p.name && *p.value == nil {
			*p.value = value[:len(value):len(value)]
			return
		}
	}
}

// title begins the notes, once the pseudo-header fields are known.
func (s *Section) title(n *Notes, version string) {
	if s.titled {
		return
	}
	s.titled = true
	switch {
	case s.Status != nil:
		n.Status(s.Status)
	case s.Method != nil && s.Target() != nil:
		n.Request(s.Method, s.Target())
	default: // trailers, or a name that is not known
		n.Status(nil)
		if s.Method != nil {
			n.Add("method", s.Method)
		}
	}
	if s.Status != nil || s.Method != nil {
		n.Set("version", version)
	}
	for _, f := range [...]struct {
		key   string
		value []byte
	}{{"host", s.Authority}, {"scheme", s.Scheme}, {"protocol", s.Protocol}} {
		if f.value != nil {
			n.Add(f.key, f.value)
		}
	}
}

// Target is what the request's name tells: the path, or whom CONNECT wants to
// reach.
func (s *Section) Target() []byte {
	if s.Path == nil && s.Connects() {
		return s.Authority
	}
	return s.Path
}

// Connects reports whether the request is a CONNECT (RFC 9110 section 9.3.6).
func (s *Section) Connects() bool { return bytes.Equal(s.Method, []byte("CONNECT")) }

// Interim reports whether the response is not the final one (RFC 9110 section
// 15.2).
func (s *Section) Interim() bool { return len(s.Status) == 3 && s.Status[0] == '1' }

// Succeeds reports whether the response is a 2xx.
func (s *Section) Succeeds() bool { return len(s.Status) == 3 && s.Status[0] == '2' }
