package postgres

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	defaultSchema         = "fxrun"
	defaultConnectTimeout = 10 * time.Second
)

// address is where a history is.
type address struct {
	config *pgx.ConnConfig
	schema string
	name   string // for people, without a password
}

const wanted = "the address of a PostgreSQL database must look like postgres://user:password@host:5432/database?sslmode=verify-full"

// plainName is a name of a schema that needs no quotes anywhere.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// parse reads the URL of a database. Its errors quote nothing of the URL that could be a
// password.
func parse(text string) (*address, error) {
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return nil, errors.New(wanted)
	}
	parsed, err := url.Parse(text)
	if err != nil || isTorn(parsed) {
		return nil, errors.New(wanted + "; special characters in a password must be escaped, such as / as %2F")
	}
	config, err := pgx.ParseConfig(text)
	if err != nil {
		return nil, errors.New(wanted + reason(parsed, err))
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = defaultConnectTimeout
		config.DialFunc = (&net.Dialer{KeepAlive: 5 * time.Second, Timeout: defaultConnectTimeout}).DialContext
	}
	a := &address{config: config, schema: defaultSchema}
	if given := config.RuntimeParams["search_path"]; given != "" {
		if !plainName.MatchString(given) || strings.HasPrefix(given, "pg_") {
			return nil, fmt.Errorf("search_path in the address of the database must be the name of one schema, in lower case, not %q", given)
		}
		a.schema = given
	}
	config.RuntimeParams["search_path"] = a.schema
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	}
	shown := url.URL{Scheme: "postgres", User: url.User(config.User), Host: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), Path: "/" + config.Database}
	if strings.HasPrefix(config.Host, "/") { // the folder of a socket
		shown.Host, shown.RawQuery = "", "host="+config.Host
	}
	if a.schema != defaultSchema {
		shown.RawQuery = strings.TrimPrefix(shown.RawQuery+"&search_path="+a.schema, "&")
	}
	a.name = shown.String()
	return a, nil
}

// isTorn reports whether a password that nobody escaped has ended the host too early, so that
// the rest of the password would be taken for the name of the database.
func isTorn(parsed *url.URL) bool {
	return strings.Contains(parsed.EscapedPath(), "@") || parsed.Fragment != "" ||
		parsed.User == nil && strings.Contains(parsed.RawQuery, "@")
}

// reason returns what is wrong with a URL, as pgx says it. It returns nothing if the URL has
// a password, which the reason could quote.
func reason(parsed *url.URL, err error) string {
	_, hasPassword := parsed.User.Password()
	text := err.Error()
	end := strings.LastIndex(text, "`: ") // of the URL
	if hasPassword || strings.Contains(parsed.RawQuery, "password") || end < 0 {
		return ""
	}
	return text[end+1:]
}

// pool returns connections whose statements wait for an answer no longer than silence.
func (a *address) pool(silence time.Duration, settings map[string]string) *sql.DB {
	config := a.config.Copy()
	for name, value := range settings {
		config.RuntimeParams[name] = value
	}
	return sql.OpenDB(&connector{Connector: stdlib.GetConnector(*config), silence: silence})
}

// lock is the number of the advisory lock for writing. The locks of a server are apart for
// each database.
func (a *address) lock() int64 {
	digest := sha256.Sum256([]byte("fxrun history in " + a.schema))
	return int64(binary.BigEndian.Uint64(digest[:8]))
}

func inMilliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
