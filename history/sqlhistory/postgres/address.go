package postgres

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/fxrun/fxrun/internal/postgresaddress"
)

const defaultConnectTimeout = 10 * time.Second

// address is where a history is.
type address struct {
	config *pgx.ConnConfig
	schema string
	name   string // for people, without a password
}

// parse reads the URL of a database. Its errors quote nothing of the URL that could be a
// password.
func parse(text string) (*address, error) {
	parsed, err := postgresaddress.Parse(text)
	if err != nil {
		return nil, err
	}
	config := parsed.Config
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = defaultConnectTimeout
		config.DialFunc = (&net.Dialer{KeepAlive: 5 * time.Second, Timeout: defaultConnectTimeout}).DialContext
	}
	return &address{config: config, schema: parsed.Schema, name: parsed.Name}, nil
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
