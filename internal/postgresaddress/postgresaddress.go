// Package postgresaddress reads the addresses of PostgreSQL databases, for the history and
// for the locks in them. Its errors quote nothing of an address that could be a password.
//
// It imports only github.com/jackc/pgx.
package postgresaddress

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// DefaultSchema is the schema of an address that names none.
const DefaultSchema = "fxrun"

// Address is where a database is.
type Address struct {
	// Config is what pgx needs. Its RuntimeParams name the program, and not the schema, since
	// poolers do not take it: see Set.
	Config *pgx.ConnConfig
	// Schema is the schema that the parameter search_path names.
	Schema string
	// Name is the address for people, without a password.
	Name string
}

const wanted = "the address of a PostgreSQL database must look like postgres://user:password@host:5432/database?sslmode=verify-full"

// plainName is a name of a schema that needs no quotes anywhere.
var plainName = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Parse reads the URL of a database.
func Parse(text string) (*Address, error) {
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
	a := &Address{Config: config, Schema: DefaultSchema}
	if given := config.RuntimeParams["search_path"]; given != "" {
		if !plainName.MatchString(given) || strings.HasPrefix(given, "pg_") {
			return nil, fmt.Errorf("search_path in the address of the database must be the name of one schema, in lower case, not %q", given)
		}
		a.Schema = given
	}
	delete(config.RuntimeParams, "search_path")
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	}
	a.Name = a.name()
	return a, nil
}

func (a *Address) name() string {
	config := a.Config
	shown := url.URL{Scheme: "postgres", User: url.User(config.User), Host: net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port))), Path: "/" + config.Database}
	if strings.HasPrefix(config.Host, "/") { // the folder of a socket
		shown.Host, shown.RawQuery = "", "host="+config.Host
	}
	if a.Schema != DefaultSchema {
		shown.RawQuery = strings.TrimPrefix(shown.RawQuery+"&search_path="+a.Schema, "&")
	}
	return shown.String()
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
