// Package sqlite is an SQLite database as a resource, on a driver in pure Go
// (no cgo): one file, opened the way a program that reads and writes from
// many goroutines needs it.
//
// Every connection has foreign keys on, and waits for a lock instead of failing. It
// writes time.Time values as text that can be sorted and that the date functions
// of SQLite can read. A file is in write-ahead mode, so readers do not wait for the
// writer. A transaction takes the write lock when it begins. So if two transactions
// read and then write, the second one waits, and none of them fails in the middle.
// For a transaction that only reads, pass [sql.TxOptions] with ReadOnly to BeginTx.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"go.uber.org/fx"
	"modernc.org/sqlite"

	"github.com/fxrun/fxrun/modules/sqldb"
)

// Memory as a [Config] path is a database in memory. It is empty at every start and
// ends at the stop, and only its own DB can use it. It has a single connection, so
// finish reading rows before the next statement, and use only the transaction
// inside InTx.
const Memory = ":memory:"

// Config says which file is the database, and how it is used.
type Config struct {
	// Path is the database file; it is created, with its folder, when it is
	// not there. [Memory] keeps the database in memory.
	Path string `json:"path" required:"true" desc:"database file, or :memory:"`
	// BusyTimeout is how long a statement waits for a lock held by another
	// connection or process. Zero means 5 seconds.
	BusyTimeout time.Duration `json:"busy_timeout" split_words:"true" default:"5s" desc:"how long to wait for a locked database"`
	// MaxConns limits the number of open connections. With any number of them, only
	// one writes at a time, and the others read. Zero means 4. It is ignored for
	// [Memory].
	MaxConns int `json:"max_conns" split_words:"true" default:"4" desc:"open connections at most"`
	// Shared says that each process that executes steps uses this same file. They must all be
	// on one machine, because SQLite cannot share a file between machines: the processes map
	// the index of its log into their memory. A run on many machines is refused without Shared,
	// and also if Path is a relative path. It changes nothing else.
	Shared bool `json:"shared" desc:"all processes that execute steps are on the machine with this file"`
}

// StaysInProcess returns why another process cannot load what is in the database. It returns
// "" for a file.
func (c Config) StaysInProcess() string {
	if c.Path == Memory {
		return "its database is in the memory of the process"
	}
	return ""
}

// StaysOnMachine returns why another machine cannot load what is in the database. It returns
// "" if the file is shared, and for [Memory].
func (c Config) StaysOnMachine() string {
	switch {
	case c.Path == Memory:
		return ""
	case !c.Shared:
		return fmt.Sprintf("its database is the file %s, and its config does not say by \"shared\" that all workers are on the machine with this file", c.Path)
	case !filepath.IsAbs(c.Path):
		return fmt.Sprintf("its file %s is shared, but is a relative path, which leads to another file in each working directory: give an absolute path", c.Path)
	}
	return ""
}

const (
	defaultBusyTimeout = 5 * time.Second
	defaultMaxConns    = 4
)

// Validate reports everything that is wrong with the config.
func (c Config) Validate() error {
	var faults []error
	if c.Path == "" {
		faults = append(faults, errors.New("path: missing"))
	}
	if strings.HasPrefix(c.Path, "file:") {
		faults = append(faults, fmt.Errorf("path: %q is a URI, want a file name", c.Path))
	}
	if c.BusyTimeout < 0 {
		faults = append(faults, fmt.Errorf("busy_timeout: %v is negative", c.BusyTimeout))
	}
	if c.MaxConns < 0 {
		faults = append(faults, fmt.Errorf("max_conns: %d is negative", c.MaxConns))
	}
	return errors.Join(faults...)
}

// New returns the database of cfg. It is opened when lc starts, and closed when lc
// stops. New itself opens no file. Its error is that of [Config.Validate].
func New(lc fx.Lifecycle, cfg Config) (*sqldb.DB, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuring an SQLite database: %w", err)
	}
	open := func(context.Context) (*sql.DB, error) { return openFile(cfg) }
	if cfg.Path == Memory {
		open = func(context.Context) (*sql.DB, error) { return openMemory(cfg) }
	}
	return sqldb.New(lc, open), nil
}

func openFile(cfg Config) (*sql.DB, error) {
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	settings := connectionSettings(cfg)
	settings.Set("_journal_mode", "WAL")
	pool, err := openPool(fileURI(path) + "?" + settings.Encode())
	if err != nil {
		return nil, err
	}
	conns := cfg.MaxConns
	if conns == 0 {
		conns = defaultMaxConns
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns) // each new connection would run its settings again
	return pool, nil
}

// openMemory keeps one connection for ever, for that connection is the
// database.
func openMemory(cfg Config) (*sql.DB, error) {
	pool, err := openPool(Memory + "?" + connectionSettings(cfg).Encode())
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(1)
	pool.SetMaxIdleConns(1)
	return pool, nil
}

func openPool(dsn string) (*sql.DB, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// connectionSettings are the driver's own parameters, applied to each new
// connection.
func connectionSettings(cfg Config) url.Values {
	busy := cfg.BusyTimeout
	if busy == 0 {
		busy = defaultBusyTimeout
	}
	return url.Values{
		"_busy_timeout": {strconv.FormatInt(busy.Milliseconds(), 10)},
		"_foreign_keys": {"1"},
		"_txlock":       {"immediate"},
		"_time_format":  {"sqlite"},
	}
}

// fileURI lets a path hold any character: in a plain name the driver takes
// everything from a question mark on for parameters.
func fileURI(path string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // C:/data on Windows
		slashed = "/" + slashed
	}
	return (&url.URL{Scheme: "file", Path: slashed}).String()
}
