package tls

import (
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/secrets"
	"github.com/wiresight/wiresight/decode/tls/suite"
)

// candidate is a key that may open the next record.
type candidate struct {
	epoch  int
	suite  suite.Suite
	secret []byte
	opener suite.Opener
}

// candidates returns the keys that may open a direction's next record in TLS
// 1.3: of the epoch at hand and those that it may have changed to unseen.
func (k *keys) candidates(dir layer.Direction) []candidate {
	s := &k.side[dir]
	if s.ahead != nil && !k.arrived() && s.aheadOf == k.store.Version() {
		return s.ahead
	}
	s.ahead, k.want = s.ahead[:0], ""
	if s.opener != nil {
		s.ahead = append(s.ahead, candidate{s.epoch, k.suite, s.secret, s.opener})
	}
	from := s.epoch
	if from == epochClear {
		from = epochHandshake
	}
	for epoch := from; epoch <= max(from, epochApplication)+1; epoch++ {
		if epoch == s.epoch && s.opener != nil {
			continue
		}
		for _, u := range k.suites(epoch) {
			k.candidate(dir, epoch, u)
		}
	}
	s.aheadOf = k.store.Version()
	if s.ahead == nil {
		s.ahead = []candidate{}
	}
	return s.ahead
}

func (k *keys) candidate(dir layer.Direction, epoch int, u suite.Suite) {
	s := &k.side[dir]
	secret := k.traffic(dir, epoch, &u)
	if len(secret) != u.Hash.Size() {
		return
	}
	if o, err := u.NewTraffic(secret); err == nil {
		s.ahead = append(s.ahead, candidate{epoch, u, secret, o})
	}
}

// suites returns those that may be in use: before the ServerHello all of TLS
// 1.3 that the client offers, and early data may have another one than the
// connection where it is refused.
func (k *keys) suites(epoch int) []suite.Suite {
	if k.version != 0 && epoch != epochEarly {
		if !k.usable {
			return nil
		}
		return []suite.Suite{k.suite}
	}
	var list []suite.Suite
	for _, id := range k.offered {
		if u, ok := suite.ByID(id); ok && u.Is13() && len(list) < maxSuites {
			list = append(list, u)
		}
	}
	return list
}

// maxSuites is how many TLS 1.3 has.
const maxSuites = 5

// traffic returns a direction's traffic secret in an epoch, nil where it is
// not known.
func (k *keys) traffic(dir layer.Direction, epoch int, u *suite.Suite) []byte {
	s := &k.side[dir]
	if epoch > epochApplication {
		if s.epoch >= epochApplication && epoch == s.epoch+1 && s.secret != nil {
			return u.NextTraffic(s.secret)
		}
		return nil
	}
	if k.random == nil {
		return nil
	}
	labels := [...]secrets.Label{epochHandshake: secrets.ServerHandshake, epochApplication: secrets.ServerTraffic}
	if dir == k.client {
		labels = [...]secrets.Label{secrets.ClientEarlyTraffic, secrets.ClientEarlyTraffic, secrets.ClientHandshake, secrets.ClientTraffic}
	}
	if labels[epoch] == "" {
		return nil
	}
	return k.find(labels[epoch])
}
