package report

import (
	"time"

	"github.com/wiresight/wiresight/classify"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
)

func (e *encoder) setup(s *timing.Setup) {
	if s == nil {
		return
	}
	e.object("setup")
	e.texts("way", s.Way)
	e.yes("mutual_tls", s.MutualTLS)
	if s.HasRoundTrips {
		e.key("round_trips")
		e.int(int64(s.RoundTrips))
	}
	if s.HasTimeToRequest {
		e.duration("time_to_request_s", s.TimeToRequest)
	}
	if s.HasTimeToFirstByte {
		e.duration("time_to_first_byte_s", s.TimeToFirstByte)
	}
	if s.HasRTT {
		e.duration("rtt_s", s.RTT)
		e.text("rtt_basis", s.RTTBasis)
	}
	if s.Vantage != timing.Unknown {
		e.text("vantage", s.Vantage)
	}
	if len(s.Phases) > 0 {
		e.array("phases")
		for i := range s.Phases {
			p := &s.Phases[i]
			e.open('{')
			e.text("name", p.Name)
			e.key("start_s")
			e.seconds(p.Start - s.Phases[0].Start)
			e.duration("duration_s", p.Duration)
			e.count("round_trips", int64(p.RoundTrips))
			e.ints("packets", p.Packets)
			e.close('}')
		}
		e.close(']')
	}
	e.whatIf(s.WhatIf)
	e.close('}')
}

func (e *encoder) whatIf(list []timing.WhatIf) {
	if len(list) == 0 {
		return
	}
	e.array("what_if")
	for i := range list {
		e.open('{')
		e.text("way", list[i].Way)
		e.key("round_trips")
		e.int(int64(list[i].RoundTrips))
		e.duration("time_to_first_byte_s", list[i].TimeToFirstByte)
		e.text("assumes", list[i].Assumes)
		e.close('}')
	}
	e.close(']')
}

// sides writes a figure of each side that has one.
func (e *encoder) sides(k string, v [2]int, has func(int) bool) {
	if !has(v[0]) && !has(v[1]) {
		return
	}
	e.object(k)
	for _, d := range []layer.Direction{layer.ToServer, layer.ToClient} {
		if has(v[d]) {
			e.key(d.String())
			e.int(int64(v[d]))
		}
	}
	e.close('}')
}

func positive(n int) bool    { return n > 0 }
func notNegative(n int) bool { return n >= 0 }

func (e *encoder) tcp(t *flow.TCP, k *classify.Conversation) {
	if t == nil {
		return
	}
	e.object("tcp")
	e.sides("mss", t.MSS, positive)
	if t.SYNs[0]+t.SYNs[1] > 0 { // options that only a SYN has
		e.sides("window_scale", t.WindowScale, notNegative)
		e.bool("sack", t.SACK[0] && t.SACK[1])
		e.bool("timestamps", t.Timestamps[0] && t.Timestamps[1])
	}
	if f := t.FastOpen; f != (flow.FastOpen{}) {
		e.object("fast_open")
		e.yes("cookie_requested", f.CookieRequested)
		e.yes("cookie_granted", f.CookieGranted)
		e.yes("cookie_sent", f.CookieSent)
		e.yes("data_in_syn", f.DataInSYN)
		e.yes("accepted", f.Accepted)
		e.close('}')
	}
	e.rtt(&k.RTT)
	e.nagle(k)
	if t.Resent.Sum() > 0 {
		e.counts("resent", t.Resent)
	}
	for _, c := range []struct {
		name string
		n    int64
	}{
		{"retransmissions", t.Retransmissions}, {"fast_retransmissions", t.FastRetransmissions},
		{"spurious_retransmissions", t.SpuriousRetransmissions}, {"out_of_order", t.OutOfOrder},
		{"duplicate_acks", t.DuplicateACKs}, {"lost_in_capture", t.LostInCapture}, {"acked_unseen", t.ACKedUnseen},
		{"zero_windows", t.ZeroWindows}, {"zero_window_probes", t.ZeroWindowProbes}, {"window_full", t.WindowFull},
		{"window_updates", t.WindowUpdates}, {"keep_alives", t.KeepAlives}, {"keep_alive_acks", t.KeepAliveACKs},
		{"resets", t.Resets}, {"offload_segments", t.OffloadSegments},
	} {
		e.count(c.name, c.n)
	}
	e.yes("ecn", t.ECN)
	e.sides("initial_window_segments", t.InitialWindow, positive)
	e.text("closed_by", string(t.ClosedBy))
	e.close('}')
}

