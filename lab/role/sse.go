package role

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/wiresight/wiresight/lab/truth"
)

// EventReport is what the reader of an event stream saw.
type EventReport struct {
	HTTPReport
	SSE truth.SSE
}

// readEvents asks for the first of the fetches and reads events until the
// stream ends, then makes the other fetches.
func readEvents(settings []byte) error {
	var s HTTPClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	config, err := clientTLS(s.Host, s.CA, s.Keys)
	if err != nil {
		return err
	}
	log := listenToFrames()
	seen := &exchanges{Transport: &http.Transport{DisableCompression: true, TLSClientConfig: config, Protocols: protocols(s.Protocol)}}
	request, err := newRequest(s, s.Fetches[0])
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	response, err := seen.RoundTrip(request)
	if err != nil {
		return err
	}
	r := EventReport{SSE: truth.SSE{Target: s.Fetches[0].Target}}
	if response.TLS != nil {
		r.TLS = append(r.TLS, tlsTruth(seen.requests[0].Connection, *response.TLS))
	}
	if r.SSE.Events, err = events(response); err != nil {
		return err
	}
	seen.CloseIdleConnections()
	r.Requests = seen.requests
	r.Requests[0].Host = s.Host
	log.into(&r.HTTPReport)
	r.SSE.Connection, r.SSE.Stream = r.Requests[0].Connection, r.Requests[0].Stream
	return report(r)
}

// events parses the stream as the HTML standard says (section 9.2.6).
func events(response *http.Response) ([]truth.Event, error) {
	defer response.Body.Close()
	var list []truth.Event
	var data []string
	kind, id := "", ""
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() { // takes CR LF for one end of line
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "data":
			data = append(data, value)
		case "event":
			kind = value
		case "id":
			id = value
		}
		if lines.Text() != "" {
			continue
		}
		if len(data) > 0 {
			if kind == "" {
				kind = "message"
			}
			list = append(list, truth.Event{Time: time.Now().UTC(), ID: id, Event: kind, Data: strings.Join(data, "\n")})
		}
		data, kind = nil, ""
	}
	return list, lines.Err()
}
