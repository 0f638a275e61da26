package tls

import "encoding/hex"

// problem is why a connection was not read with the keys that the user gave.
type problem uint8

const (
	noProblem problem = iota
	noHello
	noCipher
	noKey
	isCompressed
	noServerHello
	opensNothing
	noSecret
)

func (k *keys) problem() problem {
	switch {
	case !k.sealed || k.opened || k.store.Empty():
		return noProblem
	case k.random == nil:
		return noHello
	case k.version != 0 && !k.usable:
		return noCipher
	case k.master == nil && !k.store.Has(k.random):
		return noKey
	case k.flags.compressed:
		return isCompressed
	case k.failed:
		return opensNothing
	case k.version == 0:
		return noServerHello
	}
	return noSecret
}

// text says a problem to people.
func (k *keys) text(p problem) string {
	switch p {
	case noHello:
		return "the capture begins after the ClientHello, by whose random keys are found"
	case noCipher:
		return "the records of this cipher suite cannot be opened"
	case noKey:
		return "no key for client random " + hex.EncodeToString(k.random[:8]) + "…"
	case isCompressed:
		return "key found, but the records are compressed"
	case opensNothing:
		return "key found, but it does not open the records"
	case noServerHello:
		return "key found, but the capture does not hold the ServerHello"
	case noSecret:
		return "key found, but not the secret that these records need"
	}
	return ""
}
