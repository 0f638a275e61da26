package secrets

import (
	"bytes"
	"encoding/hex"
	"maps"
	"slices"
)

// reading are the labels of secrets that open records and packets. Others, such
// as an exporter's, are of no use to who reads a capture.
var reading = []Label{
	ClientRandom, ClientEarlyTraffic, ClientHandshake, ServerHandshake, ClientTraffic, ServerTraffic,
	QUICClientEarlyTraffic, QUICClientHandshake, QUICServerHandshake, QUICClientTraffic, QUICServerTraffic,
}

// UsedKeyLog returns an NSS key log with the secrets of those connections that
// a secret was found for by Lookup, nil where there are none: what a capture
// needs that was read with the store, and nothing of other connections.
func (s *Store) UsedKeyLog() []byte {
	if s == nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	randoms := slices.SortedFunc(maps.Keys(s.used), func(a, b [randomSize]byte) int { return bytes.Compare(a[:], b[:]) })
	var log []byte
	for _, random := range randoms {
		for _, label := range reading {
			secret, ok := s.secrets[entry{label: label, random: random}]
			if !ok {
				continue
			}
			log = append(log, label...)
			log = hex.AppendEncode(append(log, ' '), random[:])
			log = hex.AppendEncode(append(log, ' '), []byte(secret))
			log = append(log, '\n')
		}
	}
	return log
}
