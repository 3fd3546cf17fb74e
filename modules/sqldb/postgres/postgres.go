// Package postgres is a PostgreSQL database as a resource, on
// github.com/jackc/pgx through database/sql.
//
// Every connection has the name of the program (application_name), so that a slow
// query in pg_stat_activity can be traced to its program. pgx converts the values:
// a parameter may have the types of database/sql, and it may also be a slice, which
// becomes an array, or a map, which becomes JSON.
package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/modules/sqldb"
)

// Config says where a database is, who logs in, and how many connections to keep.
//
// Either DSN says where the database is, or Host, Port, Database and User do. Password may
// be given with both. Other settings come from the same places as in psql: from environment
// variables such as PGHOST, from ~/.pgpass, and from the defaults of PostgreSQL.
type Config struct {
	// DSN is a connection URL, postgres://user:password@host:5432/database?sslmode=verify-full,
	// or key=value pairs. It may hold a password, so it is never shown.
	DSN container.Secret[string] `envconfig:"DSN" json:"dsn" desc:"postgres://user:password@host:port/database?sslmode=..., or key=value pairs"`
	// Host is a name, an address, or the folder of a unix socket.
	Host string `json:"host" desc:"host name, address, or folder of a unix socket"`
	// Port is that of the server. Zero means PostgreSQL's own, 5432.
	Port int `json:"port" desc:"port of the server; 5432 where nothing else says"`
	// Database is the database's name. Empty means that of the user.
	Database string `json:"database" desc:"name of the database; that of the user where nothing else says"`
	// User is the role to log in as.
	User string `json:"user" desc:"role to log in as"`
	// Password is the user's. It stands over that of DSN.
	Password container.Secret[string] `json:"password" desc:"password of the user"`
	// ApplicationName is the name of the program in pg_stat_activity and in the log of
	// the server. Empty means the name in DSN or PGAPPNAME, or the name of the
	// executable if these have none.
	ApplicationName string `json:"application_name" split_words:"true" desc:"name in pg_stat_activity; that of the executable where nothing else says"`
	// StatementTimeout ends a statement that takes longer, with an error. Zero means
	// the value of DSN or of the server. A negative duration means no limit.
	StatementTimeout time.Duration `json:"statement_timeout" split_words:"true" desc:"end a statement after this time; 0 for the server's setting, -1s for never"`
	// ConnectTimeout limits the time to make a connection. Zero means the value in
	// DSN, or 10 seconds if DSN has none. A negative duration means no limit.
	ConnectTimeout time.Duration `json:"connect_timeout" split_words:"true" desc:"how long to wait for a new connection; 10s where dsn says nothing, -1s for no bound"`
	// MaxConns limits the number of open connections, idle ones included. Zero
	// means 10, and a negative number means no limit.
	MaxConns int `json:"max_conns" split_words:"true" default:"10" desc:"open connections at most; -1 for no bound"`
	// ConnMaxLifetime closes a connection that has been open for so long.
	// Zero means for ever.
	ConnMaxLifetime time.Duration `json:"conn_max_lifetime" split_words:"true" desc:"close a connection after this time; 0 for never"`
	// ConnMaxIdleTime closes a connection that has been idle for so long.
	// Zero means 5 minutes, a negative duration never.
	ConnMaxIdleTime time.Duration `json:"conn_max_idle_time" split_words:"true" default:"5m" desc:"close a connection idle for this time; -1s for never"`
}

const defaultConnectTimeout = 10 * time.Second

