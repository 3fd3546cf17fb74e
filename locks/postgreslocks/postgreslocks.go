// Package postgreslocks keeps named locks in a session of a PostgreSQL server, for the
// processes of many machines. The server releases a lock when the session ends, and the
// session ends with the process that holds the lock.
//
// The address must lead to the server itself, or to a pooler that gives each client a
// session of its own. A pooler that shares sessions between transactions, as PgBouncer does
// in the mode "transaction", breaks the locks: they would belong to another client.
//
// It imports package locks and github.com/jackc/pgx.
package postgreslocks

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/fxrun/fxrun/internal/postgresaddress"
	"github.com/fxrun/fxrun/locks"
)

const (
	// pingEvery is how often a session that holds locks is looked after.
	pingEvery = time.Second
	// silence is how long the server may take for an answer.
	silence = 5 * time.Second
)

// Database keeps each lock as an advisory lock of one session of a database. All Databases
// of the same database give the same locks, if their addresses have the same search_path. A lock is known by 64 bits of a hash of its name.
//
// A session that holds locks is looked after once a second. If it is lost, because the
// server was restarted or does not answer within 5 seconds, the channels of Lost are closed.
// The server may have given the locks to others up to 6 seconds before. The next TryLock
// makes a new session.
//
// A Database is safe for concurrent use. The caller of [New] closes it.
type Database struct {
	config *pgx.ConnConfig
	schema string
	turn   chan struct{} // holds a token while a caller uses the fields below
	now    *session      // nil until it is needed, and after it was lost
	closed bool
}

var (
	_ locks.Locker = (*Database)(nil)
	_ locks.Placed = (*Database)(nil)
)

// New returns the locks in the database that address names, such as
// postgres://user:password@host:5432/database. It makes no connection. The error shows
// nothing of address.
func New(address string) (*Database, error) {
	parsed, err := postgresaddress.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("reading the address of the database for locks: %w", err)
	}
	config := parsed.Config
	if config.ConnectTimeout == 0 || config.ConnectTimeout > 2*silence {
		config.ConnectTimeout = 2 * silence
	}
	postgresaddress.EndSilence(&config.Config, silence)
	return &Database{config: config, schema: parsed.Schema, turn: make(chan struct{}, 1)}, nil
}

// TryLock takes the lock with a name: see [locks.Locker].
func (d *Database) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	if err := locks.CheckName(name); err != nil {
		return nil, err
	}
	var taken *lock
	err := d.use(ctx, func(s *session) (err error) {
		taken, err = s.take(ctx, d.keyOf(name))
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("taking lock %q: %w", name, err)
	}
	return taken, nil
}

// held finds a lock of any session in the database.
const held = `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 1 AND granted
	AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
	AND (classid::bigint << 32) | objid::bigint = $1)`

// Held reports whether somebody holds the lock with a name: see [locks.Locker].
func (d *Database) Held(ctx context.Context, name string) (found bool, err error) {
	if err := locks.CheckName(name); err != nil {
		return false, err
	}
	err = d.use(ctx, func(s *session) error { return s.ask(held, d.keyOf(name), &found) })
	if err != nil {
		return false, fmt.Errorf("looking at lock %q: %w", name, err)
	}
	return found, nil
}

// whereabouts names the database among all databases of all servers.
const whereabouts = `SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system())::text || '/' ||
	(SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())::text`

// Place names the server, the database and the schema: see [locks.Placed].
func (d *Database) Place(ctx context.Context) (string, error) {
	var place string
	err := d.use(ctx, func(s *session) error {
		bounded, cancel := context.WithTimeout(context.Background(), silence)
		defer cancel()
		return s.conn.QueryRow(bounded, whereabouts).Scan(&place)
	})
	if err != nil {
		return "", fmt.Errorf("finding out the place of the locks: %w", err)
	}
	return "postgres/" + place + "/" + d.schema, nil
}

// Close releases all locks and ends the session. Later calls of TryLock and Held return an
// error. A second Close does nothing.
func (d *Database) Close() error {
	d.turn <- struct{}{}
	defer func() { <-d.turn }()
	d.closed = true
	if d.now == nil {
		return nil
	}
	s := d.now
	d.now = nil
	return s.close()
}

// use calls do with the session. It waits for other callers until ctx ends.
func (d *Database) use(ctx context.Context, do func(*session) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case d.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-d.turn }()
	if d.closed {
		return errors.New("the locks are closed")
	}
	if d.now != nil && d.now.conn.IsClosed() {
		d.lose()
	}
	if d.now == nil {
		made, err := d.connect(ctx)
		if err != nil {
			return err
		}
		d.now = made
	}
	err := do(d.now)
	if d.now.conn.IsClosed() {
		d.lose()
	}
	return err
}

// keepAlive has the server end the session of a machine that was lost. While an answer of the server is on
// its way to the machine, only tcp_user_timeout does, which PostgreSQL has since version 12.
var keepAlive = map[string]string{
	"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "tcp_user_timeout": "15000",
}

// connect makes a session, and refuses one that other clients share.
func (d *Database) connect(ctx context.Context) (*session, error) {
	conn, err := pgx.ConnectConfig(ctx, d.config)
	if err != nil {
		return nil, err
	}
	process, err := postgresaddress.CheckOwn(ctx, conn.PgConn(), &d.config.Config)
	if err == nil {
		err = postgresaddress.Set(ctx, conn.PgConn(), keepAlive)
	}
	if err != nil {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), silence)
		defer cancel()
		_ = conn.Close(closing)
		return nil, err
	}
	return newSession(d, conn, process), nil
}

// lose forgets a session that has ended, and tells the holders of its locks.
func (d *Database) lose() {
	close(d.now.lost)
	_ = d.now.close()
	d.now = nil
}

// keyOf returns the number of a lock. Programs with histories in different schemas of a
// database have different locks.
func (d *Database) keyOf(name string) int64 {
	text := "fxrun lock " + name
	if d.schema != postgresaddress.DefaultSchema {
		text = "fxrun lock of schema " + d.schema + " " + name
	}
	digest := sha256.Sum256([]byte(text))
	return int64(binary.BigEndian.Uint64(digest[:8]))
}
