package tls

import (
	"slices"
	"testing"
	"time"

	"github.com/wiresight/wiresight/decode/flow"
)

func TestCertificateProblems(t *testing.T) {
	at := func(unix int64) time.Time { return time.Unix(unix, 0) }
	leaf := func(names ...string) flow.Certificate {
		return flow.Certificate{Subject: "CN=leaf", Issuer: "CN=authority", NotBefore: at(1000), NotAfter: at(2000), Names: names}
	}
	own := leaf("example.com")
	own.SelfSigned = true
	root := flow.Certificate{Subject: "CN=authority", Issuer: "CN=authority", NotBefore: at(0), NotAfter: at(9000), SelfSigned: true}
	for _, c := range []struct {
		about string
		chain []flow.Certificate
		name  string
		when  int64
		want  []flow.CertificateProblem
	}{
		{"a good one, whose root is in the chain", []flow.Certificate{leaf("example.com"), root}, "example.com", 1500, nil},
		{"names do not depend on case, nor on the root's dot", []flow.Certificate{leaf("EXAMPLE.com")}, "example.COM.", 1500, nil},
		{"a wildcard stands for one label", []flow.Certificate{leaf("*.example.com")}, "www.example.com", 1500, nil},
		{"but not for two", []flow.Certificate{leaf("*.example.com")}, "a.b.example.com", 1500, []flow.CertificateProblem{flow.CertificateNameMismatch}},
		{"nor for none", []flow.Certificate{leaf("*.example.com")}, "example.com", 1500, []flow.CertificateProblem{flow.CertificateNameMismatch}},
		{"an address", []flow.Certificate{leaf("192.0.2.1")}, "192.0.2.1", 1500, nil},
		{"expired", []flow.Certificate{leaf("example.com")}, "example.com", 2001, []flow.CertificateProblem{flow.CertificateExpired}},
		{"its authority expired", []flow.Certificate{leaf("example.com"), {Subject: "CN=authority", NotAfter: at(1200)}}, "example.com", 1500, []flow.CertificateProblem{flow.CertificateExpired}},
		{"not yet valid", []flow.Certificate{leaf("example.com")}, "example.com", 999, []flow.CertificateProblem{flow.CertificateNotYetValid}},
		{"self-signed", []flow.Certificate{own}, "", 1500, []flow.CertificateProblem{flow.CertificateSelfSigned}},
		{"nothing can be said of a name that is not known", []flow.Certificate{leaf("example.com")}, "", 1500, nil},
		{"no certificate", nil, "example.com", 1500, nil},
	} {
		if got := CertificateProblems(c.chain, c.name, at(c.when)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.about, got, c.want)
		}
	}
}
