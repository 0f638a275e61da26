package mysql

import (
	"strconv"

	"github.com/wiresight/wiresight/decode/flow"
	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/wire"
)

// phase is what the server's next packet may be.
type phase byte

const (
	idle         phase = iota
	authenticate       // OK, an error, or more to ask
	first              // the first packet of an answer
	definitions        // of columns or parameters
	behind             // an EOF that ends them, or rows already
	rows
	one // a packet that is the whole answer
)

// answer is the answer to a command as far as it came.
type answer struct {
	phase    phase
	command  byte
	left     uint64 // definitions to come
	columns  uint64
	rows     int64
	status   string
	affected uint64
	facts    []flow.Fact
	noEOF    bool   // both sides can do without the EOF behind definitions
	optional bool   // a byte before the number of columns tells whether definitions follow
	prepared uint32 // id of a statement
	withRows bool   // a result has rows behind its definitions
	pending  uint64 // definitions of the columns behind those of the parameters
}

func (a *answer) fact(key, value string) {
	const most = 16
	if len(a.facts) < most {
		a.facts = append(a.facts, flow.Fact{Key: key, Value: value})
	}
}

// take reads a packet of the server. It reports whether that is the answer's
// last.
func (a *answer) take(b []byte, size int64) (over bool) {
	if len(b) == 0 {
		return a.phase == one
	}
	switch a.phase {
	case authenticate:
		return a.login(b)
	case one:
		if b[0] == errPacket {
			a.failure(b)
		}
		return true
	case first:
		return a.begin(b, size)
	case definitions:
		if b[0] == errPacket {
			a.failure(b)
			return true
		}
		if a.command == comFieldList {
			return isEOF(b, size)
		}
		a.left--
		return a.defined()
	case behind:
		switch eof := isEOF(b, size) && size == eofSize; {
		case a.withRows && eof:
			a.phase = rows
			return false
		case a.withRows:
			a.phase = rows
		case a.pending > 0:
			a.phase, a.left, a.pending = definitions, a.pending, 0
			if !eof {
				a.left--
			}
			return a.defined()
		default:
			return true
		}
	}
	return a.row(b, size)
}

// defined goes on behind the last definition. There an EOF follows, unless both
// sides agreed to leave it out.
func (a *answer) defined() (over bool) {
	if a.left == 0 {
		a.phase = behind
		return !a.withRows && a.pending == 0 && a.noEOF
	}
	return false
}

// isEOF reports whether a packet ends rows: an EOF, or the OK that newer
// servers send in its place.
func isEOF(b []byte, size int64) bool { return b[0] == eofPacket && size < fullLength }

// login reads an answer to the client's authentication.
func (a *answer) login(b []byte) (over bool) {
	switch b[0] {
	case okPacket:
		a.status = "OK"
		return true
	case errPacket:
		a.failure(b)
		return true
	case eofPacket:
		r := wire.NewReader(b[1:])
		if plugin := r.ZeroEnded(); r.OK() {
			a.fact("auth-switch", layer.Clip(plugin, maxText))
		}
	}
	return false
}

// begin reads the first packet of an answer. A client that remembers the
// definitions of a prepared statement's columns need not be told them again:
// MySQL says so before the number of columns, MariaDB behind it.
func (a *answer) begin(b []byte, size int64) (over bool) {
	r := wire.NewReader(b[1:])
	switch {
	case b[0] == errPacket:
		a.failure(b)
		return true
	case a.command == comPrepare && b[0] == okPacket:
		return a.preparedOK(&r)
	case b[0] == okPacket, isEOF(b, size):
		return a.success(b, size)
	case b[0] == localInfile:
		a.fact("local-infile", "true")
		return false
	}
	r = wire.NewReader(b)
	follow := true
	if a.optional && r.Len() > 1 {
		follow = r.U8() != 0
	}
	a.columns = integer(&r)
	if r.Len() == 1 {
		follow = r.U8() != 0
	}
	a.phase, a.left, a.withRows = definitions, a.columns, true
	if a.columns == 0 || a.columns > 1<<12 {
		a.status = "unknown answer"
		return true
	}
	if !follow {
		a.phase, a.left = behind, 0
	}
	return false
}

// preparedOK reads the packet that opens the answer to COM_STMT_PREPARE.
func (a *answer) preparedOK(r *wire.Reader) (over bool) {
	a.prepared = uint32(r.Little(4))
	columns, parameters := r.Little(2), r.Little(2)
	a.status, a.columns = "OK", columns
	a.fact("parameters", strconv.FormatUint(parameters, 10))
	a.phase, a.left, a.pending = definitions, parameters, columns
	if parameters == 0 {
		a.left, a.pending = columns, 0
	}
	return a.left == 0
}

// success reads an OK, or an EOF in its place.
func (a *answer) success(b []byte, size int64) (over bool) {
	a.status = "OK"
	r := wire.NewReader(b[1:])
	var flags, warnings uint64
	if b[0] == eofPacket && size == eofSize {
		warnings, flags = r.Little(2), r.Little(2)
	} else {
		a.affected += integer(&r)
		if id := integer(&r); id != 0 {
			a.fact("insert-id", strconv.FormatUint(id, 10))
		}
		flags, warnings = r.Little(2), r.Little(2)
	}
	if warnings > 0 && r.OK() {
		a.fact("warnings", strconv.FormatUint(warnings, 10))
	}
	if flags&statusMore != 0 && r.OK() {
		a.phase, a.withRows = first, false
		return false
	}
	return true
}

// row takes a row, or what ends the rows.
func (a *answer) row(b []byte, size int64) (over bool) {
	switch {
	case b[0] == errPacket:
		a.failure(b)
		return true
	case isEOF(b, size):
		return a.success(b, size)
	}
	a.rows++
	return false
}

// failure notes an error: its number is the answer's status.
func (a *answer) failure(b []byte) {
	r := wire.NewReader(b[1:])
	a.status = strconv.FormatUint(r.Little(2), 10)
	if rest := r.Peek(); len(rest) > 6 && rest[0] == errWithState {
		r.U8()
		a.fact("sqlstate", layer.Clip(r.Bytes(5), maxText))
	}
	a.fact("error", layer.Clip(r.Peek(), maxText))
}

// summary is what is to be told of a complete answer.
func (a *answer) summary() []flow.Fact {
	for _, n := range []struct {
		key   string
		value uint64
	}{{"columns", a.columns}, {"rows", uint64(a.rows)}, {"affected-rows", a.affected}} {
		if n.value > 0 {
			a.facts = append(a.facts, flow.Fact{Key: n.key, Value: strconv.FormatUint(n.value, 10)})
		}
	}
	return a.facts
}
