package scenario

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/wiresight/wiresight/lab/role"
	"github.com/wiresight/wiresight/lab/truth"
)

func databaseScenarios() []Scenario {
	const sqlStory = "a table is made and filled, asked with plain text and with a statement that is prepared once and executed twice, and a table is asked for that is not there"
	return []Scenario{
		{
			Name: "redis-resp2", Description: "go-redis and redis-server over RESP2 with a password: single commands, a pipeline of six, a transaction, an error, and three messages to two subscribers.",
			Path: messagingPath, Programs: []string{"redis-server"}, Shows: []string{"publish-subscribe", "pipelining", "push", "cleartext-credentials"},
			DoesNotShow: []string{"fire-and-forget"},
			Run:         func(e *Env) error { return runRedis(e, role.RedisClients{RESP: 2, Password: "not-shown"}) }, Check: sentAndReceived(3, 6),
		},
		{
			Name: "redis-resp3", Description: "The same over RESP3 (HELLO 3), where messages to subscribers are pushes.",
			Path: messagingPath, Programs: []string{"redis-server"}, Shows: []string{"publish-subscribe", "pipelining", "push"},
			Run: func(e *Env) error { return runRedis(e, role.RedisClients{RESP: 3}) }, Check: sentAndReceived(3, 6),
		},
		{
			Name: "memcached", Description: "gomemcache sets, gets, counts and deletes on memcached, with hits and misses.",
			Path: messagingPath, Programs: []string{"memcached"}, Shows: []string{"request-response", "synchronous"}, DoesNotShow: []string{"push", "publish-subscribe"},
			Run: runMemcached,
		},
		{
			Name: "postgresql", Description: "pgx and PostgreSQL: " + sqlStory + "; two rows are copied.",
			Path: messagingPath, Programs: []string{"postgres", "setpriv"}, Shows: []string{"request-response"},
			DoesNotShow: []string{"publish-subscribe"},
			Run:         func(e *Env) error { return runPostgreSQL(e, false) },
		},
		{
			Name: "postgresql-tls", Description: "The same after an SSLRequest, over TLS 1.3, with the keys.",
			Path: messagingPath, Programs: []string{"postgres", "setpriv"},
			DoesNotShow: []string{"cleartext-credentials"},
			Run:         func(e *Env) error { return runPostgreSQL(e, true) }, Check: versions("TLS 1.3"),
		},
		{
			Name: "mysql", Description: "go-sql-driver and MariaDB: " + sqlStory + ".",
			Path: messagingPath, Programs: []string{"mariadbd", "mariadb-install-db"}, Shows: []string{"request-response"},
			DoesNotShow: []string{"publish-subscribe", "cleartext-credentials"},
			Run:         func(e *Env) error { return runMySQL(e, false) },
		},
		{
			Name: "mysql-tls", Description: "The same after an SSLRequest, over TLS 1.3, with the keys.",
			Path: messagingPath, Programs: []string{"mariadbd", "mariadb-install-db"},
			Run: func(e *Env) error { return runMySQL(e, true) }, Check: versions("TLS 1.3"),
		},
	}
}

func runRedis(e *Env, s role.RedisClients) error {
	command := []string{"redis-server", "--bind", e.Server.IP, "--port", "6379", "--save", "", "--dir", e.Temp, "--protected-mode", "no"}
	if s.Password != "" {
		command = append(command, "--requirepass", s.Password)
	}
	e.software("redis-server", "redis-server", "--version")
	if _, err := e.start(e.Server, command...); err != nil {
		return err
	}
	if err := e.listening(e.Server); err != nil {
		return err
	}
	s.Server = e.Server.address(6379)
	return e.messaging("redis-clients", s)
}

func runMemcached(e *Env) error {
	e.software("memcached", "memcached", "-V")
	if _, err := e.start(e.Server, "memcached", "-u", "root", "-l", e.Server.IP, "-p", "11211", "-U", "0"); err != nil {
		return err
	}
	if err := e.listening(e.Server); err != nil {
		return err
	}
	return e.messaging("memcached-client", role.MemcachedClient{Server: e.Server.address(11211)})
}

