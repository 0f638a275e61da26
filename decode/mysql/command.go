package mysql

import (
	"fmt"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/sqltext"
	"github.com/wiresight/wiresight/decode/wire"
)

// Commands that are looked at.
const (
	comQuit         = 0x01
	comInitDB       = 0x02
	comQuery        = 0x03
	comFieldList    = 0x04
	comStatistics   = 0x09
	comProcessInfo  = 0x0a
	comChangeUser   = 0x11
	comBinlogDump   = 0x12
	comPrepare      = 0x16
	comExecute      = 0x17
	comSendLongData = 0x18
	comClose        = 0x19
	comFetch        = 0x1c
	comBinlogGTID   = 0x1e
)

// commandNames are the names of the commands, by their number.
var commandNames = [...]string{
	"COM_SLEEP", "COM_QUIT", "COM_INIT_DB", "COM_QUERY", "COM_FIELD_LIST", "COM_CREATE_DB", "COM_DROP_DB", "COM_REFRESH", "COM_SHUTDOWN",
	"COM_STATISTICS", "COM_PROCESS_INFO", "COM_CONNECT", "COM_PROCESS_KILL", "COM_DEBUG", "COM_PING", "COM_TIME", "COM_DELAYED_INSERT",
	"COM_CHANGE_USER", "COM_BINLOG_DUMP", "COM_TABLE_DUMP", "COM_CONNECT_OUT", "COM_REGISTER_SLAVE", "COM_STMT_PREPARE",
	"COM_STMT_EXECUTE", "COM_STMT_SEND_LONG_DATA", "COM_STMT_CLOSE", "COM_STMT_RESET", "COM_SET_OPTION", "COM_STMT_FETCH", "COM_DAEMON",
	"COM_BINLOG_DUMP_GTID", "COM_RESET_CONNECTION",
}

func commandName(c byte) string {
	if int(c) < len(commandNames) {
		return commandNames[c]
	}
	return fmt.Sprintf("command %#02x", c)
}

// statement returns the text of a COM_QUERY, which query attributes may come
// before (capability CLIENT_QUERY_ATTRIBUTES).
func statement(b []byte, attributes bool) []byte {
	if !attributes {
		return b
	}
	r := wire.NewReader(b)
	n := integer(&r)
	integer(&r) // sets of parameters: one
	if n > 0 {
		if n > 1<<10 {
			return nil
		}
		skipAttributes(&r, int(n))
	}
	return r.Peek()
}

// skipAttributes passes over the attributes: which are null, their types and
// names, their values.
func skipAttributes(r *wire.Reader, n int) {
	nulls := r.Bytes((n + 7) / 8)
	if r.U8() != 1 || nulls == nil {
		r.Fail()
		return
	}
	types := make([]byte, 0, n)
	for range n {
		types = append(types, r.U8())
		r.U8()
		text(r)
	}
	for i, t := range types {
		if nulls[i/8]>>(i%8)&1 == 0 {
			skipValue(r, t)
		}
	}
}

// skipValue passes over a value in the binary protocol.
func skipValue(r *wire.Reader, kind byte) {
	switch kind {
	case 1: // TINY
		r.Bytes(1)
	case 2, 13: // SHORT, YEAR
		r.Bytes(2)
	case 3, 4, 9: // LONG, FLOAT, INT24
		r.Bytes(4)
	case 5, 8: // DOUBLE, LONGLONG
		r.Bytes(8)
	case 6: // NULL
	case 7, 10, 11, 12: // TIMESTAMP, DATE, TIME, DATETIME
		r.Text8()
	default:
		text(r)
	}
}

// title names a command by what it does.
func (d *dissector) title(c byte, b []byte, whole bool) string {
	switch c {
	case comQuery, comPrepare:
		return sqltext.Shape(statement(b, c == comQuery && d.attributes), !whole)
	case comInitDB:
		return commandName(c) + " " + layer.Clip(b, maxText)
	case comExecute, comFetch:
		r := wire.NewReader(b)
		if known := d.statements[uint32(r.Little(4))]; known != "" {
			return known
		}
	}
	return commandName(c)
}
