package role

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// site is what the lab's Go servers serve, over every version of HTTP.
func site(asks string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hello from the lab")
	})
	mux.HandleFunc("GET /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"id":%q,"name":"item %[1]s","price":12.5}`+"\n", r.PathValue("id"))
	})
	mux.HandleFunc("POST /items", func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		w.Header().Set("Location", "/items/4")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"received":%d}`+"\n", n)
	})
	mux.HandleFunc("GET /chunked", func(w http.ResponseWriter, _ *http.Request) {
		for i := range 4 {
			fmt.Fprintf(w, "piece %d of what is made piece by piece\n", i)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(5 * time.Millisecond)
		}
	})
	mux.HandleFunc("GET /bytes/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, err := strconv.Atoi(r.PathValue("n"))
		if err != nil || n < 0 || n > 1<<24 {
			http.Error(w, "bad size", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(n))
		_, _ = io.WriteString(w, strings.Repeat("0123456789abcdef", n/16+1)[:n])
	})
	mux.HandleFunc("GET /slow/{ms}", func(w http.ResponseWriter, r *http.Request) {
		ms, _ := strconv.Atoi(r.PathValue("ms"))
		time.Sleep(time.Duration(min(max(ms, 0), 5000)) * time.Millisecond)
		fmt.Fprintf(w, "took %d ms\n", ms)
	})
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: rand.Text(), Path: "/", HttpOnly: true})
		fmt.Fprintln(w, "signed in")
	})
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		total := 0
		for _, t := range []string{"/items/" + r.PathValue("id"), "/bytes/64"} {
			response, err := http.Get(asks + t)
			if err != nil {
				http.Error(w, "what it asked did not answer", http.StatusBadGateway)
				return
			}
			n, _ := io.Copy(io.Discard, response.Body)
			response.Body.Close()
			total += int(n)
		}
		fmt.Fprintf(w, `{"order":%q,"bytes":%d}`+"\n", r.PathValue("id"), total)
	})
	mux.HandleFunc("GET /trailers", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Checksum")
		_, _ = io.WriteString(w, "what the checksum is of\n")
		_ = http.NewResponseController(w).Flush()
		w.Header().Set("X-Checksum", "5cc03f")
	})
	mux.HandleFunc("GET /headers/{n}", func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.PathValue("n"))
		for i := range min(n, 64) {
			w.Header().Set(fmt.Sprintf("X-Large-%02d", i), strings.Repeat("~", 1000))
		}
		fmt.Fprintln(w, "large headers")
	})
	mux.HandleFunc("GET /events", streamEvents)
	mux.HandleFunc("CONNECT /chat", connectWebSocket)
	mux.HandleFunc("GET /encoded/{coding}", encoded)
	mux.HandleFunc("POST /upload", takeUpload)
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"f1"`)
		http.ServeContent(w, r, "file.txt", time.Time{}, strings.NewReader(strings.Repeat("0123456789", 100)))
	})
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		const tag = `"v1"`
		w.Header().Set("ETag", tag)
		if r.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		fmt.Fprintln(w, `{"state":"running"}`)
	})
	patterns(mux)
	return mux
}

// streamEvents sends events of several kinds (HTML standard, section 9.2), one
// every 40 ms, among them a comment.
func streamEvents(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	for _, text := range []string{
		"retry: 2000\nid: 1\ndata: the first\n\n",
		": this keeps the connection alive\n\n",
		"id: 2\nevent: price\ndata: {\"symbol\":\"LAB\",\ndata: \"price\":101.5}\n\n",
		"event: price\ndata: 102\n\nevent: price\ndata: 103\n\n",
		"id: 5\r\ndata: lines may end in CR LF\r\n\r\n",
		"data: the last\n\n",
	} {
		time.Sleep(40 * time.Millisecond)
		_, _ = io.WriteString(w, text)
		_ = http.NewResponseController(w).Flush()
	}
}

// encoded answers with a text in the content coding of the path (RFC 9110
// sec. 8.4.1, RFC 7932, RFC 8878).
func encoded(w http.ResponseWriter, r *http.Request) {
	text := strings.Repeat("The same line over and over compresses well.\n", 60)
	coding := r.PathValue("coding")
	var body bytes.Buffer
	var to io.WriteCloser
	switch coding {
	case "gzip":
		to = gzip.NewWriter(&body)
	case "deflate": // in a zlib wrapper, as the RFC has it
		to = zlib.NewWriter(&body)
	case "br":
		to = brotli.NewWriter(&body)
	case "zstd":
		to, _ = zstd.NewWriter(&body)
	default:
		http.NotFound(w, r)
		return
	}
	_, _ = io.WriteString(to, text)
	_ = to.Close()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Encoding", coding)
	_, _ = w.Write(body.Bytes())
}

// takeUpload reads a form with files and says what was in it.
func takeUpload(w http.ResponseWriter, r *http.Request) {
	parts, err := r.MultipartReader()
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for {
		p, err := parts.NextPart()
		if err != nil {
			return
		}
		n, _ := io.Copy(io.Discard, p)
		fmt.Fprintf(w, "%s %s %d\n", p.FormName(), p.FileName(), n)
	}
}
