package sqlhistory

import (
	"context"
	"database/sql"

	"github.com/fxrun/fxrun/history"
)

// fewRuns is a number of times of runs that are read within a millisecond.
const fewRuns = 5000

// addQueued adds the part that a run was queued in the time that a query asks for. Runs are read
// in the order of their numbers, which is nearly that of their times: clocks differ, and are set.
// So it also adds the smallest and the largest number of such a run, unless there are so many that
// going over all younger runs is as fast.
func addQueued(ctx context.Context, db querier, query history.RunQuery, where *condition) error {
	if query.QueuedFrom.IsZero() && query.QueuedBefore.IsZero() {
		return nil
	}
	inTime := queuedIn("queued", query)
	if query.ID == "" {
		first, last, err := numbersOf(ctx, db, inTime)
		switch {
		case err != nil:
			return err
		case first.Valid:
			where.and(numberColumn(query)+" BETWEEN ? AND ?", first.Int64, last.Int64)
		}
	}
	inTime = queuedIn("+queued", query) // which no index has: the index of times has another order
	where.parts, where.args = append(where.parts, inTime.parts...), append(where.args, inTime.args...)
	return nil
}

// queuedIn returns the condition that the column is in the time that a query asks for.
func queuedIn(column string, query history.RunQuery) (in condition) {
	if !query.QueuedFrom.IsZero() {
		in.and(column+" >= ?", microsFrom(query.QueuedFrom))
	}
	if !query.QueuedBefore.IsZero() {
		in.and(column+" < ?", microsFrom(query.QueuedBefore))
	}
	return in
}

const selectNumbers = `SELECT min(number), max(number) FROM runs`

// numbersOf returns the smallest and the largest number of the runs of a time, or NULL if these
// are many.
func numbersOf(ctx context.Context, db querier, inTime condition) (first, last sql.NullInt64, err error) {
	if few, err := areFew(ctx, db, inTime); !few || err != nil {
		return first, last, err
	}
	err = db.QueryRowContext(ctx, selectNumbers+inTime.clause(), inTime.args...).Scan(&first, &last)
	if err == nil && !first.Valid {
		first, last = sql.NullInt64{Int64: 1, Valid: true}, sql.NullInt64{Valid: true} // no number is between
	}
	return first, last, err
}

// areFew reports whether few runs were queued in a time.
func areFew(ctx context.Context, db querier, inTime condition) (bool, error) {
	var count int
	text := `SELECT count(*) FROM (SELECT 1 FROM runs` + inTime.clause() + limitClause(fewRuns+1) + `) AS counted`
	err := db.QueryRowContext(ctx, text, inTime.args...).Scan(&count)
	return count <= fewRuns, err
}
