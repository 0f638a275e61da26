// Package postgresql reads version 3 of PostgreSQL's protocol from both
// directions of one connection. A query, or a batch of the extended protocol up
// to its Sync, is an exchange with all that the server answers to it, rows
// counted; the start-up is one, too. Statements are told without their
// literals; passwords are never shown. A granted SSLRequest hands the
// connection on to TLS.
//
// The messages are read here and not by jackc/pgproto3, which reads from an
// io.Reader that begins with the connection, and decodes each row that here is
// but counted.
package postgresql

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "postgresql"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:      Name,
		OSI:       osi,
		About:     "PostgreSQL's protocol carries SQL statements to a database and rows back. Simple queries are sent as text; with the extended protocol a statement is parsed once and executed many times with other parameters.",
		Stream:    true,
		GivesWay:  true,
		Ports:     []uint16{5432},
		Announced: []string{"postgresql"},
		Probe:     probe,
		New:       newDissector,
	}
}
