// Package sqlhistory keeps a history in an SQL database. What is the same for
// every database stands here: the statements, the queue of writers, the schema's
// versions. A package below it, such as sqlite, opens a database and says by a
// [Database] what is its own.
//
// It imports package history and the standard library only. What a store must do
// is written at [history.Store] and tested by package historytest.
package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"

	"github.com/fxrun/fxrun/history"
)

// Database is an opened database, and what differs between databases.
type Database struct {
	// Name says in errors which history it is, as in "run history in .fxrun".
	Name string
	// Writer is the pool of the one connection that writes. Without it the store
	// is for reading only. The store closes it.
	Writer *sql.DB
	// Read calls do with the pool of those connections that read. It may call it
	// again, if what do has read was not of one moment.
	Read func(ctx context.Context, do func(readers *sql.DB) error) error
	// Close closes the connections that read.
	Close func() error
	// Begin is the statement that begins a transaction which writes.
	Begin string
	// Migrations holds the steps from one version of the schema to the next:
	// the first in the file that begins with "1_". A step that was released
	// never changes, and none goes back.
	Migrations fs.FS
	// Tables is a query for two numbers: of all tables, and of those called
	// schema_version, runs and events.
	Tables string
	// KeysOfJSON is a query for the distinct texts of a JSON array, which is its
	// only parameter, in a column called asset.
	KeysOfJSON string
	// Patiently calls do until it is not in another process's way, but no
	// longer than until ctx ends.
	Patiently func(ctx context.Context, do func() error) error
	// Explain says what to do about an error of the database, where a person can
	// do something. It gives all other errors back as they are.
	Explain func(error) error
	// Kept reports, after a write, that the files are not those that were opened:
	// what was written is lost then. Nil means that this can't happen.
	Kept func() error
}

// Store is a [history.Store] in an SQL database. It is safe for concurrent use.
// The one that opened it closes it.
type Store struct {
	db Database

	// writing holds a token while somebody writes. The fields after it belong
	// to the one who put it there.
	writing chan struct{}
	insert  *statements
	held    map[string]*heldRun // runs that have not finished, by ID
	conn    *sql.Conn           // the writer's only connection
	unsure  bool                // whether conn is in a transaction
	lost    error               // why nothing that is written stays

	known atomic.Bool // that the schema is of this version

	queue queue

	closeOnce sync.Once
	closeErr  error
}

var _ history.Store = (*Store)(nil)

// What callers may match with errors.Is.
var (
	// ErrDamaged: the database can't be read, or parts of it can't. The error
	// says which file is damaged, and what to do.
	ErrDamaged = errors.New("the run history is damaged")
	// ErrReadOnly: the store was opened for reading only.
	ErrReadOnly = errors.New("the run history was opened for reading only")
)

// Open makes a store of a database, whose schema it brings up to date; one of a
// newer version is refused with [ErrNewerSchema], and one of another program with
// [ErrForeign]. Without a Writer it changes
// nothing: an empty database is an empty history, and one of an older version is
// refused with [ErrOlderSchema]. ctx bounds the opening, and not the life of the
// store. If Open returns an error, it has closed the database.
func Open(ctx context.Context, db Database) (*Store, error) {
	s := &Store{db: db, writing: make(chan struct{}, 1), held: make(map[string]*heldRun)}
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
	if err := s.db.Patiently(ctx, func() error { return s.migrate(ctx) }); err != nil {
		return err
	}
	return s.connect(ctx)
}

// connect gets the connection that writes, with its statements.
func (s *Store) connect(ctx context.Context) (err error) {
	conn, err := s.db.Writer.Conn(ctx)
	if err != nil {
		return err
	}
	insert, err := prepare(ctx, conn, s.db.Begin)
	if err != nil {
		return errors.Join(err, conn.Close())
	}
	s.conn, s.insert = conn, insert
	return nil
}

// Close waits for a write that is under way and closes the database. Calls after
// the first do nothing and return what the first returned; every other method
// then returns an error.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.writing <- struct{}{}
		defer func() { <-s.writing }()
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
		if err := errors.Join(errs...); err != nil {
			s.closeErr = fmt.Errorf("closing %s: %w", s.db.Name, err)
		}
	})
	return s.closeErr
}