// rtt writes the round trips between the capture point and either side.
func (e *encoder) rtt(r *[2]flow.RTT) {
	if r[0].Samples+r[1].Samples == 0 {
		return
	}
	e.object("rtt_s")
	for d, name := range []string{"server", "client"} { // data to the server is acknowledged by the server
		if r[d].Samples == 0 {
			continue
		}
		e.object(name)
		for _, f := range []struct {
			name string
			d    time.Duration
		}{{"min", r[d].Min}, {"median", r[d].Median}, {"p95", r[d].P95}} {
			e.duration(f.name, f.d)
		}
		e.key("samples")
		e.int(int64(r[d].Samples))
		e.close('}')
	}
	e.close('}')
}

func (e *encoder) tls(name string, t *flow.TLS) {
	if t == nil {
		return
	}
	e.object(name)
	e.text("version", t.Version)
	e.texts("offered_versions", t.OfferedVersions)
	e.text("sni", t.SNI)
	e.text("alpn", t.ALPN)
	e.texts("offered_alpn", t.OfferedALPN)
	e.text("cipher_suite", t.CipherSuite)
	e.text("group", t.Group)
	if t.Version != "" {
		e.bool("resumed", t.Resumed)
	}
	e.text("resumed_by", t.ResumedBy)
	e.text("early_data", t.EarlyData)
	e.yes("early_data_likely", t.EarlyData != "" && t.EarlyDataLikely)
	e.yes("hello_retry", t.HelloRetry)
	e.yes("false_start", t.FalseStart)
	e.yes("client_certificate", t.ClientCertificate)
	e.certificates("certificates", t.Certificates)
	e.texts("certificate_problems", texts(t.CertificateProblems))
	e.certificates("client_certificates", t.ClientCertificates)
	e.count("renegotiations", int64(t.Renegotiations))
	e.count("key_updates", int64(t.KeyUpdates))
	e.text("ech", t.ECH)
	e.text("ja3", t.JA3)
	e.text("ja4", t.JA4)
	if len(t.Alerts) > 0 {
		e.array("alerts")
		for i := range t.Alerts {
			a := &t.Alerts[i]
			e.open('{')
			e.count("packet", int64(a.At.Number))
			e.text("direction", a.Dir.String())
			e.text("level", a.Level)
			e.text("name", a.Name)
			e.close('}')
		}
		e.close(']')
	}
	e.yes("decrypted", t.Decrypted)
	e.text("key_problem", t.KeyProblem)
	e.close('}')
}

// texts turns named texts into plain ones.
func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func (e *encoder) certificates(k string, list []flow.Certificate) {
	if len(list) == 0 {
		return
	}
	e.array(k)
	for i := range list {
		c := &list[i]
		e.open('{')
		e.text("subject", c.Subject)
		e.text("issuer", c.Issuer)
		e.text("not_before", instant(c.NotBefore))
		e.text("not_after", instant(c.NotAfter))
		e.texts("names", c.Names)
		e.yes("self_signed", c.SelfSigned)
		e.close('}')
	}
	e.close(']')
}

// instant writes a certificate's time, "" for none. It may lie outside the
// years that nanoseconds can count.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// sender names who sends in a direction.
func sender(d layer.Direction) string {
	if d == layer.ToServer {
		return "client"
	}
	return "server"
}
