package pattern

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
)

// InVainLesson teaches what polling for nothing costs.
var InVainLesson = claim.Lesson{
	ID: "polling-in-vain", Title: "Polling that never found anything new",
	About: "All answers said the same. Each poll costs a request, an answer and a wake-up of both ends, and news would still have been late by half a period. " +
		"An event stream costs one request, and a comment now and then to keep it open.",
	Is:      "Six or more polls whose answers all are 304, 204, or of the status and the size of the first.",
	IsNot:   "Polling that found something; answers that differ in content but not in size cannot be told apart.",
	Sources: []string{"RFC 6202 section 2.1", "HTML Living Standard section 9.2"},
}

const (
	leastInVain   = 6
	commentPeriod = 15 // seconds between an event stream's comments (HTML section 9.2.7)
	commentBytes  = 3 + 66
)

// inVain finds polls that all said the same.
func (p *poll) inVain(out *claim.Sink) {
	n := len(p.asks)
	if n < leastInVain || p.quiet < n-1 || strings.HasPrefix(p.target, "POST ") {
		return
	}
	var bytes int64
	for _, x := range p.asks {
		bytes += x.Request.Bytes + x.Response.Bytes
	}
	lasted := p.asks[n-1].Response.Last.Since(p.asks[0].Request.First).Seconds()
	once := p.asks[0].Request.Bytes + p.asks[0].Response.Bytes
	instead := once + int64(lasted/commentPeriod)*commentBytes
	f := claim.Finding{ID: InVainLesson.ID, Severity: claim.Info, Explanation: InVainLesson.About,
		Title:  fmt.Sprintf("%d polls for %s, %d bytes and as many wake-ups, found nothing new in %.1f s; an event stream would have cost about %d bytes", n, p.target, bytes, lasted, instead),
		Advice: fmt.Sprintf("Let the server tell (server-sent events, a WebSocket, long polling), or poll less often than every %.3g s; that the answers said the same is told from their status and size.", p.period)}
	for i := 0; i < n && i < 4; i++ {
		f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: packets(p.asks[i]), Shows: "asked, and answered " + p.asks[i].Status + " as before"})
	}
	f.Occurrences = append(f.Occurrences, claim.Occurrence{Packets: packets(p.asks[n-1]), Shows: "the last one: " + p.asks[n-1].Status})
	f.Omitted = n - len(f.Occurrences)
	out.Finding(f)
}