// runPostgreSQL makes a database cluster and runs the client on it. The server
// does not run as root, so its files belong to the user that Debian made for it.
func runPostgreSQL(e *Env, encrypted bool) error {
	home := filepath.Join(e.Temp, "postgres")
	for _, dir := range []string{filepath.Dir(e.Temp), e.Temp} {
		if err := os.Chmod(dir, 0o755); err != nil {
			return err
		}
	}
	bin, err := filepath.EvalSymlinks(lookPath("postgres"))
	if err != nil {
		return err
	}
	as := func(argv ...string) []string {
		return append([]string{"setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", "env", "HOME=" + home}, argv...)
	}
	password := filepath.Join(e.Temp, "password")
	if err := os.WriteFile(password, []byte("not-shown"), 0o644); err != nil {
		return err
	}
	for _, command := range [][]string{
		{"install", "-d", "-o", "postgres", "-m", "700", home},
		as(filepath.Join(filepath.Dir(bin), "initdb"), "-D", home, "-U", "lab", "--pwfile", password, "-A", "scram-sha-256", "--no-sync"),
	} {
		if err := e.Server.Run(command...); err != nil {
			return err
		}
	}
	s := role.SQLClient{Server: e.Server.address(5432), User: "lab", Password: "not-shown", Database: "postgres"}
	options := []string{"-c", "listen_addresses=" + e.Server.IP, "-c", "unix_socket_directories=" + home, "-c", "fsync=off"}
	if encrypted {
		c, err := e.certificate()
		if err != nil {
			return err
		}
		key := filepath.Join(home, "server.key")
		if err := e.Server.Run("install", "-o", "postgres", "-m", "600", c.Key, key); err != nil {
			return err
		}
		options = append(options, "-c", "ssl=on", "-c", "ssl_cert_file="+c.Certificate, "-c", "ssl_key_file="+key)
		s.CA, s.Keys, s.Name = c.CA, e.Keys, serverName
	}
	hba := "host all all 10.7.0.0/24 scram-sha-256\n"
	if err := e.Server.Run(as("sh", "-c", "echo '"+strings.TrimSpace(hba)+"' > "+filepath.Join(home, "pg_hba.conf"))...); err != nil {
		return err
	}
	e.software("postgres", "postgres", "--version")
	log := filepath.Join(home, "log")
	command := as(append([]string{"sh", "-c", `exec "$@" 2> "$HOME/log"`, "sh", bin, "-D", home}, options...)...)
	if _, err := e.start(e.Server, command...); err != nil {
		return err
	}
	if err := e.waitLong(log, "ready to accept connections"); err != nil {
		return err
	}
	return e.askDatabase("postgresql-client", s)
}

// askDatabase runs a client; with TLS it notes the connection as encrypted.
func (e *Env) askDatabase(client string, s role.SQLClient) error {
	if err := e.messaging(client, s); err != nil {
		return err
	}
	if s.CA != "" {
		for _, m := range e.Truth.Messaging {
			e.Truth.TLS = append(e.Truth.TLS, truth.TLS{Connection: m.Connection, SNI: serverName, Version: "TLS 1.3"})
		}
	}
	return nil
}

// waitLong waits for a text in the log of a server that takes its time.
func (e *Env) waitLong(log, text string) (err error) {
	const attempts = 20
	for range attempts {
		if err = e.waitFor(e.Server, log, text); err == nil {
			return nil
		}
	}
	return err
}

func runMySQL(e *Env, encrypted bool) error {
	home := filepath.Join(e.Temp, "mysql")
	if err := e.Server.Run("mariadb-install-db", "--no-defaults", "--user=root", "--datadir="+home, "--auth-root-authentication-method=normal", "--skip-test-db"); err != nil {
		return err
	}
	setup, log := filepath.Join(e.Temp, "setup.sql"), filepath.Join(e.Temp, "mysql.log")
	text := "CREATE DATABASE shop;\nCREATE USER 'lab'@'%' IDENTIFIED BY 'not-shown';\nGRANT ALL ON shop.* TO 'lab'@'%';\n" // a statement a line
	if err := os.WriteFile(setup, []byte(text), 0o644); err != nil {
		return err
	}
	command := []string{
		"mariadbd", "--no-defaults", "--user=root", "--datadir=" + home, "--bind-address=" + e.Server.IP, "--port=3306",
		"--socket=" + filepath.Join(e.Temp, "mysql.sock"), "--init-file=" + setup, "--skip-name-resolve", "--log-error=" + log,
	}
	s := role.SQLClient{Server: e.Server.address(3306), User: "lab", Password: "not-shown", Database: "shop"}
	if encrypted {
		c, err := e.certificate()
		if err != nil {
			return err
		}
		command = append(command, "--ssl-cert="+c.Certificate, "--ssl-key="+c.Key, "--ssl-ca="+c.CA)
		s.CA, s.Keys, s.Name = c.CA, e.Keys, serverName
	}
	e.software("mariadbd", "mariadbd", "--version")
	if _, err := e.start(e.Server, command...); err != nil {
		return err
	}
	if err := e.waitLong(log, "ready for connections"); err != nil {
		return err
	}
	return e.askDatabase("mysql-client", s)
}
