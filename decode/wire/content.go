package wire

import (
	"bytes"
	"strconv"
)

// maxDigest bounds the bytes of a payload that its digest is made of.
const maxDigest = 1024

// Digest tells payloads apart: equal ones have equal digests. It is made of the
// size and the first KiB (FNV-1a), which is enough to find a message again
// where a broker hands it on, and says nothing of what is in it.
func Digest(payload []byte, size int64) string {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, c := range payload[:min(len(payload), maxDigest)] {
		h = (h ^ uint64(c)) * prime
	}
	return strconv.FormatUint((h^uint64(size))*prime, 16)
}

// Secret reports whether the value that goes by this name is likely to be
// nobody's business: a password, a token, a key.
func Secret(name []byte) bool {
	const longest = 128
	lower := bytes.ToLower(name[:min(len(name), longest)])
	for _, part := range secretParts {
		if bytes.Contains(lower, part) {
			return true
		}
	}
	return false
}

var secretParts = [][]byte{
	[]byte("passw"), []byte("secret"), []byte("token"), []byte("auth"), []byte("cookie"), []byte("credential"),
	[]byte("apikey"), []byte("api-key"), []byte("api_key"), []byte("session"), []byte("jwt"),
}
