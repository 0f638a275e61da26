package scenario

import (
	"fmt"

	"github.com/wiresight/wiresight/lab/link"
	"github.com/wiresight/wiresight/lab/role"
)

// repairScenarios are losses, and what looks like them, over round trips.
func repairScenarios() (list []Scenario) {
	path := func(rtt int) Path { return Path{OneWay: ms(rtt) / 2, Rate: 40_000_000} }
	drop := func(name, from string, match link.Match, nth, count int) []link.Rule {
		return []link.Rule{{Name: name, From: from, Match: match, Nth: nth, Count: count, Action: link.Drop}}
	}
	segments := (bulk + mss - 1) / mss
	pureACK := func(f link.Frame) bool {
		return f.Protocol == link.ProtocolTCP && f.Payload == 0 && f.Flags == link.ACK
	}
	carries := func(f link.Frame) bool { return f.Protocol == link.ProtocolTCP && f.Payload > 0 }
	noLoss := []string{"retransmission-timeout", "fast-recovery", "syn-retry", "tail-loss-probe"}
	add := func(s streamStory) { list = append(list, s.scenario()) }
	for _, rtt := range []int{5, 80, 200} {
		add(streamStory{name: fmt.Sprintf("loss-single-rtt%dms", rtt), path: path(rtt), chunks: once(bulk), rules: drop("the 20th data segment", "server", link.Data, 20, 1),
			shows: []string{"fast-recovery"}, not: []string{"retransmission-timeout", "syn-retry", "capture-loss", "spurious-retransmission"}, check: resent("server", 1),
			description: "A download loses one segment in mid-flight."})
		add(streamStory{name: fmt.Sprintf("loss-two-rtt%dms", rtt), path: path(rtt), chunks: once(bulk), vantages: []string{"client", "server"},
			rules: append(drop("the 15th data segment", "server", link.Data, 15, 1), drop("the 24th data segment", "server", link.Data, 24, 1)...),
			shows: []string{"fast-recovery"}, not: []string{"retransmission-timeout", "syn-retry", "capture-loss"}, check: resent("server", 2),
			description: "A download loses two segments apart from each other."})
		add(streamStory{name: fmt.Sprintf("loss-end-rtt%dms", rtt), path: path(rtt), chunks: once(bulk), rules: drop("the last data segment", "server", link.Data, segments, 1),
			not: []string{"syn-retry", "capture-loss", "fast-recovery"}, check: resent("server", 1),
			description: "A download loses its last segment: nothing behind it can tell."})
	}
	add(streamStory{name: "loss-ack-rtt20ms", path: path(20), chunks: once(bulk), rules: drop("the client's 8th to 11th ACK", "client", pureACK, 8, 4),
		not: append([]string{"capture-loss", "spurious-retransmission"}, noLoss...), check: resentAtLeast("server", 0),
		description: "A download of which four acknowledgments are lost: later ones say the same, so that nothing happens."})
	add(streamStory{name: "loss-last-ack-rtt20ms", path: path(20), chunks: once(3000), client: role.StreamClient{Requests: 2, Pause: ms(800)}, rules: drop("the client's ACKs of the answer", "client", pureACK, 2, 3),
		shows: []string{"spurious-retransmission"}, not: []string{"retransmission-timeout", "fast-recovery", "syn-retry", "capture-loss"}, check: resentAtLeast("server", 1),
		description: "The acknowledgments of a short answer are lost: the server sends again what has arrived."})
	add(streamStory{name: "duplicated-rtt20ms", path: path(20), chunks: once(bulk),
		rules: []link.Rule{{Name: "the 20th data segment twice", From: "server", Match: link.Data, Nth: 20, Count: 3, Action: link.Duplicate}},
		not:   append([]string{"capture-loss"}, noLoss...), check: resent("server", 0),
		description: "The network delivers three segments of a download twice; nothing is lost."})
	for _, extra := range []int{3, 15} {
		add(streamStory{name: fmt.Sprintf("reordering-%dms-rtt20ms", extra), path: path(20), chunks: once(bulk),
			rules: []link.Rule{{Name: "the 20th data segment, late", From: "server", Match: link.Data, Nth: 20, Action: link.Delay, Extra: ms(extra)}},
			not:   append([]string{"capture-loss"}, noLoss...), check: resentAtLeast("server", 0),
			description: fmt.Sprintf("One segment of a download is late by %d ms and overtaken by those behind it; nothing is lost, even where the server sends it again.", extra)})
	}
	add(streamStory{name: "delay-spike-rtt20ms", path: path(20), chunks: once(bulk),
		rules: []link.Rule{{Name: "everything from the 20th segment on, 400 ms late", From: "server", Match: carries, Nth: 20, Count: 1000, Action: link.Delay, Extra: ms(400)}},
		shows: []string{"spurious-retransmission"}, not: append([]string{"capture-loss"}, noLoss[:3]...), check: resentAtLeast("server", 0),
		description: "The path becomes 400 ms longer for a while: timers run out for what is only late."})
	add(streamStory{name: "loss-handshake-ack-rtt20ms", path: path(20), chunks: once(3000), rules: drop("the ACK of the SYN-ACK", "client", pureACK, 1, 1),
		not: append([]string{"capture-loss"}, noLoss...), check: resentAtLeast("server", 0),
		description: "The handshake's last ACK is lost; the request behind it says the same."})
	return list
}
