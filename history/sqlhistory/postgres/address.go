package postgres

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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

// pool returns connections that end if the server is silent for too long while it is expected
// to answer.
func (a *address) pool(silence time.Duration, settings map[string]string) *connector {
	settings = maps.Clone(settings)
	settings["search_path"] = a.schema
	plain := a.config.Copy()
	postgresaddress.EndSilence(&plain.Config, silence)
	config := a.config.Copy()
	config.AfterConnect = func(ctx context.Context, conn *pgconn.PgConn) error {
		if err := checkOwn(ctx, conn, &plain.Config); err != nil {
			return err
		}
		return postgresaddress.Set(ctx, conn, settings)
	}
	postgresaddress.EndSilence(&config.Config, silence)
	return &connector{Connector: stdlib.GetConnector(*config)}
}

// checkOwn refuses a session that a pooler shares with other clients, which the settings would
// disturb. A pooler tells its clients another process than that of the server.
func checkOwn(ctx context.Context, conn *pgconn.PgConn, config *pgconn.Config) error {
	process, err := postgresaddress.ProcessOf(ctx, conn)
	if err != nil || process == strconv.FormatUint(uint64(conn.PID()), 10) {
		return err
	}
	_, err = postgresaddress.CheckOwn(ctx, conn, config)
	return err
}

// lock is the number of the advisory lock for writing. The locks of a server are apart for
// each database.
func (a *address) lock() int64 {
	digest := sha256.Sum256([]byte("fxrun history in " + a.schema))
	return int64(binary.BigEndian.Uint64(digest[:8]))
}

func inMilliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
