package filter

// The parsed expression. Every node knows the byte offset that an error about
// it should point at.

// expr is one of *logical, *negation, *primitive, *abbreviation, *relation,
// *special.
type expr interface{ place() int }

// logical joins two expressions by "and" or "or".
type logical struct {
	and         bool
	left, right expr
}

// negation is "not x".
type negation struct{ x expr }

// direction is a direction qualifier.
type direction uint8

const (
	dirDefault direction = iota
	dirSource
	dirDestination
	dirEither
	dirBoth
)

// address is the type qualifier: what the identifier names.
type address uint8

const (
	addrNone address = iota // nothing to inherit qualifiers from
	addrDefault
	addrHost
	addrNet
	addrPort
	addrPortRange
	addrProto
)

// qualifiers stand before an identifier, or are inherited from the one before.
type qualifiers struct {
	proto protocol
	dir   direction
	addr  address
	at    int
}

// primitive is an identifier with its qualifiers.
type primitive struct {
	qualifiers
	id   token
	mask token // of "net A mask B"; kindEnd where absent
	bits int   // of "net A/bits"; -1 where absent
}

// abbreviation is a protocol's name alone.
type abbreviation struct {
	proto protocol
	at    int
}

// relation compares two values.
type relation struct {
	op          string // = != < <= > >=
	left, right arith
	at          int
}

// special is a primitive of its own: broadcast, multicast, less, greater,
// inbound, outbound, ifindex, vlan, mpls, pppoed, pppoes.
type special struct {
	word   string
	proto  protocol
	at     int
	has    bool   // a number follows
	number uint32 // that number
}

func (e *logical) place() int      { return e.left.place() }
func (e *negation) place() int     { return e.x.place() }
func (e *primitive) place() int    { return e.at }
func (e *abbreviation) place() int { return e.at }
func (e *relation) place() int     { return e.at }
func (e *special) place() int      { return e.at }

// arith is one of *number, *length, *fetch, *operation.
type arith interface{ place() int }

// number is a constant.
type number struct {
	value uint32
	at    int
}

// length is "len", the packet's length on the wire.
type length struct{ at int }

// fetch is "proto[index:size]".
type fetch struct {
	proto protocol
	index arith
	size  uint32
	at    int
}

// operation is "left op right".
type operation struct {
	op          string // + - * / % & | ^ << >>
	left, right arith
	at          int
}

func (a *number) place() int    { return a.at }
func (a *length) place() int    { return a.at }
func (a *fetch) place() int     { return a.at }
func (a *operation) place() int { return a.at }
