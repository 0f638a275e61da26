package mysql

import (
	"fmt"
	"strconv"

	"github.com/wiresight/wiresight/decode/layer"
	"github.com/wiresight/wiresight/decode/sqltext"
	"github.com/wiresight/wiresight/decode/wire"
)

// layer describes the current packet. Offsets count from its first byte.
func (d *dissector) layer() layer.Layer {
	u := d.now.unit
	t := wire.NewTree(u.Head, 0)
	l := layer.Layer{Protocol: Name, OSI: osi, Source: layer.Reassembled, Length: len(u.Head), Summary: "Packet"}
	t.Number("mysql.packet_length", t.Little(3), 3)
	t.Number("mysql.packet_number", uint64(t.U8()), 1)
	body := t.Peek()
	switch d.now.role {
	case greets:
		l.Summary = describeGreeting(t, body)
	case logsIn:
		l.Summary = describeLogin(t, body)
	case commands:
		l.Summary = d.describeCommand(t, body, u.Whole())
	case responds:
		l.Summary = describeResponse(t)
	case data:
		l.Summary = "Response data"
		t.Text("mysql.payload", t.Rest())
	default:
		t.Hidden("mysql.payload", len(t.Rest()))
	}
	l.Fields = t.Fields
	return l
}

func describeGreeting(t *wire.Tree, b []byte) string {
	g, _ := parseGreeting(b)
	t.Group("mysql.server_greeting", "", 0, func() {
		t.Number("mysql.protocol", uint64(t.U8()), 1)
		t.Text("mysql.version", t.ZeroEnded())
		t.Number("mysql.thread_id", t.Little(4), 4)
		t.Bytes(9)
		t.Add("mysql.caps.server", hex16(t.Little(2)), 2)
		if t.Len() > 0 {
			t.Number("mysql.server_language", uint64(t.U8()), 1)
			t.Add("mysql.server_status", hex16(t.Little(2)), 2)
			t.Add("mysql.extcaps.server", hex16(t.Little(2)), 2)
		}
		if len(g.plugin) > 0 {
			t.Add("mysql.auth_plugin", layer.Clip(g.plugin, maxText), 0)
		}
	})
	return "Server Greeting version=" + layer.Clip(g.version, maxText)
}

func hex16(v uint64) string { return fmt.Sprintf("0x%04x", v) }

func describeLogin(t *wire.Tree, b []byte) string {
	l, _ := parseLogin(b)
	t.Group("mysql.login_request", "", 0, func() {
		t.Add("mysql.caps.client", hex16(t.Little(2)), 2)
		if l.capabilities&capProtocol41 == 0 {
			t.Number("mysql.max_packet", t.Little(3), 3)
			t.Text("mysql.user", t.ZeroEnded())
			return
		}
		t.Add("mysql.extcaps.client", hex16(t.Little(2)), 2)
		t.Number("mysql.max_packet", t.Little(4), 4)
		t.Number("mysql.charset", uint64(t.U8()), 1)
		t.Bytes(23)
		if !l.ssl {
			t.Text("mysql.user", t.ZeroEnded())
			t.Hidden("mysql.passwd", l.password)
			t.Add("mysql.schema", layer.Clip(l.database, maxText), 0)
			t.Add("mysql.client_auth_plugin", layer.Clip(l.plugin, maxText), 0)
		}
	})
	if l.ssl {
		return "SSL request"
	}
	return "Login Request user=" + layer.Clip(l.user, maxText)
}

func (d *dissector) describeCommand(t *wire.Tree, b []byte, whole bool) string {
	c := t.U8()
	t.Number("mysql.command", uint64(c), 1)
	rest := t.Peek()
	switch c {
	case comQuery, comPrepare:
		text := statement(rest, c == comQuery && d.attributes)
		t.Rest()
		t.Add("mysql.query", sqltext.Text(text), len(text))
	case comInitDB:
		t.Text("mysql.schema", t.Rest())
	case comExecute, comClose, comFetch, comSendLongData:
		t.Number("mysql.stmt_id", t.Little(4), 4)
	}
	return "Request " + d.title(c, rest, whole)
}

func describeResponse(t *wire.Tree) string {
	switch kind := t.U8(); kind {
	case errPacket:
		t.Number("mysql.response_code", uint64(kind), 1)
		code := t.Number("mysql.error_code", t.Little(2), 2)
		if b := t.Peek(); len(b) > 6 && b[0] == errWithState {
			t.U8()
			t.Text("mysql.sqlstate", t.Bytes(5))
		}
		t.Text("mysql.error.message", t.Rest())
		return "Response Error " + strconv.FormatUint(code, 10)
	case okPacket:
		t.Number("mysql.response_code", uint64(kind), 1)
		return "Response OK"
	case eofPacket:
		t.Number("mysql.response_code", uint64(kind), 1)
		return "Response EOF"
	}
	t.Rest()
	return "Response"
}
