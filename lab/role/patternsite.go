package role

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// patterns adds to the site what shows ways of communicating.
func patterns(mux *http.ServeMux) {
	s := &patternSite{news: []news{{230, true}, {400, false}, {120, true}, {400, false}, {310, true}, {180, true}}, failures: map[string]int{}}
	mux.HandleFunc("GET /updates", s.updates)
	mux.HandleFunc("POST /jobs", s.accept)
	mux.HandleFunc("GET /jobs/1", s.job)
	mux.HandleFunc("GET /jobs/1/result", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, `{"sum":42}`) })
	mux.HandleFunc("/flaky/{failures}", s.flaky)
	mux.HandleFunc("GET /report", func(w http.ResponseWriter, _ *http.Request) { // it must be computed
		time.Sleep(400 * time.Millisecond)
		fmt.Fprintln(w, `{"rows":[1,2,3,4,5,6,7,8]}`)
	})
	mux.HandleFunc("GET /rows", rows)
	mux.HandleFunc("POST /completions", complete)
	mux.HandleFunc("PUT /document", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-Match") != `"v2"` {
			w.WriteHeader(http.StatusPreconditionFailed)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// patternSite is what the handlers remember.
type patternSite struct {
	mu       sync.Mutex
	news     []news
	accepted time.Time
	failures map[string]int
}

// news comes after so many milliseconds; where there is none, the time limit.
type news struct {
	after int
	any   bool
}

// updates holds each request until there is news, or its time limit (RFC 6202
// section 2.1).
func (s *patternSite) updates(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	next := s.news[0]
	s.news = append(s.news[1:], next)
	s.mu.Unlock()
	time.Sleep(time.Duration(next.after) * time.Millisecond)
	if !next.any {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	fmt.Fprintf(w, `{"since":%q,"message":"something happened"}`+"\n", r.URL.Query().Get("since"))
}

func (s *patternSite) accept(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = time.Now()
	w.Header().Set("Location", "/jobs/1")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusAccepted)
}

// job tells of the job that was accepted last: it takes half a second.
func (s *patternSite) job(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.accepted) < 500*time.Millisecond {
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprintln(w, `{"state":"running"}`)
		return
	}
	w.Header().Set("Location", "/jobs/1/result")
	w.WriteHeader(http.StatusSeeOther)
}

// flaky fails so many times before it answers a method and address, or every
// n-th time ("every"), with the status and the Retry-After of the query.
func (s *patternSite) flaky(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	left, _ := strconv.Atoi(r.PathValue("failures"))
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Method + r.URL.String()
	every, err := strconv.Atoi(r.URL.Query().Get("every"))
	if calls := s.failures[key] + 1; err == nil && every > 0 {
		left, s.failures[key] = 0, calls
		if calls%every == 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
	}
	if s.failures[key] >= left {
		fmt.Fprintln(w, "at last")
		return
	}
	s.failures[key]++
	if after := r.URL.Query().Get("after"); after != "" {
		w.Header().Set("Retry-After", after)
	}
	status, err := strconv.Atoi(r.URL.Query().Get("status"))
	if err != nil {
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
}

// rows streams JSON lines as they are made.
func rows(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/x-ndjson")
	for i := range 12 {
		fmt.Fprintf(w, `{"row":%d,"value":%d}`+"\n", i, i*i)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(30 * time.Millisecond)
	}
}

// complete answers as language models do: words as events.
func complete(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	w.Header().Set("Content-Type", "text/event-stream")
	time.Sleep(150 * time.Millisecond)
	for i := range 24 {
		fmt.Fprintf(w, "data: {\"delta\":\"word %d \"}\n\n", i)
		_ = http.NewResponseController(w).Flush()
		time.Sleep(25 * time.Millisecond)
	}
	fmt.Fprint(w, "data: [DONE]\n\n")
}
