package role

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/wiresight/wiresight/lab/truth"
)

// SlowHTTP2 is a client that gives the server a small window for a download
// over HTTP/2 without TLS and fills it up again only after a pause.
type SlowHTTP2 struct {
	Address string
	Host    string
	Target  string
	Window  uint32
	Pause   time.Duration
}

func readHTTP2Slowly(settings []byte) error {
	var s SlowHTTP2
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	log := listenToFrames()
	connection, err := net.Dial("tcp", s.Address)
	if err != nil {
		return err
	}
	defer connection.Close()
	r := HTTPReport{Requests: []truth.Request{{
		Connection: connection.LocalAddr().String(), Protocol: "http2", Method: "GET", Target: s.Target, Host: s.Host, Start: pointer(),
	}}}
	framer := http2.NewFramer(connection, connection)
	framer.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	if err := s.ask(connection, framer); err != nil {
		return err
	}
	stalls, err := s.read(framer, &r.Requests[0])
	if err != nil {
		return err
	}
	if err := framer.WriteGoAway(0, http2.ErrCodeNo, nil); err != nil {
		return err
	}
	all, opened := log.connections()
	r.Requests[0].Stream = &opened[0].id
	all[0].Connection, all[0].Stalls = r.Requests[0].Connection, stalls
	// RFC 9218: the client says how urgent the stream is.
	all[0].Priorities = []truth.Priority{{From: "client", Frame: "PRIORITY_UPDATE", Stream: 1, Value: urgency}}
	r.HTTP2 = all
	return report(r)
}

const urgency = "u=5, i"

// ask sends the preface, the settings, a priority and the request.
func (s SlowHTTP2) ask(w io.Writer, framer *http2.Framer) error {
	if _, err := io.WriteString(w, http2.ClientPreface); err != nil {
		return err
	}
	if err := framer.WriteSettings(
		http2.Setting{ID: http2.SettingInitialWindowSize, Val: s.Window},
		http2.Setting{ID: http2.SettingEnablePush, Val: 0},
	); err != nil {
		return err
	}
	if err := framer.WritePriorityUpdate(1, urgency); err != nil {
		return err
	}
	return framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, EndStream: true, EndHeaders: true, BlockFragment: s.fields()})
}

func (s SlowHTTP2) fields() []byte {
	var block fragment
	e := hpack.NewEncoder(&block)
	for _, f := range []hpack.HeaderField{
		{Name: ":method", Value: "GET"}, {Name: ":scheme", Value: "http"},
		{Name: ":authority", Value: s.Host}, {Name: ":path", Value: s.Target}, {Name: "user-agent", Value: "lab-slow"},
	} {
		_ = e.WriteField(f) // a fragment takes everything
	}
	return block
}

type fragment []byte

func (f *fragment) Write(b []byte) (int, error) {
	*f = append(*f, b...)
	return len(b), nil
}

// read takes the answer, window after window.
func (s SlowHTTP2) read(framer *http2.Framer, t *truth.Request) ([]truth.Stall, error) {
	var stalls []truth.Stall
	window, length := int64(s.Window), int64(-1)
	for {
		f, err := framer.ReadFrame()
		if err != nil {
			return nil, err
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			if f.IsAck() {
				continue
			}
			if err := framer.WriteSettingsAck(); err != nil {
				return nil, err
			}
		case *http2.MetaHeadersFrame:
			_, _ = fmt.Sscan(f.PseudoValue("status"), &t.Status)
			for _, h := range f.RegularFields() {
				if h.Name == "content-length" {
					_, _ = fmt.Sscan(h.Value, &length)
				}
			}
		case *http2.DataFrame:
			t.Body += int64(len(f.Data()))
			window -= int64(len(f.Data()))
			if f.StreamEnded() {
				t.Done = pointer()
				return stalls, nil
			}
			if window > 0 || t.Body == length {
				continue
			}
			full := time.Now()
			time.Sleep(s.Pause)
			if err := framer.WriteWindowUpdate(1, s.Window); err != nil {
				return nil, err
			}
			window = int64(s.Window)
			stalls = append(stalls, truth.Stall{From: "server", Stream: 1, Window: s.Window, Took: time.Since(full).Seconds()})
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return nil, fmt.Errorf("%v", f)
		}
	}
}
