// Package sqlhistory keeps a history in an SQL database. It contains what is the
// same for every database: the statements, the queue of writers, and the versions
// of the schema. A package such as sqlite opens a database, and describes in a
// [Database] what is special about it.
//
// It imports only package history and the standard library. [history.Store] says
// what a store must do, and package historytest tests it.
package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fxrun/fxrun/history"
)

// Database is an opened database, together with what differs between databases.
type Database struct {
	// Name is the name of the history in errors, such as "run history in .fxrun".
	Name string
	// Writer is a pool with a single connection, which writes. If Writer is nil,
	// the store is for reading only. The store closes it.
	Writer *sql.DB
	// Migrator executes Migrations. Only Open uses it, and closes it. If it is nil, Writer
	// executes them, whose connections must then not limit the time of a statement.
	Migrator *sql.DB
	// Read calls do with the pool of the connections that read. If the rows that do
	// has read were not from the same moment, Read may call do again.
	Read func(ctx context.Context, do func(readers *sql.DB) error) error
	// Version returns a number that is another one whenever somebody has written since the
	// last call: this program, or another one. It is much cheaper than a query. A nil Version
	// means that the database cannot tell.
	Version func() (int64, error)
	// Changed is a query for a number that is another one, on the same connection, if another
	// connection has written since the last transaction. It is asked within transactions. ""
	// means that the database cannot tell.
	Changed string
	// Close closes the connections that read.
	Close func() error
	// Begin begins a transaction which writes. Until it ends, no other process may
	// begin one: the positions of events are in the order in which others see them.
	Begin string
	// Migrations holds the steps from one version of the schema to the next. The
	// name of the file of the first step begins with "1_". A released step never
	// changes, and no step leads back to an older version.
	Migrations fs.FS
	// Tables is a query for two numbers: the number of all tables, and the number
	// of tables that are called schema_version, runs or events.
	Tables string
	// KeepsLatest says that the schema has a table last_materializations, which the database
	// itself keeps up to date when events are added.
	KeepsLatest bool
	// Size is a query for the number of bytes that the history takes.
	Size string
	// Join joins a table to those on its left, which are read in the outer loop, and so
	// in their order. It is JOIN if the database finds this order itself.
	Join string
	// List returns a list of texts or of numbers as the parameter of a statement.
	List func(list any) (any, error)
	// Texts and Numbers are queries for the elements of a list. The list is the only
	// parameter, and the only column of the result is called value.
	Texts, Numbers string
	// Place is what a history shares with no other program, such as "a folder".
	Place string
	// Patiently calls do again as long as another process has locked the database, or
	// CanRepeat is true for its error. It ends with ctx, and if Patience has passed since the
	// call of the store began.
	Patiently func(ctx context.Context, since time.Time, do func() error) error
	// Patience is how long a call of the store waits until the database can work. It must be set.
	Patience time.Duration
	// CanRepeat reports whether a transaction that has ended with err can be repeated
	// on a new connection, since the connection was lost, or the server could not
	// work at the moment. A nil CanRepeat means that this does not happen.
	CanRepeat func(err error) bool
	// Explain adds advice to an error of the database if a person can do something
	// about it. It returns all other errors as they are.
	Explain func(error) error
	// Kept is called after a write. It returns an error if the files are not the
	// ones that were opened, since what was written is then lost. A nil Kept means
	// that this cannot happen.
	Kept func() error
}

// errClosed is the error of every call after Close.
var errClosed = errors.New("it is closed")

// Store is a [history.Store] in an SQL database. It is safe for concurrent use. The
// caller of [Open] closes it.
type Store struct {
	db Database

	// writing holds a token while a caller writes. Only this caller may use the
	// fields below.
	writing chan struct{}
	insert  *statements
	held    heldRuns
	conn    *sql.Conn // the only connection of the writer
	unsure  bool      // whether conn is in a transaction, or lost
	lost    error     // why nothing can be written any more; nil if it can

	known atomic.Bool // whether the schema is known to have the version of this program

	queue    queue
	latest   latestCache
	empty    emptyAnswers
	watchers history.Watchers

	closeOnce sync.Once
	closeErr  error
}

var (
	_ history.Store   = (*Store)(nil)
	_ history.Latest  = (*Store)(nil)
	_ history.Ordered = (*Store)(nil)
	_ history.Pruner  = (*Store)(nil)
)

// What callers may match with errors.Is.
var (
	// ErrDamaged is matched by an error that says that the database, or a part of
	// it, cannot be read. The text of the error says which file is damaged, and
	// what to do.
	ErrDamaged = errors.New("the run history is damaged")
	// ErrOutcomeUnknown is matched by the error of Append if the connection to the
	// database was lost while the database stored the events, and could not be made
	// again to look whether they are stored.
	ErrOutcomeUnknown = errors.New("it is not known whether the events are stored")
	// ErrReadOnly is matched by the error of Append if the store was opened for
	// reading only.
	ErrReadOnly = errors.New("the run history was opened for reading only")
)

// Open makes a store of a database. It brings the schema of the database up to
// date, refuses a schema of a newer version with [ErrNewerSchema], and a database
// of another program with [ErrForeign]. If db has no Writer, Open changes nothing:
// an empty database is an empty history, and a schema of an older version is
// refused with [ErrOlderSchema]. If ctx ends, the opening ends; the store does not
// depend on ctx. If Open returns an error, it has closed the database.
func Open(ctx context.Context, db Database) (*Store, error) {
	s := &Store{db: db, writing: make(chan struct{}, 1)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(s.db.Explain(err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	if s.db.Writer == nil {
		err := s.read(ctx, func(*sql.Tx) error { return nil })
		if errors.Is(err, errEmpty) {
			return nil
		}
		return err
	}
	err := s.db.Patiently(ctx, time.Now(), func() error { return s.migrate(ctx) })
	if s.db.Migrator != nil {
		err = errors.Join(err, s.db.Migrator.Close())
	}
	if err != nil {
		return err
	}
	return s.connect(ctx)
}

// connect opens the connection that writes, and prepares its statements.
func (s *Store) connect(ctx context.Context) (err error) {
	conn, err := s.db.Writer.Conn(ctx)
	if err != nil {
		return err
	}
	insert, err := prepare(ctx, conn, s.db.Begin, s.db.Changed)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	s.conn, s.insert = conn, insert
	s.held.connection++ // whose numbers say nothing about those of the last one
	return nil
}

// isOnlyGone reports whether a connection could not be closed because the server has ended it, so
// that nothing is left to close.
func (s *Store) isOnlyGone(err error) bool {
	return err != nil && s.db.CanRepeat != nil && s.db.CanRepeat(err)
}

// Close waits until a running write has ended, and closes the database. Later calls
// of Close do nothing, and return what the first call returned. After Close every
// other method returns an error.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.writing <- struct{}{}
		defer func() { <-s.writing }()
		s.lost = errClosed
		var errs []error
		if s.insert != nil {
			errs = append(errs, s.insert.close())
		}
		if s.conn != nil {
			errs = append(errs, s.conn.Close())
		}
		if s.db.Writer != nil {
			errs = append(errs, s.db.Writer.Close())
		}
		errs = append(errs, s.db.Close())
		errs = slices.DeleteFunc(errs, s.isOnlyGone)
		if err := errors.Join(errs...); err != nil {
			s.closeErr = fmt.Errorf("closing %s: %w", s.db.Name, err)
		}
	})
	return s.closeErr
}
