package pattern

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/wiresight/wiresight/classify/claim"
	"github.com/wiresight/wiresight/classify/timing"
	"github.com/wiresight/wiresight/decode/flow"
)

// CertificateLesson teaches what a client may find wrong with a certificate.
var CertificateLesson = claim.Lesson{
	ID: "certificate-problem", Title: "The server's certificate will not be trusted by all",
	About: "A client checks that the certificate names the server it asked for, that the time is within its validity, and that it leads to an authority it trusts. " +
		"The first two can be seen on the wire; whom a client trusts cannot.",
	Is:      "A server's certificate that was captured in the clear or decrypted, whose validity does not cover the time of the capture, whose names do not hold the name asked for, or which signed itself.",
	IsNot:   "A private authority, which is fine where its clients know it.",
	Sources: []string{"RFC 5280 section 4.1.2.5", "RFC 9525 section 6", "RFC 5280 section 6.1"},
}

// Certificates finds certificates that a client may refuse.
func Certificates(v *timing.View, out *claim.Sink) {
	t := v.TLS
	if t == nil || len(t.Certificates) == 0 {
		return
	}
	leaf := &t.Certificates[0]
	severity, wrong := defects(t, leaf, time.Unix(0, v.First.Nanos).UTC())
	if len(wrong) == 0 {
		return
	}
	packets := []int{}
	for _, p := range []int{t.ClientHello.Number, t.ServerHello.Number, t.ServerDone.Number} {
		if p > 0 && (len(packets) == 0 || packets[len(packets)-1] != p) {
			packets = append(packets, p)
		}
	}
	out.Finding(claim.Finding{
		ID: CertificateLesson.ID, Severity: severity,
		Title:       "The server's certificate " + wrong[0],
		Explanation: fmt.Sprintf("The certificate of %s, issued by %s, %s.", or(leaf.Subject, "no name"), or(leaf.Issuer, "no name"), strings.Join(wrong, "; it ")),
		Advice:      "Renew or replace the certificate so that it covers the name and the time, and install the whole chain. A self-signed one is only safe for clients that were given it beforehand.",
		Occurrences: []claim.Occurrence{{Packets: packets, Shows: "the handshake in which the server showed it"}},
	})
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// defects words what is wrong with a certificate, the worst first.
func defects(t *flow.TLS, c *flow.Certificate, now time.Time) (severity claim.Severity, wrong []string) {
	severity = claim.Notice
	switch {
	case !c.NotAfter.IsZero() && now.After(c.NotAfter):
		severity = claim.Problem
		wrong = append(wrong, "expired on "+c.NotAfter.UTC().Format("2 January 2006"))
	case !c.NotBefore.IsZero() && now.Before(c.NotBefore):
		severity = claim.Problem
		wrong = append(wrong, "is not valid before "+c.NotBefore.UTC().Format("2 January 2006"))
	}
	if t.SNI != "" && len(c.Names) > 0 && !named(c.Names, t.SNI) {
		severity = claim.Problem
		wrong = append(wrong, fmt.Sprintf("does not name %s, but %s", t.SNI, listed(c.Names)))
	}
	if c.SelfSigned {
		wrong = append(wrong, "signed itself")
	}
	return severity, wrong
}

func listed(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// named reports whether a certificate's names hold a host's, a wildcard
// standing for its first label (RFC 9525 section 6.3).
func named(list []string, host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	_, parent, _ := strings.Cut(host, ".")
	for _, n := range list {
		n = strings.ToLower(strings.TrimSuffix(n, "."))
		if n == host || strings.HasPrefix(n, "*.") && parent != "" && n[2:] == parent {
			return true
		}
		if a, err := netip.ParseAddr(n); err == nil && a.String() == host {
			return true
		}
	}
	return false
}
