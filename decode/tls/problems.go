package tls

import (
	"net/netip"
	"strings"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
)

// CertificateProblems says why a client that checks a server's chain may refuse
// it: the certificate's validity at a time, whether it is for the server's name
// ("" where that is not known), and whether nobody but itself vouches for it.
// Whether a client trusts the authority that signed it cannot be seen.
func CertificateProblems(chain []flow.Certificate, name string, at time.Time) (problems []flow.CertificateProblem) {
	if len(chain) == 0 {
		return nil
	}
	leaf := &chain[0]
	expired, early := false, false
	for i := range chain {
		c := &chain[i]
		expired = expired || !c.NotAfter.IsZero() && at.After(c.NotAfter)
		early = early || !c.NotBefore.IsZero() && at.Before(c.NotBefore)
	}
	for _, p := range []struct {
		is      bool
		problem flow.CertificateProblem
	}{
		{expired, flow.CertificateExpired},
		{early, flow.CertificateNotYetValid},
		{name != "" && leaf.Subject != "" && !isFor(leaf, name), flow.CertificateNameMismatch},
		{leaf.SelfSigned, flow.CertificateSelfSigned},
	} {
		if p.is {
			problems = append(problems, p.problem)
		}
	}
	return problems
}

// isFor reports whether a certificate is for a name (RFC 9525 section 6.3). One
// that holds more names than were kept may be.
func isFor(c *flow.Certificate, name string) bool {
	name = strings.TrimSuffix(name, ".")
	ip, err := netip.ParseAddr(name)
	for _, n := range c.Names {
		if err == nil {
			if other, e := netip.ParseAddr(n); e == nil && other.Unmap() == ip.Unmap() {
				return true
			}
			continue
		}
		if strings.EqualFold(n, name) {
			return true
		}
		if rest, wild := strings.CutPrefix(n, "*."); wild {
			if _, domain, ok := strings.Cut(name, "."); ok && strings.EqualFold(domain, rest) {
				return true
			}
		}
	}
	return len(c.Names) >= maxSubjectNames
}
