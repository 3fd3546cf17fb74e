package sqlhistory

import (
	"context"
	"database/sql"
	"sync/atomic"

	"github.com/fxrun/fxrun/history"
)

// ExplainRuns returns how SQLite answers a query, a line for each part.
func (s *Store) ExplainRuns(ctx context.Context, query history.RunQuery) (plan []string, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		text, args, err := s.db.selectRuns(ctx, tx, query)
		if err != nil {
			return err
		}
		plan, err = explain(ctx, tx, text, args...)
		return err
	})
	return plan, err
}

// ExplainEvents is ExplainRuns for events.
func (s *Store) ExplainEvents(ctx context.Context, query history.EventQuery) (plan []string, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		text, args, err := s.db.selectEvents(ctx, tx, query)
		if err != nil {
			return err
		}
		plan, err = explain(ctx, tx, text, args...)
		return err
	})
	return plan, err
}

// ExplainTimes is ExplainRuns for the numbers of the runs of a time.
func (s *Store) ExplainTimes(ctx context.Context, query history.RunQuery) (plan []string, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		in := queuedIn("queued", query)
		plan, err = explain(ctx, tx, selectNumbers+in.clause(), in.args...)
		return err
	})
	return plan, err
}

// ExplainSteps is ExplainRuns for the steps of runs.
func (s *Store) ExplainSteps(ctx context.Context) (plan []string, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		plan, err = explain(ctx, tx, s.db.selectSteps(), "[1]")
		return err
	})
	return plan, err
}

// ExplainLatest is ExplainRuns for the last materializations of many assets.
func (s *Store) ExplainLatest(ctx context.Context) (plan []string, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		plan, err = explain(ctx, tx, s.db.selectLatest(), `["a"]`)
		return err
	})
	return plan, err
}

// ExplainThrough is ExplainRuns for the last materializations from an asset to another one.
func (s *Store) ExplainThrough(ctx context.Context) (plan []string, err error) {
	err = s.read(ctx, func(tx *sql.Tx) error {
		plan, err = explain(ctx, tx, selectThrough(), "a", "b")
		return err
	})
	return plan, err
}

func explain(ctx context.Context, tx *sql.Tx, text string, args ...any) ([]string, error) {
	rows, err := tx.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	var plan []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		plan = append(plan, detail)
	}
	return plan, rows.Err()
}

// Waiting returns how many calls of Append wait for the file.
func (s *Store) Waiting() int {
	s.queue.mu.Lock()
	defer s.queue.mu.Unlock()
	return len(s.queue.calls)
}

// BreakRollback makes the next rollback fail, and leave its transaction open.
func (s *Store) BreakRollback(ctx context.Context) error {
	if err := s.insert.rollback.Close(); err != nil {
		return err
	}
	broken, err := s.conn.PrepareContext(ctx, "ROLLBACK TO missing")
	s.insert.rollback = broken
	return err
}

// FirstFrom is firstFrom.
func FirstFrom(text string) (string, bool) { return firstFrom(text) }

// ExplainPrunable is ExplainRuns for the runs that a retention does not keep: by age, by number,
// the retries of a run, and its materializations.
func (s *Store) ExplainPrunable(ctx context.Context) (plans map[string][]string, err error) {
	plans = make(map[string][]string)
	err = s.read(ctx, func(tx *sql.Tx) error {
		for name, one := range map[string]struct {
			text string
			args []any
		}{
			"by age":            {s.db.selectWholeBefore(allJobs), []any{1}},
			"by number":         {s.db.selectWholeBeyond(allJobs), []any{1}},
			"reduced":           {selectReduced, nil},
			"retries":           {selectRetries, []any{"k", "v", "id"}},
			"materializations":  {selectMade, []any{1, "asset_materialized"}},
			"a later one":       {isMadeLater, []any{"a", "asset_materialized", 1}},
			"a later partition": {isPartLater, []any{"a", "p", "asset_materialized", 1}},
		} {
			if plans[name], err = explain(ctx, tx, one.text, one.args...); err != nil {
				return err
			}
		}
		return nil
	})
	return plans, err
}

// CountReads counts how often the store reads from the database from the call on.
func (s *Store) CountReads() func() int64 {
	var count atomic.Int64
	read := s.db.Read
	s.db.Read = func(ctx context.Context, do func(*sql.DB) error) error {
		count.Add(1)
		return read(ctx, do)
	}
	return count.Load
}

// Held returns how many runs the store keeps in memory, and how many runs and steps that are.
func (s *Store) Held() (runs, size int) { return len(s.held.runs), s.held.size }

// MaxHeld is maxHeld.
const MaxHeld = maxHeld

// FewRuns is fewRuns.
const FewRuns = fewRuns
