package classify

import (
	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/pattern"
	"github.com/wiresight/wiresight/classify/timing"
)

// rule is one entry of the registry: what it teaches, and one of three
// functions by what it needs to see.
type rule struct {
	lessons      []Lesson
	conversation func(v *timing.View, out *claim.Sink)     // one conversation
	pair         func(p *pattern.Pair, out *claim.Sink)    // all conversations of a client with one server's port
	capture      func(k *pattern.Capture, out *claim.Sink) // the whole capture
}

// rules is the one list of what is claimed. Adding a pattern or a finding
// means one file in package pattern or timing and one line here.
func rules() []rule {
	return []rule{
		{lessons: []Lesson{pattern.PollingLesson, pattern.InVainLesson}, conversation: pattern.Polling},
		{conversation: pattern.PollingTurns},
		{lessons: []Lesson{pattern.LongPollingLesson, pattern.LongPollTimeoutsLesson}, conversation: pattern.LongPolling},
		{lessons: []Lesson{pattern.RequestResponseLesson}, conversation: pattern.Alternation},
		{lessons: []Lesson{pattern.PipeliningLesson}, conversation: pattern.Pipeline},
		{lessons: []Lesson{pattern.MultiplexingLesson}, conversation: pattern.Multiplexing},
		{lessons: []Lesson{pattern.EventStreamLesson}, conversation: pattern.EventStreams},
		{lessons: []Lesson{pattern.ChunkedLesson}, conversation: pattern.ChunkedStreams},
		{lessons: []Lesson{pattern.PushLesson}, conversation: pattern.Push},
		{lessons: []Lesson{pattern.BidirectionalLesson}, conversation: pattern.Bidirectional},
		{lessons: []Lesson{pattern.UnaryLesson, pattern.ServerStreamingLesson, pattern.ClientStreamingLesson, pattern.BidirectionalStreamingLesson}, conversation: pattern.Calls},
		{lessons: []Lesson{pattern.BulkLesson}, conversation: pattern.Bulk},
		{lessons: []Lesson{pattern.PacedLesson}, conversation: pattern.Paced},
		{lessons: []Lesson{pattern.HeartbeatLesson}, conversation: pattern.Heartbeats},
		{lessons: []Lesson{pattern.FireAndForgetLesson}, conversation: pattern.FireAndForget},
		{lessons: []Lesson{pattern.ReuseLesson}, conversation: pattern.Reuse},
		{lessons: []Lesson{pattern.ConditionalLesson}, conversation: pattern.Conditional},
		{pair: pattern.PollingOverConnections},
		{lessons: []Lesson{pattern.ConnectionPerRequestLesson, pattern.NoReuseLesson}, pair: pattern.ConnectionPerRequest},
		{lessons: []Lesson{pattern.SynchronousLesson}, pair: pattern.Synchronous},
		{lessons: []Lesson{pattern.AsyncReplyLesson}, pair: pattern.AsyncReply},
		{lessons: []Lesson{pattern.RetryLesson, pattern.IdempotentRetryLesson, pattern.UnsafeRetryLesson, pattern.RetryStormLesson, pattern.RetryAfterLesson}, pair: pattern.Retries},
		{lessons: []Lesson{pattern.DiscoveryLesson}, capture: pattern.ServiceDiscovery},
		{lessons: []Lesson{pattern.AlternativeLesson}, capture: pattern.AlternativeService},
		{lessons: []Lesson{pattern.PeerToPeerLesson}, capture: pattern.PeerToPeer},
		{lessons: []Lesson{pattern.PublishSubscribeLesson}, capture: pattern.PublishSubscribe},
		{lessons: []Lesson{pattern.PoolLesson}, pair: pattern.ConnectionPool},
		{lessons: []Lesson{pattern.StatefulLesson, pattern.StatelessLesson}, pair: pattern.State},
		{lessons: []Lesson{pattern.ForwardProxyLesson}, capture: pattern.ForwardProxy},
		{lessons: []Lesson{pattern.ReverseProxyLesson}, capture: pattern.ReverseProxy},
		{lessons: []Lesson{pattern.Layer7Lesson}, capture: pattern.Layer7Balancer},
		{lessons: []Lesson{pattern.Layer4Lesson}, capture: pattern.Layer4Balancer},
		{lessons: []Lesson{pattern.TerminationLesson}, capture: pattern.Termination},
		{lessons: []Lesson{pattern.ToPoolLesson, pattern.FoldedLesson}, capture: pattern.Respread},
		{lessons: []Lesson{pattern.SidecarLesson}, capture: pattern.Sidecar},
		{lessons: []Lesson{pattern.SerialLesson, pattern.ConcurrentLesson, pattern.BoundedLesson, pattern.ServerSerialLesson}, capture: pattern.Execution},
		{lessons: []Lesson{pattern.AcceptQueueLesson}, capture: pattern.AcceptQueue},

		{lessons: []Lesson{timing.NagleDelayedACKLesson, timing.NagleHoldLesson}, conversation: timing.NagleDelayedACK},
		{lessons: []Lesson{timing.DelayedACKLesson}, conversation: timing.DelayedACKs},
		{lessons: []Lesson{timing.SmallWritesLesson}, conversation: timing.SmallWrites},
		{lessons: []Lesson{timing.SYNRetryLesson}, conversation: timing.SYNRetry},
		{lessons: []Lesson{timing.TimeoutLesson}, conversation: timing.Timeouts},
		{lessons: []Lesson{timing.ProbeLesson}, conversation: timing.Probes},
		{lessons: []Lesson{timing.RecoveryLesson}, conversation: timing.Recoveries},
		{lessons: []Lesson{timing.SpuriousLesson}, conversation: timing.Spurious},
		{lessons: []Lesson{timing.ReorderingLesson}, conversation: timing.Reordering},
		{lessons: []Lesson{timing.ZeroWindowLesson}, conversation: timing.ZeroWindow},
		{lessons: []Lesson{timing.WindowLimitedLesson}, conversation: timing.WindowLimited},
		{lessons: []Lesson{timing.CongestionLimitedLesson}, conversation: timing.CongestionLimited},
		{lessons: []Lesson{timing.ApplicationLimitedLesson}, conversation: timing.ApplicationLimited},
		{lessons: []Lesson{timing.SlowStartRestartLesson}, conversation: timing.SlowStartRestarts},
		{lessons: []Lesson{timing.BufferbloatLesson}, conversation: timing.Bufferbloat},
		{lessons: []Lesson{timing.BlackHoleLesson}, conversation: timing.BlackHole},
		{lessons: []Lesson{timing.HeadOfLineLesson}, conversation: timing.HeadOfLine},
		{lessons: []Lesson{timing.QUICLossLesson}, conversation: timing.QUICLoss},
		{lessons: []Lesson{timing.FlowControlLesson}, conversation: timing.FlowControl},
		{lessons: []Lesson{timing.FragmentationLesson}, conversation: timing.Fragmentation},
		{lessons: []Lesson{timing.CaptureLossLesson}, conversation: timing.CaptureLoss},
		{lessons: []Lesson{timing.RefusedLesson, timing.ResetLesson}, conversation: timing.Resets},
		{lessons: []Lesson{timing.ExtraRoundTripLesson}, conversation: timing.ExtraRoundTrip},
		{lessons: []Lesson{timing.FastOpenRefusedLesson}, conversation: timing.FastOpenRefused},
		{lessons: []Lesson{timing.EarlyDataRejectedLesson}, conversation: timing.EarlyDataRejected},
		{lessons: []Lesson{pattern.CertificateLesson}, conversation: pattern.Certificates},
		{lessons: []Lesson{pattern.HTTPErrorLesson}, conversation: pattern.HTTPErrors},
		{lessons: []Lesson{pattern.CredentialsLesson}, conversation: pattern.Credentials},
		{lessons: []Lesson{pattern.GRPCErrorLesson}, conversation: pattern.GRPCErrors},
		{lessons: []Lesson{pattern.TLSAlertLesson}, conversation: pattern.TLSAlerts},
		{lessons: []Lesson{pattern.DNSSlowLesson}, conversation: pattern.SlowDNS},

		{lessons: timing.Ways()},
	}
}

// Lessons returns the teaching texts of all rules, in the registry's order.
func Lessons() (all []Lesson) {
	for _, r := range rules() {
		all = append(all, r.lessons...)
	}
	return all
}

// FindLesson returns the teaching text of a claim's id.
func FindLesson(id string) (Lesson, bool) {
	for _, l := range Lessons() {
		if l.ID == id {
			return l, true
		}
	}
	return Lesson{}, false
}
