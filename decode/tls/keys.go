package tls

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha256"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// keys finds what opens a connection's records: the secrets that the user gave,
// by the client's random, and what the handshake in the clear says of their
// use.
type keys struct {
	store   *secrets.Store
	client  layer.Direction
	version uint16 // negotiated, 0 until the ServerHello
	suite   suite.Suite
	usable  bool // suite can be opened
	offered []uint16

	random       []byte // the ClientHello's; nil until it was seen
	serverRandom []byte
	sessionID    []byte // of the ServerHello
	ticket       []byte // that the ClientHello offers
	flags        struct{ encryptThenMAC, extendedMaster, compressed, retried bool }

	master     []byte          // up to TLS 1.2
	openers    [2]suite.Opener // of the master secret, for sides that have not changed to them
	transcript []byte          // the handshake so far, where an RSA key may need it
	side       [2]side

	want secrets.Label // last looked for in vain
	work int           // bytes that may be opened in vain

	greeted bool // a ClientHello was seen that no ServerHello answers yet
	ech     bool // the ClientHello hides another one
	adopted bool // random was found by trying
	tried   int
	triedAt uint64 // the store's version then, plus one

	opened bool
	failed bool // a record did not open with the key found
	sealed bool // a record was there to be opened
}

// Bounds of what opening may cost.
const (
	maxTranscript = 1 << 20
	maxRSA        = 64      // keys tried for one pre-master secret
	firstWork     = 4 << 20 // bytes opened in vain
	maxWork       = 8 << 20 // with each record there is more, up to this
	workForByte   = 8
)

// wanted reports whether there may be keys for the connection.
func (k *keys) wanted() bool {
	return k.store != nil && (k.random != nil || k.serverRandom != nil) && !k.store.Empty()
}

// clientHello takes a hello. One that follows a HelloRetryRequest has the same
// random; another one begins a handshake anew, within the old one's protection.
func (k *keys) clientHello(dir layer.Direction, h *ClientHello) {
	if k.store == nil || len(h.Random) != 32 {
		return
	}
	k.settle()
	k.client = dir
	k.random = bytes.Clone(h.Random)
	k.ech, k.greeted = h.ECH, true
	k.ticket = bytes.Clone(h.TicketData)
	k.offered = h.CipherSuites[:min(len(h.CipherSuites), maxNames)]
	k.master, k.openers = nil, [2]suite.Opener{}
	k.transcript = k.transcript[:0]
	if h.EarlyData && k.version == 0 && !k.flags.retried {
		k.side[dir].epoch = epochEarly
	}
}

// settle gives a direction whose ChangeCipherSpec was not seen its keys before
// those of another handshake take their place.
func (k *keys) settle() {
	for dir := range k.side {
		if s := &k.side[dir]; s.epoch == epochClear && k.openers[dir] != nil {
			s.epoch, s.opener = epochHandshake, k.openers[dir]
		}
	}
}

func (k *keys) serverHello(dir layer.Direction, h *ServerHello) {
	if k.store == nil {
		return
	}
	k.client = dir.Reverse()
	if h.HelloRetry {
		k.flags.retried = true
		if s := &k.side[k.client]; s.epoch == epochEarly { // RFC 8446 section 4.2.10: it is refused
			s.epoch = epochClear
		}
		return
	}
	if k.version != 0 && !k.greeted { // begun anew, by a ClientHello that was not seen
		k.random, k.master, k.openers, k.adopted = nil, nil, [2]suite.Opener{}, false
		k.triedAt = 0
	}
	k.greeted = false
	k.version = h.Version
	k.suite, k.usable = suite.ByID(h.CipherSuite)
	k.usable = k.usable && k.suite.Is13() == is13(h.Version)
	k.serverRandom = bytes.Clone(h.Random)
	k.sessionID = bytes.Clone(h.SessionID)
	k.flags.encryptThenMAC, k.flags.extendedMaster = h.EncryptThenMAC, h.ExtendedMaster
	k.flags.compressed = h.Compression != 0 && !is13(h.Version)
	if is13(h.Version) {
		k.side[dir].enter(epochHandshake)
		if s := &k.side[k.client]; s.epoch < epochEarly {
			s.enter(epochHandshake)
		}
	}
}

