// Package secrets holds the keys that a user gave so that encrypted
// conversations can be read: the lines of NSS key logs and servers' RSA keys.
// It does no I/O: whoever opens a key log or a capture's secrets hands over the
// bytes. Nothing in it is ever printed.
package secrets

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"sync"
)

// Label names what a line of an NSS key log holds.
type Label string

// The labels that are kept (draft-ietf-tls-keylogfile and NSS's
// key_log_format).
const (
	ClientRandom       Label = "CLIENT_RANDOM" // TLS 1.2 and older: the master secret
	ClientEarlyTraffic Label = "CLIENT_EARLY_TRAFFIC_SECRET"
	ClientHandshake    Label = "CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	ServerHandshake    Label = "SERVER_HANDSHAKE_TRAFFIC_SECRET"
	ClientTraffic      Label = "CLIENT_TRAFFIC_SECRET_0"
	ServerTraffic      Label = "SERVER_TRAFFIC_SECRET_0"
	EarlyExporter      Label = "EARLY_EXPORTER_SECRET"
	Exporter           Label = "EXPORTER_SECRET"
	ECHSecret          Label = "ECH_SECRET"
	ECHConfig          Label = "ECH_CONFIG"

	// QUIC's before its drafts took over those of TLS.
	QUICClientEarlyTraffic Label = "QUIC_CLIENT_EARLY_TRAFFIC_SECRET"
	QUICClientHandshake    Label = "QUIC_CLIENT_HANDSHAKE_TRAFFIC_SECRET"
	QUICServerHandshake    Label = "QUIC_SERVER_HANDSHAKE_TRAFFIC_SECRET"
	QUICClientTraffic      Label = "QUIC_CLIENT_TRAFFIC_SECRET_0"
	QUICServerTraffic      Label = "QUIC_SERVER_TRAFFIC_SECRET_0"
)

// Bounds of what is kept.
const (
	randomSize = 32
	maxSecret  = 255     // bytes
	maxLine    = 1 << 10 // bytes of a key log's line
	maxSecrets = 4_000_000
	maxKeys    = 1024

	maxSessions    = 1 << 16
	maxSessionName = 256 // bytes
)

type entry struct {
	label  Label
	random [randomSize]byte
}

// Store holds secrets by label and client random. It is safe for concurrent
// use; the zero value is not ready, see New.
type Store struct {
	mu      sync.RWMutex
	secrets map[entry]string
	seen    map[[randomSize]byte]struct{}
	keys    []*rsa.PrivateKey
	// sessions are the secrets of sessions that may be resumed, by what names them.
	sessions map[string]string
	rest     []byte // of a line that is still being written
	version  uint64
	refresh  []func()
	used     map[[randomSize]byte]struct{} // randoms that a secret was looked up for, and found
}

// New returns an empty store.
func New() *Store {
	return &Store{secrets: map[entry]string{}, seen: map[[randomSize]byte]struct{}{}, sessions: map[string]string{}, used: map[[randomSize]byte]struct{}{}}
}

// AddKeyLog takes bytes of an NSS key log. Lines may be cut anywhere between
// calls: the rest of a line is kept for the next one. What is no line of a key
// log is passed over. It returns how many secrets were new.
func (s *Store) AddKeyLog(b []byte) (added int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		b = rest
		if len(s.rest) > 0 {
			line = append(s.rest, line...)
			s.rest = nil
		}
		if !whole {
			if len(line) <= maxLine {
				s.rest = bytes.Clone(line)
			}
			break
		}
		if s.line(line) {
			added++
		}
	}
	if added > 0 {
		s.version++
	}
	return added
}

// EndKeyLog ends a key log: a last line without a line end counts, too.
func (s *Store) EndKeyLog() (added int) { return s.AddKeyLog([]byte("\n")) }

// line takes one line: a label, the client random and the secret, in
// hexadecimal.
func (s *Store) line(line []byte) bool {
	words := bytes.Fields(line)
	if len(words) != 3 || len(words[1]) != 2*randomSize || len(words[2]) > 2*maxSecret {
		return false
	}
	e := entry{label: Label(words[0])}
	if !known(e.label) {
		return false
	}
	if _, err := hex.Decode(e.random[:], words[1]); err != nil {
		return false
	}
	secret := make([]byte, hex.DecodedLen(len(words[2])))
	if _, err := hex.Decode(secret, words[2]); err != nil {
		return false
	}
	if s.secrets[e] == string(secret) {
		return false
	}
	if len(s.secrets) >= maxSecrets {
		return false
	}
	s.secrets[e] = string(secret)
	s.seen[e.random] = struct{}{}
	return true
}

