package report

import "github.com/wiresight/wiresight/decode/flow"

func (e *encoder) quic(q *flow.QUIC) {
	if q == nil {
		return
	}
	e.object("quic")
	e.text("version", q.Version)
	e.text("sni", q.SNI)
	e.text("alpn", q.ALPN)
	e.texts("offered_alpn", q.OfferedALPN)
	e.text("cipher_suite", q.CipherSuite)
	e.text("group", q.Group)
	e.yes("resumed", q.Resumed)
	e.yes("hello_retry", q.HelloRetry)
	e.yes("retry", q.Retry)
	e.yes("zero_rtt", q.ZeroRTT)
	e.text("early_data", q.EarlyData)
	e.yes("version_negotiation", q.VersionNegotiation)
	e.count("migrations", int64(q.Migrations))
	e.yes("spin_bit", q.SpinBit)
	if c := q.Close; c != nil {
		e.object("close")
		e.text("by", sender(c.By))
		e.key("code")
		e.next()
		e.number(float64(c.Code))
		e.text("name", c.Name)
		e.yes("application", c.Application)
		e.text("reason", c.Reason)
		e.close('}')
	}
	if r := q.StatelessReset; r != nil {
		e.object("stateless_reset")
		e.text("by", sender(r.By))
		e.count("packet", int64(r.At.Number))
		e.close('}')
	}
	e.quicTransfer(q)
	e.text("ja3", q.JA3)
	e.text("ja4", q.JA4)
	e.certificates("certificates", q.Certificates)
	e.yes("decrypted", q.Decrypted)
	e.text("key_problem", q.KeyProblem)
	e.close('}')
}

// quicTransfer says what the packets of each direction met, which only
// decrypted ones tell.
func (e *encoder) quicTransfer(q *flow.QUIC) {
	e.quicRTT("spin_rtt_s", &q.SpinRTT)
	if !q.Decrypted {
		return
	}
	e.counts("sent", q.Sent)
	e.counts("streams", q.Streams)
	for _, n := range []struct {
		key    string
		counts flow.Counts
	}{
		{"lost", q.Lost}, {"lost_in_capture", q.CaptureLost}, {"resent_bytes", q.Resent}, {"key_updates", q.KeyUpdates},
	} {
		if n.counts.Sum() > 0 {
			e.counts(n.key, n.counts)
		}
	}
	for dir, key := range [2]string{"rtt_to_server_s", "rtt_to_client_s"} {
		e.quicRTT(key, &q.RTT[dir])
	}
	e.count("flow_control_blocked", q.BlockedTotal)
}

func (e *encoder) quicRTT(key string, r *flow.QUICRTT) {
	if r.Samples == 0 {
		return
	}
	e.object(key)
	e.key("min")
	e.seconds(r.Min)
	e.key("smoothed")
	e.seconds(r.Smoothed)
	e.count("samples", r.Samples)
	e.close('}')
}
