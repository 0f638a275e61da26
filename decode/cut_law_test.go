package decode

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/wiresight/wiresight/capture"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

// web are the protocols whose captures are held to the law here.
var web = []layer.Protocol{"http1", "http2", "http3", "grpc", "websocket", "sse", "dns"}

// byKind are the protocols whose messages are counted by kind, too.
var byKind = append([]layer.Protocol{"tls", "quic"}, web...)

// cutRun is a cut capture's model beside the whole one's.
type cutRun struct {
	whole, cut *flow.Model
	want, got  []unit
	there      map[int]bool // packets of the cut capture
	lost       [2][]int     // those that are not, by direction
}

func newCutRun(c *cutCapture, whole *flow.Model, want []unit, list []capture.Frame, cut *flow.Model, fromClient func(*capture.Frame) bool) *cutRun {
	r := &cutRun{whole: whole, cut: cut, want: want, got: units(cut), there: map[int]bool{}}
	for i := range list {
		r.there[list[i].Number] = true
	}
	for i := range c.list {
		if f := &c.list[i]; !r.there[f.Number] {
			dir := layer.ToClient
			if fromClient(f) {
				dir = layer.ToServer
			}
			r.lost[dir] = append(r.lost[dir], f.Number)
		}
	}
	return r
}

// invented lists what the cut capture has and the whole one has not.
func (r *cutRun) invented() (list []string) {
	used := make([]bool, len(r.want))
	for i := range r.got {
		u, found := &r.got[i], false
		for _, exact := range []bool{true, false} {
			for j := range r.want {
				if w := &r.want[j]; !found && !used[j] && u.of(w) && (!exact || u.first == w.first) {
					used[j], found = true, true
				}
			}
		}
		if !found && slices.Contains(web, u.protocol) {
			list = append(list, u.String())
		}
	}
	return list
}

// due reports whether all that a message came in is there. In TLS the packets of
// a message are those that ended its records: nothing may be missing since the
// message before.
func (r *cutRun) due(w *unit) bool {
	if !w.whole {
		return false
	}
	if w.packets != nil && !w.sealed {
		return !slices.ContainsFunc(w.packets, func(n uint32) bool { return !r.there[int(n)] })
	}
	from := w.first
	if w.sealed {
		from = 1
		for i := range r.want {
			if v := &r.want[i]; v.at == w.at && v.dir == w.dir && v.last < w.first {
				from = max(from, v.last) // the record may begin in it
			}
		}
	}
	for n := from; n <= w.last; n++ {
		if !r.there[n] {
			return false
		}
	}
	return true
}

// keyed reports whether what is left tells which keys are the connection's.
func (r *cutRun) keyed(w *unit) bool {
	return slices.ContainsFunc(r.cut.Conversations, func(c *flow.Conversation) bool { return ends(c) == w.at && opened(c) })
}

// read reports whether a message was read, and whether with its name or status.
func (r *cutRun) read(w *unit) (read, known bool) {
	for i := range r.got {
		if u := &r.got[i]; u.whole && u.bytes == w.bytes && u.of(w) {
			read = true
			if u.text == w.text && u.protocol == w.protocol {
				return true, true
			}
		}
	}
	return read, false
}

// excuse tells why a message whose packets are there is not read, or not whole,
// "" where it should have been.
func (r *cutRun) excuse(w *unit, read bool) string {
	x := w.carrier
	before, within := r.missing(w.dir, 1, w.first), r.missing(w.dir, w.first, w.last)
	either := before || r.missing(w.dir.Reverse(), 1, w.first)
	shared := slices.ContainsFunc(r.want, func(v unit) bool { return v.at == w.at && v.dir == w.dir && v.first < w.first && v.last == w.first })
	switch {
	case x != nil && (!r.there[x.Request.First.Number] || !r.there[x.Response.First.Number]):
		return "the header sections are missing that tell what the body is"
	case read && either && (w.protocol == "http2" || w.protocol == "grpc"):
		return "missing header sections would have taught HPACK's table"
	case x != nil && x.Stream != 0 && either && w.protocol == "grpc":
		return "HPACK's table does not tell that the body is a call's"
	case within && (w.protocol == "http2" || w.protocol == "grpc"):
		return "frames of its stream may be among the missing ones"
	case before && (w.protocol == "websocket" || w.protocol == "sse" || w.protocol == "grpc"):
		return "the next message begins nowhere that shows"
	case before && w.protocol == "http2" && w.stream == 0:
		return "nothing follows that would show it to be a frame"
	case before && w.protocol == "http3":
		return "the stream's frames have no mark"
	case before && shared && (w.protocol == "http1" || w.protocol == "http2"):
		return "it begins in the middle of a packet"
	case w.protocol == "http1" && w.side == "answered" && r.missing(w.dir.Reverse(), 1, w.first):
		return "the request is missing that tells whether a body follows"
	case w.protocol == "http1" && w.side == "answered" && r.missing(w.dir, w.last+1, w.last+4):
		return "what closes the connection, and so ends it, is missing"
	}
	return ""
}

