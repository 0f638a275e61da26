package classify_test

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// request is an HTTP exchange by the clock of the client's program.
type request struct {
	Connection, Target string
	Continue           bool
	Wrote, Done        time.Time
	FirstByte          time.Time `json:"first_byte"`
}

// unlike tells why a program's times are other ones than those of the wire.
func (q *request) unlike(scenario, vantage string) bool {
	switch {
	case q.Wrote.IsZero() || q.FirstByte.IsZero():
		return true
	case q.Continue:
		return true // the first byte was that of 100 Continue, before the body went
	case scenario == "hol-http2-loss":
		return true // a stream's first byte waits in TCP for another's: head-of-line-blocking tells
	case (scenario == "loss-request" || scenario == "loss-timeout") && vantage == "server":
		return true // the first copies never came there
	}
	return false
}

// The client's program says when it had handed its request over, when the
// first byte of the answer was there, and when the last: what is read from the
// wire, wherever the capture stood, says the same within 5 % or 0.3 ms. Now
// and then the program itself is late.
func TestExchangesTakeAsLongAsTheProgramsSaw(t *testing.T) {
	checked, right := 0, 0
	for _, s := range scenarios(t) {
		if s.Link.Jitter > 0 {
			continue
		}
		for _, path := range captures(t, s.Scenario) {
			r := read(t, path)
			for i, c := range r.model.Conversations {
				got, n := &r.conversations[i], 0
				for k := range s.Requests {
					q := &s.Requests[k]
					if q.Connection != netip.AddrPortFrom(c.Client.Addr, c.Client.Port).String() || q.unlike(s.Scenario, strings.Split(filepath.Base(path), ".")[1]) {
						continue
					}
					for n < len(c.Exchanges) && !strings.HasSuffix(c.Exchanges[n].Name, " "+q.Target) {
						n++
					}
					if n == len(c.Exchanges) {
						break
					}
					e, x := c.Exchanges[n], &got.Exchanges[n]
					n++
					if !x.HasService {
						continue
					}
					wait := e.Response.First.Since(e.Request.Last) + got.Path.Client
					for _, p := range []struct {
						what      string
						got, want time.Duration
					}{
						{"the first byte came after", wait, q.FirstByte.Sub(q.Wrote)},
						{"the transfer took", e.Response.Last.Since(e.Response.First) + x.Repaired, q.Done.Sub(q.FirstByte)},
					} {
						checked++
						if off := p.got - p.want; off.Abs() <= max(p.want/20, 300*time.Microsecond) {
							right++
						} else {
							t.Logf("%s: conversation %d: %s: %s %v, the program saw %v", filepath.Base(path), c.ID, q.Target, p.what, p.got, p.want)
						}
					}
				}
			}
		}
	}
	t.Logf("%d of %d", right, checked)
	if checked < 200 || float64(right) < 0.95*float64(checked) {
		t.Errorf("%d of %d", right, checked)
	}
}
