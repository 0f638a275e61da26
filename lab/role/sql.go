package role

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/wiresight/wiresight/lab/truth"
)

// SQLClient makes a table, fills it, asks, and makes a mistake.
type SQLClient struct {
	Server   string
	User     string
	Password string
	Database string
	CA, Keys string // TLS, where set
	Name     string // the server's, for TLS
}

func (s *SQLClient) tls() (*tls.Config, error) {
	if s.CA == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	keys, err := os.OpenFile(s.Keys, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	// PostgreSQL takes P-256 alone, for which there should be a share at once.
	return &tls.Config{RootCAs: pool, ServerName: s.Name, KeyLogWriter: keys, CurvePreferences: []tls.CurveID{tls.CurveP256}}, nil
}

func speakPostgreSQL(settings []byte) error {
	var s SQLClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	mode := "disable"
	if s.CA != "" {
		mode = "require"
	}
	config, err := pgx.ParseConfig(fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=%s", s.User, s.Password, s.Server, s.Database, mode))
	if err != nil {
		return err
	}
	var d dialed
	config.DialFunc = d.dial
	if config.TLSConfig, err = s.tls(); err != nil {
		return err
	}
	c, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	t := truth.Messaging{Protocol: "postgresql", Connection: d.last()}
	did := func(name, status string, rows int) {
		t.Commands = append(t.Commands, truth.Command{Name: name, Status: status, Rows: rows})
	}
	did("startup "+s.Database, "ready", 0)
	for _, text := range []string{"create table items (id int primary key, name text)", "insert into items select n, 'item ' || n from generate_series(1, 50) n"} {
		tag, err := c.Exec(ctx, text, pgx.QueryExecModeSimpleProtocol)
		if err != nil {
			return err
		}
		did(shape(text), tag.String(), 0)
	}
	if err := pgPrepared(ctx, c, did); err != nil {
		return err
	}
	if _, err := c.CopyFrom(ctx, pgx.Identifier{"items"}, []string{"id", "name"}, pgx.CopyFromRows([][]any{{1001, "copied"}, {1002, "copied"}})); err != nil {
		return err
	}
	var wrong *pgconn.PgError
	const missing = "select * from missing"
	if _, err := c.Exec(ctx, missing, pgx.QueryExecModeSimpleProtocol); !errors.As(err, &wrong) {
		return fmt.Errorf("a query of a table that is not there: %v", err)
	}
	did(missing, wrong.Code, 0)
	if err := c.Close(ctx); err != nil {
		return err
	}
	return report([]truth.Messaging{t})
}

// pgPrepared prepares a statement and executes it twice.
func pgPrepared(ctx context.Context, c *pgx.Conn, did func(string, string, int)) error {
	const text = "select id, name from items where id <= $1"
	if _, err := c.Prepare(ctx, "few", text); err != nil {
		return err
	}
	did(text, "ready", 0)
	for _, most := range []int{3, 20} {
		rows, err := c.Query(ctx, "few", most)
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			n++
		}
		if rows.Err() != nil || n != most {
			return fmt.Errorf("%d rows: %w", n, rows.Err())
		}
		did(text, rows.CommandTag().String(), n)
	}
	return nil
}

// shape is what is left of a statement of this scenario without its literals.
func shape(text string) string {
	return strings.NewReplacer("'item '", "?", "(1, 50)", "(?, ?)", "(1, 'one'), (2, 'two'), (3, 'three')", "(?, ?), (?, ?), (?, ?)").Replace(text)
}

func speakMySQL(settings []byte) error {
	var s SQLClient
	if err := json.Unmarshal(settings, &s); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var d dialed
	mysql.RegisterDialContext("lab", func(ctx context.Context, address string) (net.Conn, error) { return d.dial(ctx, "tcp", address) })
	config := mysql.NewConfig()
	config.User, config.Passwd, config.Net, config.Addr, config.DBName = s.User, s.Password, "lab", s.Server, s.Database
	var err error
	if config.TLS, err = s.tls(); err != nil {
		return err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	c, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	t := truth.Messaging{Protocol: "mysql", Connection: d.last()}
	did := func(name, status string, rows int) {
		t.Commands = append(t.Commands, truth.Command{Name: name, Status: status, Rows: rows})
	}
	did("login "+s.Database, "OK", 0)
	for _, text := range []string{"create table items (id int primary key, name text)", "insert into items values (1, 'one'), (2, 'two'), (3, 'three')"} {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return err
		}
		did(shape(text), "OK", 0)
	}
	if err := mysqlQueries(ctx, c, did); err != nil {
		return err
	}
	var wrong *mysql.MySQLError
	const missing = "select * from missing"
	if _, err := c.ExecContext(ctx, missing); !errors.As(err, &wrong) {
		return fmt.Errorf("a query of a table that is not there: %v", err)
	}
	did(missing, strconv.Itoa(int(wrong.Number)), 0)
	if err := c.Close(); err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return report([]truth.Messaging{t})
}

// mysqlQueries asks with a text, and with a statement that is prepared.
func mysqlQueries(ctx context.Context, c *sql.Conn, did func(string, string, int)) error {
	const all, few = "select id, name from items", "select id, name from items where id <= ?"
	n, err := count(c.QueryContext(ctx, all))
	if err != nil {
		return err
	}
	did(all, "OK", n)
	statement, err := c.PrepareContext(ctx, few)
	if err != nil {
		return err
	}
	did(few, "OK", 0)
	for most := 1; most <= 2; most++ {
		if n, err = count(statement.QueryContext(ctx, most)); err != nil || n != most {
			return fmt.Errorf("%d rows: %w", n, err)
		}
		did(few, "OK", n)
	}
	return statement.Close()
}

func count(rows *sql.Rows, err error) (n int, _ error) {
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	for rows.Next() {
		n++
	}
	return n, rows.Err()
}