// missing reports whether packets of a direction are missing from a to b.
func (r *cutRun) missing(dir layer.Direction, a, b int) bool {
	return slices.ContainsFunc(r.lost[dir], func(n int) bool { return a <= n && n <= b })
}

func opened(c *flow.Conversation) bool {
	return c.TLS != nil && c.TLS.Decrypted || c.QUIC != nil && c.QUIC.Decrypted
}

// TestCutCaptures holds every capture to the law of cuts: whatever packets are
// missing, nothing is told that the whole capture does not tell, and each message
// whose packets are all there is read, or there is a reason why it cannot be.
func TestCutCaptures(t *testing.T) {
	due, unread := map[layer.Protocol]int{}, map[layer.Protocol]int{}
	reasons := map[string]int{}
	for _, c := range cutCaptures(t) {
		whole := replay(c.list, c.store(t))
		want, story := units(whole), told(whole)
		host := whole.Conversations[0].Client.Addr
		fromClient := func(f *capture.Frame) bool { return New(Options{}).Packet(f).Src == host }
		for how, list := range cuts(c.list, fromClient) {
			r := newCutRun(&c, whole, want, list, replay(list, c.store(t)), fromClient)
			for _, u := range r.invented() {
				if c.name == "tls13-0rtt-rejected" && strings.Contains(u, "packets 28 to 28") && !r.there[30] {
					continue // early data, and its rejection is missing
				}
				t.Errorf("%s, %s: not in the whole: %s", c.name, how, u)
			}
			r.tellsNoMore(t, c.name+", "+how, story)
			for i := range want {
				w := &want[i]
				if !slices.Contains(web, w.protocol) || !r.due(w) {
					continue
				}
				if w.sealed && !r.keyed(w) {
					if !r.missing(layer.ToServer, 1, w.first) && !r.missing(layer.ToClient, 1, w.first) {
						t.Errorf("%s, %s: no keys for %s", c.name, how, w)
					}
					continue
				}
				due[w.protocol]++
				read, known := r.read(w)
				if known {
					continue
				}
				reason := r.excuse(w, read)
				if reason == "" {
					t.Errorf("%s, %s: not read: %s", c.name, how, w)
				}
				unread[w.protocol]++
				reasons[string(w.protocol)+": "+reason]++
			}
		}
	}
	for _, p := range web {
		t.Logf("%s: %d messages, %d of them not read whole", p, due[p], unread[p])
		if unread[p]*10 > due[p] || due[p] == 0 {
			t.Errorf("%s: more than a tenth has a reason not to be read", p)
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(reasons)) {
		t.Logf("%d times %s", reasons[reason], reason)
	}
}

// tellsNoMore compares how many messages of each kind were told.
func (r *cutRun) tellsNoMore(t *testing.T, where string, story map[string]int) {
	for what, n := range told(r.cut) {
		protocol, _, _ := strings.Cut(what, " ")
		if !slices.Contains(byKind, layer.Protocol(protocol)) || sealed(what) || n <= story[what] {
			continue
		}
		if what == "quic 1rtt" && strings.HasPrefix(where, "quic-stateless-reset") {
			continue // resets look like packets where the token is missing
		}
		t.Errorf("%s: %q %d times, %d in the whole", where, what, n, story[what])
	}
	for _, p := range r.cut.Problems {
		if p.Layer == "frame" || p.Layer == "http3" || p.Layer == "tls" && strings.Contains(p.Text, "failed") {
			t.Errorf("%s: packet %d: %s", where, p.Packet, p.Text)
		}
	}
}

// told counts the messages by kind.
func told(m *flow.Model) map[string]int {
	story := map[string]int{}
	for _, c := range m.Conversations {
		for _, k := range c.Messages {
			story[string(k.Protocol)+" "+k.Kind] += int(k.Count)
		}
	}
	return story
}

// sealed reports whether a message is a record whose content was not read: with
// parts missing there are more of them.
func sealed(what string) bool {
	return slices.Contains([]string{"tls application_data", "tls encrypted_handshake_message", "tls alert"}, what)
}