// message takes a handshake message up to TLS 1.2, header included, for the
// pre-master secrets that RSA keys open.
func (k *keys) message(m *Handshake) {
	if k.store == nil || is13(k.version) || len(k.store.RSA()) == 0 || m.Type == helloRequest {
		return
	}
	if len(k.transcript)+len(m.Body) > maxTranscript {
		k.transcript = k.transcript[:0] // the secret derived from it will open nothing
		return
	}
	n := len(m.Body)
	k.transcript = append(k.transcript, m.Type, byte(n>>16), byte(n>>8), byte(n))
	k.transcript = append(k.transcript, m.Body...)
	if m.Type == clientKeyExchange && k.usable && k.suite.RSA && k.masterSecret() == nil {
		k.exchange(m.Body)
	}
}

// exchange opens a pre-master secret with the servers' keys (RFC 5246 section
// 7.4.7.1).
func (k *keys) exchange(b []byte) {
	if len(b) < 2 || int(b[0])<<8|int(b[1]) != len(b)-2 {
		return
	}
	b = b[2:]
	for i, key := range k.store.RSA() {
		if i == maxRSA {
			return
		}
		if key.Size() != len(b) {
			continue
		}
		//lint:ignore SA1019 what was captured was encrypted so; nobody learns from here whether it could be decrypted
		preMaster, err := rsa.DecryptPKCS1v15(nil, key, b)
		if err != nil || len(preMaster) != 48 || preMaster[0] != 3 {
			continue
		}
		if k.flags.extendedMaster {
			k.master = k.suite.ExtendedMaster(k.version, preMaster, k.transcript)
		} else {
			k.master = k.suite.Master(k.version, preMaster, k.random, k.serverRandom)
		}
		return
	}
}

// newTicket remembers the secret of a session that may be resumed by its ticket
// (RFC 5077).
func (k *keys) newTicket(t *NewSessionTicket) {
	if k.store != nil && !is13(k.version) && len(t.Ticket) > 0 && k.masterSecret() != nil {
		k.store.Remember(ticketName(t.Ticket), k.master)
	}
}

func ticketName(ticket []byte) []byte {
	sum := sha256.Sum256(ticket)
	return sum[:]
}

// masterSecret looks for the master secret: under the client's random, or that
// of the session which is resumed.
func (k *keys) masterSecret() []byte {
	if k.master != nil || k.random == nil {
		return k.master
	}
	k.master = k.find(secrets.ClientRandom)
	if k.master == nil && len(k.sessionID) > 0 {
		k.master = k.store.Recall(k.sessionID)
	}
	if k.master == nil && len(k.ticket) > 0 {
		k.master = k.store.Recall(ticketName(k.ticket))
	}
	return k.master
}

// find looks a secret up.
func (k *keys) find(label secrets.Label) []byte {
	secret := k.store.Lookup(label, k.random)
	if secret == nil {
		k.want = label
	}
	return secret
}

// arrived reports whether the secret that was missing is there now.
func (k *keys) arrived() bool { return k.want != "" && k.store.Lookup(k.want, k.random) != nil }

// changed tells that a direction changes to the keys of the handshake (up to
// TLS 1.2).
func (k *keys) changed(dir layer.Direction) {
	if k.store == nil || k.version == 0 || is13(k.version) { // there it means nothing
		return
	}
	s := &k.side[dir]
	s.enter(epochHandshake)
	s.opener = k.take(dir)
}

// take returns what opens a direction's records under the master secret, nil
// while that is not known.
func (k *keys) take(dir layer.Direction) suite.Opener {
	if k.openers[dir] == nil && k.version != 0 && k.usable && !k.flags.compressed && k.serverRandom != nil && k.masterSecret() != nil {
		client, server, err := k.suite.Openers(k.version, k.master, k.random, k.serverRandom, k.flags.encryptThenMAC)
		if err != nil {
			k.usable = false
			return nil
		}
		k.openers[k.client], k.openers[k.client.Reverse()] = client, server
		if len(k.sessionID) > 0 {
			k.store.Remember(k.sessionID, k.master)
		}
	}
	o := k.openers[dir]
	k.openers[dir] = nil
	return o
}

// protects reports whether all that goes in a direction is encrypted, whatever
// it looks like: the keys that a ChangeCipherSpec changed to are at hand (up to
// TLS 1.2).
func (k *keys) protects(dir layer.Direction) bool {
	s := &k.side[dir]
	return s.opener != nil && s.epoch == epochHandshake && k.version != 0 && !is13(k.version)
}

// come reports whether there is a key for a direction's next records.
func (k *keys) come(dir layer.Direction) bool {
	if k.side[dir].opener != nil {
		return true
	}
	if k.version != 0 && !is13(k.version) {
		return !k.usable || k.masterSecret() != nil
	}
	return len(k.candidates(dir)) > 0
}
