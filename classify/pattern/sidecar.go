package pattern

import (
	"fmt"
	"strings"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/decode/flow"
)

// SidecarLesson teaches proxies beside the application.
var SidecarLesson = claim.Lesson{
	ID: "sidecar", Title: "A proxy on the application's own host",
	About:   "The application talks to a proxy on its own host, over loopback, and the proxy talks to the network, or the other way round. It brings encryption, retries and measures without a change to the application, and costs its time twice on each call: once on each host. Look at the time spent in it.",
	Is:      "A loopback connection whose requests or bytes are those of a connection with another host.",
	IsNot:   "A proxy on a host of its own; an application that asks a local cache or database to make its answer.",
	Sources: []string{"Envoy documentation: HTTP header manipulation", "Istio documentation: ports used by Istio", "Linkerd documentation: iptables reference"},
}

// meshPorts are those to which service meshes redirect.
var meshPorts = map[uint16]string{15001: "Envoy's port for what goes out", 15006: "Envoy's port for what comes in", 4143: "Linkerd's port for what comes in", 4140: "Linkerd's port for what goes out"}

// Sidecar claims it where one leg stays within the host and the other does not.
func Sidecar(w *Capture, out *claim.Sink) {
	for _, p := range w.between() {
		var e evidence
		var legs []*flow.Conversation
		mesh := ""
		named, n := 0, 0
		seen := map[*flow.Conversation]bool{}
		take := func(in, behind *flow.Conversation) bool {
			if local(in) == local(behind) {
				return false
			}
			for _, c := range [...]*flow.Conversation{in, behind} {
				if !seen[c] {
					seen[c] = true
					legs = append(legs, c)
				}
			}
			if name := meshPorts[in.Server.Port]; name != "" && local(in) {
				mesh = name
			}
			n++
			return true
		}
		for i := range p.hops {
			h := &p.hops[i]
			if !take(h.inside, h.outside) {
				continue
			}
			if h.named {
				named++
			}
			if name := meshField(h); name != "" {
				mesh = name
			}
			if n <= 3 {
				h.cite(&e)
			}
		}
		for i := range p.passed {
			t := &p.passed[i]
			if !take(t.inside, t.outside) {
				continue
			}
			if t.by != bySizes {
				named++
			}
			if n <= 3 {
				t.cite(&e)
			}
		}
		if n == 0 || named == 0 && n < leastUnnamed && mesh == "" {
			continue
		}
		because := fmt.Sprintf("What went over loopback at %s went on over the network, or came from there: %s.", p.front, count(n, "pair"))
		confidence := 0.85
		if named > 0 {
			confidence = 0.93
		}
		if mesh != "" {
			confidence = 0.97
			because += " " + mesh + " is in use."
		}
		out.Pattern(claim.Pattern{
			ID: SidecarLesson.ID, Confidence: confidence, Basis: claim.Decoded, Because: because, Evidence: e,
			Metrics: []claim.Metric{{Name: "pairs", Value: float64(n)}, {Name: "named", Value: float64(named)}}, Conversations: ids(legs),
		})
	}
}

// meshField returns what names a mesh's proxy in an exchange, "" for nothing.
func meshField(h *hop) string {
	for _, x := range [...]*flow.Exchange{h.in, h.out} {
		if x == nil {
			continue
		}
		if s := x.Response.Fact("server"); s == "envoy" || s == "istio-envoy" {
			return "Server: " + s
		}
		for _, f := range append(x.Request.Facts.List(), x.Response.Facts.List()...) {
			if strings.HasPrefix(f.Key, "x-envoy-") || strings.HasPrefix(f.Key, "l5d-") {
				return "The field " + f.Key
			}
		}
	}
	return ""
}
