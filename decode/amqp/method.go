package amqp

import (
	"strings"

	"github.com/wiresight/wiresight/decode/wire"
)

// method is a method of AMQP 0-9-1 (specification, part "Class and Method
// Details").
type method struct {
	class, name string
	arguments   []argument
	answers     id   // the method that it answers
	asks        bool // it is answered
}

// id is a class id and a method id.
type id uint32

func methodID(class, method uint16) id { return id(class)<<16 | id(method) }

func (m *method) title() string { return m.class + "." + m.name }

// form is how an argument is encoded.
type form byte

const (
	octet    form = 'o'
	short    form = 's'
	long     form = 'l'
	longlong form = 'L'
	shortstr form = 'S'
	longstr  form = 'X'
	table    form = 'F'
	bit      form = 'b'
	secret   form = 'P' // a long string that is not shown
	reserved form = '-' // before a short, a short string, a bit: not shown
)

type argument struct {
	name string
	form form
	skip bool
}

// Ids that are looked at.
var (
	basicPublish    = methodID(60, 40)
	basicReturn     = methodID(60, 50)
	basicDeliver    = methodID(60, 60)
	basicGet        = methodID(60, 70)
	basicGetOk      = methodID(60, 71)
	basicAck        = methodID(60, 80)
	basicReject     = methodID(60, 90)
	basicNack       = methodID(60, 120)
	confirmSelect   = methodID(85, 10)
	confirmSelectOk = methodID(85, 11)
)

// methods are made of lines of: class id, method id, class.name, the id of the
// method that it answers or 0, and arguments as form:name. A '-' before the
// form marks one that is reserved.
var methods = readMethods(`
10 10 connection.start 0 o:version-major o:version-minor F:server-properties X:mechanisms X:locales
10 11 connection.start-ok 10 F:client-properties S:mechanism P:response S:locale
10 20 connection.secure 0 P:challenge
10 21 connection.secure-ok 20 P:response
10 30 connection.tune 0 s:channel-max l:frame-max s:heartbeat
10 31 connection.tune-ok 30 s:channel-max l:frame-max s:heartbeat
10 40 connection.open 0 S:virtual-host -S:capabilities -b:insist
10 41 connection.open-ok 40 -S:known-hosts
10 50 connection.close 0 s:reply-code S:reply-text s:class-id s:method-id
10 51 connection.close-ok 50
10 60 connection.blocked -1 S:reason
10 61 connection.unblocked -1
10 70 connection.update-secret 0 P:new-secret S:reason
10 71 connection.update-secret-ok 70
20 10 channel.open 0 -S:out-of-band
20 11 channel.open-ok 10 -X:channel-id
20 20 channel.flow 0 b:active
20 21 channel.flow-ok 20 b:active
20 40 channel.close 0 s:reply-code S:reply-text s:class-id s:method-id
20 41 channel.close-ok 40
40 10 exchange.declare 0 -s:ticket S:exchange S:type b:passive b:durable b:auto-delete b:internal b:nowait F:arguments
40 11 exchange.declare-ok 10
40 20 exchange.delete 0 -s:ticket S:exchange b:if-unused b:nowait
40 21 exchange.delete-ok 20
40 30 exchange.bind 0 -s:ticket S:destination S:source S:routing-key b:nowait F:arguments
40 31 exchange.bind-ok 30
40 40 exchange.unbind 0 -s:ticket S:destination S:source S:routing-key b:nowait F:arguments
40 51 exchange.unbind-ok 40
50 10 queue.declare 0 -s:ticket S:queue b:passive b:durable b:exclusive b:auto-delete b:nowait F:arguments
50 11 queue.declare-ok 10 S:queue l:message-count l:consumer-count
50 20 queue.bind 0 -s:ticket S:queue S:exchange S:routing-key b:nowait F:arguments
50 21 queue.bind-ok 20
50 30 queue.purge 0 -s:ticket S:queue b:nowait
50 31 queue.purge-ok 30 l:message-count
50 40 queue.delete 0 -s:ticket S:queue b:if-unused b:if-empty b:nowait
50 41 queue.delete-ok 40 l:message-count
50 50 queue.unbind 0 -s:ticket S:queue S:exchange S:routing-key F:arguments
50 51 queue.unbind-ok 50
60 10 basic.qos 0 l:prefetch-size s:prefetch-count b:global
60 11 basic.qos-ok 10
60 20 basic.consume 0 -s:ticket S:queue S:consumer-tag b:no-local b:no-ack b:exclusive b:nowait F:arguments
60 21 basic.consume-ok 20 S:consumer-tag
60 30 basic.cancel 0 S:consumer-tag b:nowait
60 31 basic.cancel-ok 30 S:consumer-tag
60 40 basic.publish -1 -s:ticket S:exchange S:routing-key b:mandatory b:immediate
60 50 basic.return -1 s:reply-code S:reply-text S:exchange S:routing-key
60 60 basic.deliver -1 S:consumer-tag L:delivery-tag b:redelivered S:exchange S:routing-key
60 70 basic.get 0 -s:ticket S:queue b:no-ack
60 71 basic.get-ok 70 L:delivery-tag b:redelivered S:exchange S:routing-key l:message-count
60 72 basic.get-empty 70 -S:cluster-id
60 80 basic.ack -1 L:delivery-tag b:multiple
60 90 basic.reject -1 L:delivery-tag b:requeue
60 100 basic.recover-async -1 b:requeue
60 110 basic.recover 0 b:requeue
60 111 basic.recover-ok 110
60 120 basic.nack -1 L:delivery-tag b:multiple b:requeue
85 10 confirm.select 0 b:nowait
85 11 confirm.select-ok 10
90 10 tx.select 0
90 11 tx.select-ok 10
90 20 tx.commit 0
90 21 tx.commit-ok 20
90 30 tx.rollback 0
90 31 tx.rollback-ok 30
`)

