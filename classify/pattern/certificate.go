package pattern

import (
	"fmt"
	"strings"

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
	if t == nil || len(t.Certificates) == 0 || len(t.CertificateProblems) == 0 {
		return
	}
	leaf := &t.Certificates[0]
	severity, wrong := defects(t)
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

// defects words what is wrong with a server's chain, the worst first.
func defects(t *flow.TLS) (severity claim.Severity, wrong []string) {
	severity = claim.Notice
	for _, p := range t.CertificateProblems {
		if p != flow.CertificateSelfSigned {
			severity = claim.Problem
		}
		wrong = append(wrong, defect(t, p))
	}
	return severity, wrong
}

func defect(t *flow.TLS, p flow.CertificateProblem) string {
	const day = "2 January 2006"
	leaf := &t.Certificates[0]
	switch p {
	case flow.CertificateExpired:
		first := leaf.NotAfter // of the chain
		for i := range t.Certificates {
			if c := t.Certificates[i].NotAfter; !c.IsZero() && c.Before(first) {
				first = c
			}
		}
		if first.Before(leaf.NotAfter) {
			return "leads to an authority whose certificate expired on " + first.UTC().Format(day)
		}
		return "expired on " + first.UTC().Format(day)
	case flow.CertificateNotYetValid:
		last := leaf.NotBefore
		for i := range t.Certificates {
			if c := t.Certificates[i].NotBefore; c.After(last) {
				last = c
			}
		}
		return "is not valid before " + last.UTC().Format(day)
	case flow.CertificateNameMismatch:
		if len(leaf.Names) == 0 {
			return fmt.Sprintf("does not name %s, nor any other host", t.SNI)
		}
		return fmt.Sprintf("does not name %s, but %s", t.SNI, listed(leaf.Names))
	}
	return "signed itself"
}

func listed(names []string) string {
	const few = 3
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}