func known(l Label) bool {
	switch l {
	case ClientRandom, ClientEarlyTraffic, ClientHandshake, ServerHandshake, ClientTraffic, ServerTraffic,
		EarlyExporter, Exporter, ECHSecret, ECHConfig,
		QUICClientEarlyTraffic, QUICClientHandshake, QUICServerHandshake, QUICClientTraffic, QUICServerTraffic:
		return true
	}
	return false
}

// ErrNoRSAKey is returned for PEM data that holds no RSA private key.
var ErrNoRSAKey = errors.New("no RSA private key in PEM form")

// AddRSA takes a server's RSA private key in PEM form (PKCS #1 or PKCS #8), with
// which connections of TLS 1.2 and older that exchanged keys by RSA can be read
// (RFC 5246 section 7.4.7.1). It returns ErrNoRSAKey where there is none.
func (s *Store) AddRSA(data []byte) error {
	found := false
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
		if err != nil {
			any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				continue
			}
			if key, _ = any.(*rsa.PrivateKey); key == nil {
				continue
			}
		}
		s.mu.Lock()
		if len(s.keys) < maxKeys {
			s.keys = append(s.keys, key)
			s.version++
		}
		s.mu.Unlock()
		found = true
	}
	if !found {
		return ErrNoRSAKey
	}
	return nil
}

// OnMiss adds a function that Lookup calls before it says that it has no
// secret: it may read on in a key log that is still being written, and add what
// is new. It must not take long.
func (s *Store) OnMiss(f func()) { s.refresh = append(s.refresh, f) }

// Lookup returns the secret with a label of the connection whose ClientHello
// has the random, nil where there is none. A nil store has none. The secret
// must not be changed.
func (s *Store) Lookup(label Label, clientRandom []byte) []byte {
	if s == nil || len(clientRandom) != randomSize {
		return nil
	}
	e := entry{label: label, random: [randomSize]byte(clientRandom)}
	secret, ok := s.lookup(e)
	if !ok && len(s.refresh) > 0 {
		for _, f := range s.refresh {
			f()
		}
		secret, ok = s.lookup(e)
	}
	if !ok {
		return nil
	}
	return []byte(secret)
}

func (s *Store) lookup(e entry) (string, bool) {
	s.mu.RLock()
	secret, ok := s.secrets[e]
	_, used := s.used[e.random]
	s.mu.RUnlock()
	if ok && !used {
		s.mu.Lock()
		s.used[e.random] = struct{}{}
		s.mu.Unlock()
	}
	return secret, ok
}

// Each calls f with the random and the secret of the entries with a label, in
// no order, until f returns false. f must not call the store.
func (s *Store) Each(label Label, f func(random, secret []byte) bool) {
	if s == nil {
		return
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for e, secret := range s.secrets {
		if e.label == label && !f(e.random[:], []byte(secret)) {
			return
		}
	}
}

// Has reports whether there is any secret for a client random: a connection
// that was not decrypted has another reason then.
func (s *Store) Has(clientRandom []byte) bool {
	if s == nil || len(clientRandom) != randomSize {
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.seen[[randomSize]byte(clientRandom)]
	return ok
}

// Remember keeps the master secret of a session of TLS 1.2 or older under what
// a later connection will name it by: the session id, or a digest of the ticket.
func (s *Store) Remember(name, master []byte) {
	if s == nil || len(name) > maxSessionName {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.sessions[string(name)]; known || len(s.sessions) < maxSessions {
		s.sessions[string(name)] = string(master)
	}
}

// Recall returns the master secret of a session, nil for one that is not known.
func (s *Store) Recall(name []byte) []byte {
	if s == nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if master, ok := s.sessions[string(name)]; ok {
		return []byte(master)
	}
	return nil
}

// RSA returns the private keys.
func (s *Store) RSA() []*rsa.PrivateKey {
	if s == nil {
		return nil
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys[:len(s.keys):len(s.keys)]
}

// Empty reports whether no secret and no key was given.
func (s *Store) Empty() bool {
	if s == nil {
		return true
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.secrets) == 0 && len(s.keys) == 0 && len(s.refresh) == 0
}

// Version grows whenever a secret is added: a connection without one asks again
// then.
func (s *Store) Version() uint64 {
	if s == nil {
		return 0
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.version
}
