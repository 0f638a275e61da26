package tls

import (
	"github.com/wiresight/wiresight/decode/layer"
)

// encryptedExtensions takes what the server chose.
func (f *facts) encryptedExtensions(e *EncryptedExtensions) {
	t := f.t()
	f.chosen = true
	if e.ALPN != "" {
		t.ALPN = layer.Clip([]byte(e.ALPN), maxText)
	}
	switch {
	case t.EarlyData == "":
	case e.EarlyData:
		t.EarlyData, t.EarlyDataLikely = "accepted", false
	case t.EarlyData == "offered" || t.EarlyDataLikely:
		f.reject(false)
	}
	if t.ECH == "offered" { // the secrets were logged with the outer hello's random
		t.ECH = "not accepted"
	}
}

// finished takes a Finished that was read: the handshake's last message in its
// direction.
func (f *facts) finished(dir layer.Direction) {
	t := f.t()
	f.inferred.clientDone = f.inferred.clientDone || dir == f.client
	switch {
	case dir == f.client && !t.ClientFinished.Valid():
		t.ClientFinished = f.last
	case dir != f.client && !t.ServerDone.Valid():
		if is13(f.version) || t.Resumed {
			t.ServerDone = f.last
		}
	}
}

// earlyDecided reports whether it is certain what became of early data.
func (f *facts) earlyDecided() bool {
	t := f.out
	return t.EarlyData != "offered" && !t.EarlyDataLikely
}

// decrypted notes that the keys at hand opened a record. Where the ServerHello
// is missing, that tells the version and the suite.
func (f *facts) decrypted(k *keys) {
	if f.out != nil && f.out.Decrypted && f.version != 0 {
		return
	}
	t := f.t()
	t.Decrypted = true
	if k.adopted && t.ECH != "" { // with the inner hello's
		t.ECH = "accepted"
	}
	if f.version == 0 && k.version != 0 {
		f.version, f.suite = k.version, k.suite.ID
		t.Version, t.CipherSuite = VersionName(k.version), CipherSuiteName(k.suite.ID)
	}
}

// keyProblem says why nothing was read with the keys that the user gave.
func (f *facts) keyProblem(k *keys) {
	p := k.problem()
	if p == f.problem {
		return
	}
	f.problem = p
	f.t().KeyProblem = k.text(p)
}
