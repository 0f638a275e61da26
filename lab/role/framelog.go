package role

import (
	"bytes"
	"fmt"
	"log"
	"regexp"
	"strings"
	"sync"

	"github.com/wiresight/wiresight/lab/truth"
)

// frameLog collects what Go's HTTP/2 says of each frame when the process runs
// with GODEBUG=http2debug=2. Frames are told by the library's own words; the
// lab parses no bytes of them.
type frameLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func listenToFrames() *frameLog {
	l := new(frameLog)
	log.SetOutput(l)
	log.SetFlags(0)
	return l
}

func (l *frameLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

var (
	frameLine   = regexp.MustCompile(`^http2: Framer (0x[0-9a-f]+): (wrote|read) (\S+)(.*)`)
	frameFlags  = regexp.MustCompile(` flags=(\S+)`)
	frameStream = regexp.MustCompile(` stream=(\d+)`)
	frameCode   = regexp.MustCompile(` ErrCode=(\S+)`)
	frameLast   = regexp.MustCompile(` LastStreamID=(\d+)`)
	frameValues = regexp.MustCompile(`([A-Z_0-9]+)=(\d+)`)
	headerLine  = regexp.MustCompile(`^http2: Transport encoding header ":path" = "(.*)"`)
)

// stream is one that a client opened.
type stream struct {
	connection, id int64
	target         string // empty where the library does not say
}

// connections reads the log of a client: what passed over each connection in
// the order in which they began, and the streams that were opened.
func (l *frameLog) connections() ([]truth.HTTP2, []stream) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var all []truth.HTTP2
	var opened []stream
	place, highest, target := map[string]int{}, map[string]int64{}, ""
	for line := range strings.Lines(l.text.String()) {
		line = strings.TrimRight(line, "\n")
		if m := headerLine.FindStringSubmatch(line); m != nil {
			target = m[1]
			continue
		}
		m := frameLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		framer, toServer, kind, rest := m[1], m[2] == "wrote", m[3], m[4]
		if _, known := place[framer]; !known {
			place[framer] = len(all)
			all = append(all, truth.HTTP2{Witness: "client", Frames: truth.NewCounts()})
		}
		noteFrame(&all[place[framer]], toServer, kind, rest)
		id := number(frameStream, rest)
		if kind == "HEADERS" && toServer && id > highest[framer] {
			highest[framer] = id
			opened = append(opened, stream{int64(place[framer]), id, target})
			target = ""
		}
	}
	return all, opened
}

func noteFrame(c *truth.HTTP2, toServer bool, kind, rest string) {
	c.Frames.Add(toServer, kind)
	if _, data, ok := strings.Cut(rest, " data="); ok {
		rest = strings.TrimSuffix(rest, " data="+data) // it may look like anything
	}
	from := map[bool]string{true: "client", false: "server"}[toServer]
	if m := frameFlags.FindStringSubmatch(rest); m != nil && strings.Contains(m[1], "PADDED") {
		if c.Padded == nil {
			padded := truth.NewCounts()
			c.Padded = &padded
		}
		c.Padded.Add(toServer, kind)
	}
	code := ""
	if m := frameCode.FindStringSubmatch(rest); m != nil {
		code = m[1]
	}
	switch kind {
	case "RST_STREAM":
		c.Resets = append(c.Resets, truth.Reset{From: from, Stream: number(frameStream, rest), Code: code})
	case "GOAWAY":
		c.GoAways = append(c.GoAways, truth.GoAway{From: from, LastStream: number(frameLast, rest), Code: code})
	case "SETTINGS":
		_, list, _ := strings.Cut(rest, "settings:")
		for _, m := range frameValues.FindAllStringSubmatch(list, -1) {
			var v uint32
			_, _ = fmt.Sscan(m[2], &v)
			set(&c.Settings, toServer, m[1], v)
		}
	}
}

// set notes a setting of an end's first SETTINGS frame.
func set(s *truth.Settings, toServer bool, name string, value uint32) {
	of := &s.ToClient
	if toServer {
		of = &s.ToServer
	}
	if *of == nil {
		*of = map[string]uint32{}
	}
	if _, known := (*of)[name]; !known {
		(*of)[name] = value
	}
}

func number(r *regexp.Regexp, text string) (n int64) {
	if m := r.FindStringSubmatch(text); m != nil {
		_, _ = fmt.Sscan(m[1], &n)
	}
	return n
}

// into adds the connections to a client's report and gives each request its
// stream.
func (l *frameLog) into(r *HTTPReport) {
	all, opened := l.connections()
	for i := range r.Requests {
		q := &r.Requests[i]
		for j, s := range opened {
			if s.target == q.Target && q.Protocol == "http2" {
				q.Stream = &opened[j].id
				all[s.connection].Connection = q.Connection
				opened[j].target = "" // taken
				break
			}
		}
	}
	r.HTTP2 = append(r.HTTP2, all...)
}