// Validate reports everything that is wrong with the config. Its error never
// holds the DSN or a password.
func (c Config) Validate() error {
	var faults []error
	if c.Port < 0 || c.Port > math.MaxUint16 {
		faults = append(faults, fmt.Errorf("port: %d is not between 0 and %d", c.Port, math.MaxUint16))
	}
	if limit := time.Duration(math.MaxInt32) * time.Millisecond; c.StatementTimeout > limit {
		faults = append(faults, fmt.Errorf("statement_timeout: %v is more than PostgreSQL's %v", c.StatementTimeout, limit))
	}
	if c.ConnMaxLifetime < 0 {
		faults = append(faults, fmt.Errorf("conn_max_lifetime: %v is negative", c.ConnMaxLifetime))
	}
	if c.DSN.Reveal() != "" && (c.Host != "" || c.Port != 0 || c.Database != "" || c.User != "") {
		faults = append(faults, errors.New("dsn: host, port, database and user are given by it, or by their own fields, not by both"))
	}
	if _, err := c.parse(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

// New returns the database of cfg. It is opened and pinged when lc starts, and
// closed when lc stops. New itself makes no connection. Its error is that of
// [Config.Validate]. The error of a failed start names user, database and host.
func New(lc fx.Lifecycle, cfg Config) (*sqldb.DB, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring a PostgreSQL database: %w", err)
	}
	return sqldb.New(lc, func(context.Context) (*sql.DB, error) { return open(cfg) }), nil
}

func open(cfg Config) (*sql.DB, error) {
	settings, err := cfg.settings()
	if err != nil {
		return nil, err
	}
	pool := sqldb.OpenMasked(bulkConnector{stdlib.GetConnector(*settings)}, container.NewMasker(cfg.DSN.Reveal(), cfg.Password.Reveal()))
	sqldb.LimitPool(pool, cfg.MaxConns, cfg.ConnMaxLifetime, cfg.ConnMaxIdleTime)
	return pool, nil
}

func (c Config) settings() (*pgx.ConnConfig, error) {
	settings, err := c.parse()
	if err != nil {
		return nil, err
	}
	if password := c.Password.Reveal(); password != "" {
		settings.Password = password
	}
	if c.ConnectTimeout != 0 {
		settings.ConnectTimeout = max(0, c.ConnectTimeout)
		settings.DialFunc = new(net.Dialer).DialContext // pgx's own keeps to the DSN's timeout
	} else if settings.ConnectTimeout == 0 {
		settings.ConnectTimeout = defaultConnectTimeout
	}
	params := settings.RuntimeParams
	switch {
	case c.ApplicationName != "":
		params["application_name"] = c.ApplicationName
	case params["application_name"] == "":
		params["application_name"] = strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	}
	switch {
	case c.StatementTimeout > 0: // whole milliseconds, of which zero would mean none
		params["statement_timeout"] = strconv.FormatInt(max(1, c.StatementTimeout.Milliseconds()), 10)
	case c.StatementTimeout < 0:
		params["statement_timeout"] = "0"
	}
	return settings, nil
}

// parse has pgx read where the database is. pgx derives more from a host than its
// name, such as what TLS checks, so the host can't be set afterwards.
func (c Config) parse() (*pgx.ConnConfig, error) {
	dsn := c.DSN.Reveal()
	if dsn == "" {
		var pairs []string
		for key, value := range map[string]string{"host": c.Host, "port": decimal(c.Port), "dbname": c.Database, "user": c.User} {
			if value != "" {
				pairs = append(pairs, key+"="+quote(value))
			}
		}
		settings, err := pgx.ParseConfig(strings.Join(pairs, " "))
		if err != nil {
			return nil, fmt.Errorf("reading the settings of libpq in the environment: %w", err)
		}
		return settings, nil
	}
	settings, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, errors.New("dsn: " + unreadable(dsn, err))
	}
	return settings, nil
}

// decimal writes a number, zero as nothing.
func decimal(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// quote writes a value of a key=value pair.
func quote(value string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}

const wanted = "it can't be read as postgres://user:password@host:port/database?sslmode=... or host=... user=... pairs"

// unreadable says what is wrong with a connection string. pgx's own error quotes it
// but for what pgx takes for the password, and where the string is malformed that is
// a guess. So its reason is shown only where pgx could take the string apart, and
// where it holds no piece of what could be a password.
func unreadable(dsn string, err error) string {
	text := err.Error()
	end := strings.LastIndex(text, "`: ") // of the connection string
	reason := text[end+1:]
	if end < 0 || strings.HasPrefix(reason, ": failed to parse as ") {
		return wanted
	}
	for _, piece := range pieces.Split(secretPart(dsn), -1) {
		if piece != "" && strings.Contains(reason, piece) {
			return wanted
		}
	}
	return wanted + reason
}

var pieces = regexp.MustCompile("[\\s:@/=&?'\"\\\\]+")

// secretPart returns the parts of a connection string in which a password can be.
func secretPart(dsn string) string {
	_, address, _ := strings.Cut(dsn, "://")
	secret := address[:strings.LastIndex(address, "@")+1]
	if _, after, found := strings.Cut(dsn, "password"); found {
		secret += " " + after
	}
	return secret
}
