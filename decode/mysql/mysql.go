// Package mysql reads the client/server protocol of MySQL and MariaDB from both
// directions of one connection. A login and each command is an exchange with
// all that the server answers to it, rows counted. Statements are told without
// their literals; passwords are never shown. An SSLRequest hands the connection
// on to TLS.
package mysql

import (
	"github.com/wiresight/wiresight/decode/dissect"
	"github.com/wiresight/wiresight/decode/layer"
)

// Name is the protocol's name.
const Name layer.Protocol = "mysql"

const osi = 7

// Protocol returns the registry's entry.
func Protocol() dissect.Protocol {
	return dissect.Protocol{
		Name:     Name,
		OSI:      osi,
		About:    "MySQL's protocol carries SQL statements to a database and rows back, one command at a time. The server speaks first; a statement can be prepared once and executed many times.",
		Stream:   true,
		GivesWay: true,
		Ports:    []uint16{3306},
		Probe:    probe,
		New:      newDissector,
	}
}
