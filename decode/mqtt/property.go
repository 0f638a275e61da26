package mqtt

import (
	"encoding/hex"
	"strconv"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// form is how a property's value is encoded (MQTT 5 section 1.5).
type form byte

const (
	unknown form = iota
	oneByte
	twoBytes
	fourBytes
	varint
	text
	binary
	pair
)

// properties of MQTT 5, by identifier (section 2.2.2.2).
var propertyTypes = [...]struct {
	fact string
	form form
}{
	1: {"payload-format", oneByte}, 2: {"message-expiry", fourBytes}, 3: {"content-type", text}, 8: {"response-topic", text},
	9: {"correlation-data", binary}, 11: {"subscription-identifier", varint}, 17: {"session-expiry", fourBytes},
	18: {"assigned-client-id", text}, 19: {"server-keep-alive", twoBytes}, 21: {"authentication-method", text},
	22: {"authentication-data", binary}, 23: {"request-problem-information", oneByte}, 24: {"will-delay", fourBytes},
	25: {"request-response-information", oneByte}, 26: {"response-information", text}, 28: {"server-reference", text},
	31: {"reason", text}, 33: {"receive-maximum", twoBytes}, 34: {"topic-alias-maximum", twoBytes}, 35: {"topic-alias", twoBytes},
	36: {"maximum-qos", oneByte}, 37: {"retain-available", oneByte}, 38: {"user-property", pair}, 39: {"maximum-packet-size", fourBytes},
	40: {"wildcard-available", oneByte}, 41: {"subscription-identifier-available", oneByte}, 42: {"shared-available", oneByte},
}

const (
	correlationData    = 9
	authenticationData = 22
	topicAlias         = 35
)

// property is one property.
type property struct {
	id     byte
	form   form
	number uint64
	text   []byte // of a pair, the name
	value  []byte // of a pair
}

// readProperties reads the length of a list of properties, which only MQTT 5
// has, and the list.
func readProperties(r *wire.Reader, version byte) []byte {
	if version != version5 {
		return nil
	}
	return r.Bytes(int(r.Varint(4)))
}

// readProperty reads one property.
func readProperty(r *wire.Reader) (p property, ok bool) {
	if r.Len() == 0 {
		return p, false
	}
	p.id = r.U8()
	if int(p.id) < len(propertyTypes) {
		p.form = propertyTypes[p.id].form
	}
	switch p.form {
	case unknown:
		r.Fail()
	case oneByte:
		p.number = uint64(r.U8())
	case twoBytes:
		p.number = uint64(r.U16())
	case fourBytes:
		p.number = uint64(r.U32())
	case varint:
		p.number = r.Varint(4)
	case pair:
		p.text, p.value = r.Text16(), r.Text16()
	default:
		p.text = r.Text16()
	}
	return p, r.OK()
}

// propertyFacts appends a list's properties. Of a user property only its name
// is noted.
func propertyFacts(facts []flow.Fact, list []byte, prefix string) []flow.Fact {
	r := wire.NewReader(list)
	for len(facts) < maxFacts {
		p, ok := readProperty(&r)
		if !ok {
			break
		}
		facts = append(facts, flow.Fact{Key: prefix + propertyTypes[p.id].fact, Value: p.fact()})
	}
	return facts
}

func (p *property) fact() string {
	switch {
	case p.id == authenticationData:
		return "given"
	case p.form == binary:
		return hex.EncodeToString(p.text[:min(len(p.text), maxBinary)])
	case p.form == text || p.form == pair:
		return layer.Clip(p.text, maxName)
	}
	return strconv.FormatUint(p.number, 10)
}

// aliasOf returns the topic alias in a list of properties, or 0.
func aliasOf(list []byte) uint16 {
	r := wire.NewReader(list)
	for {
		p, ok := readProperty(&r)
		if !ok {
			return 0
		}
		if p.id == topicAlias {
			return uint16(p.number)
		}
	}
}
