package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
)

// Runs returns the records that the query asks for: see [history.Store].
func (s *Store) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	question := fmt.Sprintf("runs %#v", query)
	answer, holds := s.ask(ctx, question)
	if holds {
		return nil, nil
	}
	var found []history.Record
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		found, err = s.db.readRuns(ctx, tx, query)
		return err
	})
	if err == nil && len(found) == 0 {
		s.note(question, answer)
	}
	if errors.Is(err, errEmpty) {
		return history.NewMemoryStore().Runs(ctx, query)
	}
	if err != nil {
		return nil, fmt.Errorf("reading runs: %w", err)
	}
	return found, nil
}

// read calls do in a transaction, so that all rows that do reads are from the same
// moment. It may call do again if another process prevented the reading. The error
// of an empty database is errEmpty.
func (s *Store) read(ctx context.Context, do func(*sql.Tx) error) error {
	err := s.db.Patiently(ctx, time.Now(), func() error {
		return s.db.Read(ctx, func(readers *sql.DB) error {
			tx, err := readers.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
			if err != nil {
				return err
			}
			if err = s.checkToRead(ctx, tx); err == nil {
				err = do(tx)
			}
			if end := tx.Rollback(); err == nil && !errors.Is(end, sql.ErrTxDone) {
				err = end
			}
			return err
		})
	})
	return s.db.Explain(err)
}

// selectRuns returns the statement for a query.
func (d Database) selectRuns(ctx context.Context, tx *sql.Tx, query history.RunQuery) (text string, args []any, err error) {
	var where condition
	if query.Before != "" {
		number, err := numberOf(ctx, tx, query.Before)
		if err != nil {
			return "", nil, err
		}
		where.and(numberColumn(query)+" < ?", number)
	}
	if query.ID != "" {
		where.and("id = ?", query.ID)
	}
	if query.IDPrefix != "" {
		where.andPrefix(query.IDPrefix)
	}
	if query.Job != "" {
		where.and("job = ?", query.Job)
	}
	andIn(&where, "status", query.Statuses)
	if err := addQueued(ctx, tx, query, &where); err != nil {
		return "", nil, err
	}
	from := `runs`
	for i, key := range slices.Sorted(maps.Keys(query.Tags)) {
		part := "EXISTS (SELECT 1 FROM run_tags WHERE key = ? AND value = ? AND run = number)"
		if i == 0 { // its index has the runs with the tag in their order
			from, part = `run_tags AS tag `+d.Join+` runs ON number = tag.run`, "tag.key = ? AND tag.value = ?"
		}
		where.and(part, key, query.Tags[key])
	}
	text = `SELECT ` + runColumns + ` FROM ` + from + where.clause() + ` ORDER BY ` + numberColumn(query) + ` DESC` + limitClause(query.Limit)
	return text, where.args, nil
}

// numberColumn returns the column with the number of the run that the statement for a query
// goes along.
func numberColumn(query history.RunQuery) string {
	if len(query.Tags) > 0 {
		return "tag.run"
	}
	return "number"
}

func (d Database) readRuns(ctx context.Context, tx *sql.Tx, query history.RunQuery) ([]history.Record, error) {
	text, args, err := d.selectRuns(ctx, tx, query)
	if err != nil {
		return nil, err
	}
	rows, err := tx.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	var found []history.Record
	var numbers []int64
	err = eachRow(rows, func(row scanner) error {
		number, record, err := scanRun(row)
		found, numbers = append(found, record), append(numbers, number)
		return err
	})
	if err != nil || query.OmitSteps || len(found) == 0 {
		return found, err
	}
	return found, d.readSteps(ctx, tx, numbers, found)
}

// selectSteps returns the statement for the steps of the runs whose numbers are in a
// list.
func (d Database) selectSteps() string {
	return `SELECT ` + stepColumns + ` FROM steps WHERE run IN (` + d.Numbers + `) ORDER BY run, position`
}

// readSteps sets the steps of the records. The run of each record has the number at
// the same index.
func (d Database) readSteps(ctx context.Context, tx *sql.Tx, numbers []int64, into []history.Record) error {
	list, err := d.List(numbers)
	if err != nil {
		return err
	}
	place := make(map[int64]int, len(numbers))
	for i, number := range numbers {
		place[number] = i
	}
	rows, err := tx.QueryContext(ctx, d.selectSteps(), list)
	if err != nil {
		return err
	}
	return eachRow(rows, func(row scanner) error {
		run, step, err := scanStep(row)
		if err != nil {
			return err
		}
		record := &into[place[run]]
		record.Steps = append(record.Steps, step)
		return nil
	})
}

// numberOf returns the number of the run with the given ID.
func numberOf(ctx context.Context, tx *sql.Tx, id string) (int64, error) {
	var number int64
	err := tx.QueryRowContext(ctx, `SELECT number FROM runs WHERE id = ?`, id).Scan(&number)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, fmt.Errorf("run %s: %w", id, history.ErrNotFound)
	}
	return number, err
}
