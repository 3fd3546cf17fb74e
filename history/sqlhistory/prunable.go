package sqlhistory

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fxrun/fxrun/history"
)

// Prunable returns the runs that a retention does not keep: see [history.Pruner].
func (s *Store) Prunable(ctx context.Context, retention history.Retention) ([]history.PrunableRun, error) {
	var found []history.PrunableRun
	err := s.read(ctx, func(tx *sql.Tx) (err error) {
		found, err = s.readPrunable(ctx, tx, retention)
		return err
	})
	if err != nil && !errors.Is(err, errEmpty) {
		return nil, fmt.Errorf("looking for runs to prune: %w", err)
	}
	return found, nil
}

// oldRun is a finished run that a retention does not keep.
type oldRun struct {
	number  int64
	reduced bool // before
	history.PrunableRun
}

// readPrunable looks at more runs than the limit if none of these can be pruned, since runs
// repeat them that are younger.
func (s *Store) readPrunable(ctx context.Context, tx *sql.Tx, retention history.Retention) ([]history.PrunableRun, error) {
	for limit := retention.Limit; ; limit *= 8 {
		given, more, err := s.givenUp(ctx, tx, retention, limit)
		if err != nil {
			return nil, err
		}
		found, err := decide(ctx, tx, given)
		if retention.Limit > 0 && len(found) > retention.Limit {
			found = found[:retention.Limit]
		}
		if len(found) > 0 || !more || err != nil {
			return found, err
		}
	}
}

// decide returns those of the runs that pruning does something with, the newest first.
func decide(ctx context.Context, tx *sql.Tx, given []oldRun) ([]history.PrunableRun, error) {
	var found []history.PrunableRun
	decided := make(map[string]fate)
	for _, run := range slices.Backward(given) {
		what, err := fateOf(ctx, tx, run.number, run.ID, decided)
		if err != nil {
			return nil, err
		}
		decided[run.ID] = what
		if what == stays || what == isReduced && run.reduced {
			continue
		}
		run.KeepsRecord = what == isReduced
		found = append(found, run.PrunableRun)
	}
	return found, nil
}

const (
	oldRunColumns = `number, id, job, finished, pruned IS NOT NULL`

	// allJobs finds the names of all jobs, by one look into the index for each.
	allJobs = `WITH RECURSIVE names (name) AS (SELECT min(job) FROM runs
		UNION ALL SELECT (SELECT min(job) FROM runs WHERE job > name) FROM names WHERE name IS NOT NULL)`
	selectReduced = `SELECT ` + oldRunColumns + ` FROM runs WHERE pruned IS NOT NULL ORDER BY number`
)

// givenUp returns the finished runs that the retention does not keep, the oldest first, and
// all runs that were reduced before. If there are more whole runs than the limit, it leaves out
// the newest of these, and more is true.
func (s *Store) givenUp(ctx context.Context, tx *sql.Tx, retention history.Retention, limit int) (runs []oldRun, more bool, err error) {
	given := make(map[int64]oldRun)
	add := func(text string, args ...any) error {
		rows, err := tx.QueryContext(ctx, text, args...)
		if err != nil {
			return err
		}
		return eachRow(rows, func(row scanner) error {
			var run oldRun
			var finished sql.NullInt64
			err := row.Scan(&run.number, &run.ID, &run.Job, &finished, &run.reduced)
			run.Finished = fromMicros(finished)
			given[run.number] = run
			return err
		})
	}
	jobs, names := allJobs, []any(nil)
	if retention.Jobs != nil {
		list, err := s.db.List(retention.Jobs)
		if err != nil {
			return nil, false, err
		}
		jobs, names = `WITH names (name) AS (`+s.db.Texts+`)`, []any{list}
	}
	atMost := limitClause(limit + min(limit, 1)) // one more, to see whether there are more
	if !retention.FinishedBefore.IsZero() {
		if err := add(s.db.selectWholeBefore(jobs)+atMost, append(names, retention.FinishedBefore.UnixMicro())...); err != nil {
			return nil, false, err
		}
	}
	if retention.Keep > 0 {
		if err := add(s.db.selectWholeBeyond(jobs)+atMost, append(names, retention.Keep)...); err != nil {
			return nil, false, err
		}
	}
	runs = inOrder(given)
	if limit > 0 && len(runs) > limit {
		runs, more = runs[:limit], true
	}
	if retention.Whole || retention.FinishedBefore.IsZero() && retention.Keep == 0 {
		return runs, more, nil
	}
	clear(given)
	if err := add(selectReduced); err != nil {
		return nil, false, err
	}
	for _, run := range runs {
		given[run.number] = run
	}
	return inOrder(given), more, nil
}

// inOrder returns runs in the order of queueing.
func inOrder(given map[int64]oldRun) []oldRun {
	return slices.SortedFunc(maps.Values(given), func(a, b oldRun) int { return cmp.Compare(a.number, b.number) })
}

