package postgres

import (
	"errors"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"
)

// rowError is an error of COPY about one row.
type rowError struct {
	error
	row int64
}

func (e *rowError) Unwrap() error { return e.error }

// CopiedRow returns the number of the row, from 1.
func (e *rowError) CopiedRow() int64 { return e.row }

// copiedLine is how PostgreSQL says in the context of an error which row of a COPY it is about. In
// another language than English it has other words, and the row stays unknown.
var copiedLine = regexp.MustCompile(`(?m)^COPY .*?, line ([0-9]+)(?:, column .*|: .*)?$`)

// withCopiedRow adds the row to an error that says which one it is about.
func withCopiedRow(err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return err
	}
	found := copiedLine.FindStringSubmatch(refused.Where)
	if found == nil {
		return err
	}
	row, overflow := strconv.ParseInt(found[1], 10, 64)
	if overflow != nil || row < 1 {
		return err
	}
	return &rowError{err, row}
}