func readMethods(text string) map[id]*method {
	all := map[id]*method{}
	number := func(s string) (n int) {
		for _, c := range s {
			n = n*10 + int(c-'0')
		}
		return n
	}
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		words := strings.Fields(line)
		class, answers := uint16(number(words[0])), words[3]
		m := &method{asks: answers == "0"}
		m.class, m.name, _ = strings.Cut(words[2], ".")
		if answers != "0" && answers != "-1" {
			m.answers = methodID(class, uint16(number(answers)))
		}
		for _, w := range words[4:] {
			f, name, _ := strings.Cut(w, ":")
			skip := f[0] == byte(reserved)
			m.arguments = append(m.arguments, argument{name, form(f[len(f)-1]), skip})
		}
		all[methodID(class, uint16(number(words[1])))] = m
	}
	return all
}

// value is an argument as it was read.
type value struct {
	*argument
	number uint64 // of a bit, 0 or 1
	text   []byte // of a table, its entries
	size   int    // bytes on the wire; of a bit, of the octet that holds it
}

// arguments reads a method's arguments one by one. Bits that follow each other
// share octets.
type arguments struct {
	r    *wire.Reader
	list []argument
	bits uint
	byte byte
}

func (a *arguments) next() (v value, ok bool) {
	if len(a.list) == 0 {
		return v, false
	}
	v.argument = &a.list[0]
	a.list = a.list[1:]
	if v.form != bit {
		a.bits = 0
	}
	before := a.r.Offset()
	switch v.form {
	case octet:
		v.number = uint64(a.r.U8())
	case short:
		v.number = uint64(a.r.U16())
	case long:
		v.number = uint64(a.r.U32())
	case longlong:
		v.number = a.r.U64()
	case shortstr:
		v.text = a.r.Text8()
	case longstr, table, secret:
		v.text = a.r.Text32()
	case bit:
		if a.bits%8 == 0 {
			a.byte = a.r.U8()
		}
		v.number = uint64(a.byte >> (a.bits % 8) & 1)
		a.bits++
		v.size = 1
		return v, a.r.OK()
	}
	v.size = a.r.Offset() - before
	return v, a.r.OK()
}

// entries walks a field table.
type entries struct{ r wire.Reader }

func tableOf(b []byte) entries { return entries{wire.NewReader(b)} }

// next returns an entry's name, and its value where that is a text.
func (e *entries) next() (name, text []byte, ok bool) {
	if e.r.Len() == 0 {
		return nil, nil, false
	}
	name = e.r.Text8()
	text = fieldValue(&e.r, e.r.U8())
	return name, text, e.r.OK()
}

// fieldValue passes over a value of a table, as RabbitMQ encodes it. It returns
// that of a string.
func fieldValue(r *wire.Reader, kind byte) []byte {
	switch kind {
	case 'S':
		return r.Text32()
	case 'x', 'A', 'F':
		r.Text32()
	case 't', 'b', 'B':
		r.Bytes(1)
	case 's', 'u', 'U':
		r.Bytes(2)
	case 'I', 'i', 'f':
		r.Bytes(4)
	case 'D':
		r.Bytes(5)
	case 'L', 'l', 'd', 'T':
		r.Bytes(8)
	case 'V':
	default:
		r.Fail()
	}
	return nil
}