// selectWholeBefore returns the statement for the whole runs of jobs that ended before a time.
func (d Database) selectWholeBefore(jobs string) string {
	return jobs + ` SELECT ` + oldRunColumns + ` FROM names ` + d.Join + ` runs ON runs.job = names.name
		WHERE finished < ? AND pruned IS NULL AND finished IS NOT NULL`
}

// selectWholeBeyond returns the statement for the whole runs of jobs that are not among the
// newest of their job.
func (d Database) selectWholeBeyond(jobs string) string {
	return jobs + ` SELECT ` + oldRunColumns + ` FROM names ` + d.Join + ` runs ON runs.job = names.name
		WHERE pruned IS NULL AND finished IS NOT NULL AND number <= (SELECT newest.number FROM runs AS newest
			WHERE newest.job = names.name ORDER BY newest.number DESC LIMIT 1 OFFSET ?)`
}

// fate is what pruning does with a run.
type fate int

const (
	stays fate = iota
	isReduced
	isRemoved
)

// fateOf returns what pruning does with a run, after it has done with newer runs what was
// decided for them.
func fateOf(ctx context.Context, db rowsQuerier, number int64, id string, decided map[string]fate) (fate, error) {
	what := isRemoved
	retries, err := retriesOf(ctx, db, id)
	if err != nil {
		return stays, err
	}
	for _, retry := range retries {
		switch then := decided[retry.id]; {
		case then == isRemoved:
		case then == stays && !retry.reduced:
			return stays, nil
		default:
			what = isReduced
		}
	}
	if what == isRemoved {
		if isLast, err := hasLastEvent(ctx, db, number); isLast || err != nil {
			return isReduced, err
		}
		needed, err := neededOf(ctx, db, number, 1)
		if len(needed) > 0 || err != nil {
			return isReduced, err
		}
	}
	return what, nil
}

// hasLastEvent reports whether the last event of all runs is one of a run. SQLite would give
// its position again if it were removed, and a feed would miss the events there.
func hasLastEvent(ctx context.Context, db querier, run int64) (isLast bool, err error) {
	const text = `SELECT run = ? FROM events ORDER BY position DESC LIMIT 1`
	if err = db.QueryRowContext(ctx, text, run).Scan(&isLast); errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return isLast, err
}

type rowsQuerier interface {
	querier
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

type retryRun struct {
	id      string
	reduced bool
}

// retriesOf returns the runs that repeat a run.
func retriesOf(ctx context.Context, db rowsQuerier, id string) (found []retryRun, err error) {
	rows, err := db.QueryContext(ctx, selectRetries, history.TagRetryOf, id, id)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(row scanner) error {
		var retry retryRun
		err := row.Scan(&retry.id, &retry.reduced)
		found = append(found, retry)
		return err
	})
	return found, err
}

const (
	selectRetries = `SELECT runs.id, runs.pruned IS NOT NULL FROM run_tags AS tag JOIN runs ON runs.number = tag.run
		WHERE tag.key = ? AND tag.value = ? AND runs.id <> ?`
	selectMade  = `SELECT seq, asset, partition, position FROM events WHERE run = ? AND asset IS NOT NULL AND type = ? ORDER BY seq`
	isMadeLater = `SELECT EXISTS (SELECT 1 FROM events WHERE asset = ? AND partition = '' AND type = ? AND position > ?)`
	isPartLater = `SELECT EXISTS (SELECT 1 FROM events WHERE asset = ? AND partition = ? AND partition <> '' AND type = ? AND position > ?)`
)

// neededOf returns the sequence numbers of the materializations of a run that are the last
// ones of their partition, at most limit of them; 0 is no limit. An event that is not among
// them never will be, since a later one is never removed before another one follows it.
func neededOf(ctx context.Context, db rowsQuerier, run int64, limit int) ([]int64, error) {
	type made struct {
		seq, position    int64
		asset, partition string
	}
	var all []made
	kind := string(history.TypeAssetMaterialized)
	rows, err := db.QueryContext(ctx, selectMade, run, kind)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(row scanner) error {
		var one made
		err := row.Scan(&one.seq, &one.asset, &one.partition, &one.position)
		all = append(all, one)
		return err
	})
	if err != nil {
		return nil, err
	}
	var needed []int64
	for _, one := range all {
		text, args := isMadeLater, []any{one.asset, kind, one.position}
		if one.partition != "" {
			text, args = isPartLater, []any{one.asset, one.partition, kind, one.position}
		}
		later := false
		if err := db.QueryRowContext(ctx, text, args...).Scan(&later); err != nil {
			return nil, err
		}
		if !later {
			needed = append(needed, one.seq)
		}
		if limit > 0 && len(needed) == limit {
			break
		}
	}
	return needed, nil
}
