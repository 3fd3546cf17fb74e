package sqlhistory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
)

// prunedAtOnce is the largest number of rows that one transaction of Prune or PruneEntries
// removes. Such a transaction takes a few milliseconds, in which nobody else can write.
const prunedAtOnce = 250

// Prune removes or reduces a run: see [history.Pruner]. Others write between its
// transactions.
func (s *Store) Prune(ctx context.Context, id string) (history.Pruned, error) {
	if s.db.Writer == nil {
		return history.Pruned{}, fmt.Errorf("pruning run %s: %w", id, ErrReadOnly)
	}
	p := &pruning{store: s, id: id}
	if err := p.prune(ctx); err != nil {
		return history.Pruned{Events: p.events}, fmt.Errorf("pruning run %s: %w", id, err)
	}
	return history.Pruned{Removed: p.what == isRemoved, Events: p.events}, nil
}

// pruning is one call of Prune.
type pruning struct {
	store  *Store
	id     string
	number int64
	needed map[int64]bool // the sequence numbers of materializations to keep
	last   int64          // the sequence number of the last event
	what   fate
	events int64 // removed so far
	rest   int64 // removed together with the run
}

func (p *pruning) prune(ctx context.Context) error {
	if err := p.store.read(ctx, func(tx *sql.Tx) error { return p.look(ctx, tx) }); errors.Is(err, errEmpty) {
		return history.ErrNotFound
	} else if err != nil {
		return err
	}
	if err := p.store.change(ctx, p.begin); err != nil {
		return err
	}
	for after := int64(0); ; {
		next, err := p.removeEvents(ctx, after)
		if err != nil {
			return err
		}
		if next == after {
			break
		}
		after = next
	}
	if p.what == isReduced {
		return nil
	}
	for {
		left := int64(0)
		err := p.store.change(ctx, func(ctx context.Context, conn *sql.Conn) (err error) {
			left, err = p.removeRun(ctx, conn)
			return err
		})
		if err != nil {
			return err
		}
		if left == 0 {
			p.events += p.rest
			return nil
		}
	}
}

// look finds out which events must stay. It takes long for a run with many materializations,
// and so it is done while others can write.
func (p *pruning) look(ctx context.Context, tx *sql.Tx) (err error) {
	if p.number, err = numberOf(ctx, tx, p.id); err != nil {
		return err
	}
	if err := tx.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM events WHERE run = ?`, p.number).Scan(&p.last); err != nil {
		return err
	}
	needed, err := neededOf(ctx, tx, p.number, 0)
	p.needed = make(map[int64]bool, len(needed))
	for _, seq := range needed {
		p.needed[seq] = true
	}
	return err
}

// begin decides what happens to the run, and marks it, so that nobody takes the rest of its
// log for the whole.
func (p *pruning) begin(ctx context.Context, conn *sql.Conn) error {
	var id string
	var status history.Status
	err := conn.QueryRowContext(ctx, `SELECT id, status FROM runs WHERE number = ?`, p.number).Scan(&id, &status)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && id != p.id:
		return history.ErrNotFound // another process has removed it meanwhile
	case err != nil:
		return err
	case !status.Finished():
		return fmt.Errorf("it is %s: %w", status, history.ErrTransition)
	}
	retries, err := retriesOf(ctx, conn, p.id)
	if err != nil {
		return err
	}
	p.what = isRemoved
	isLast, err := hasLastEvent(ctx, conn, p.number)
	if err != nil {
		return err
	}
	if len(retries) > 0 || len(p.needed) > 0 || isLast {
		p.what = isReduced
	}
	if i := slices.IndexFunc(retries, func(retry retryRun) bool { return !retry.reduced }); i >= 0 {
		return fmt.Errorf("run %s repeats it, and is kept: %w", retries[i].id, history.ErrTransition)
	}
	_, err = conn.ExecContext(ctx, `UPDATE runs SET pruned = ? WHERE number = ? AND pruned IS NULL`, time.Now().UnixMicro(), p.number)
	return err
}

// removeEvents looks at the next events of the log, and removes those that need not stay.
// It returns the sequence number of the last event that it looked at.
func (p *pruning) removeEvents(ctx context.Context, after int64) (next int64, err error) {
	next = after
	var useless []int64
	err = p.store.change(ctx, func(ctx context.Context, conn *sql.Conn) (err error) {
		if len(useless) == 0 { // a repetition goes on with the same events, which the first attempt may have removed
			next, useless, err = p.uselessEvents(ctx, conn, after)
		}
		if err != nil || len(useless) == 0 {
			return err
		}
		list, err := p.store.db.List(useless)
		if err != nil {
			return err
		}
		_, err = conn.ExecContext(ctx, `DELETE FROM events WHERE run = ? AND seq IN (`+p.store.db.Numbers+`)`, p.number, list)
		return err
	})
	if err == nil {
		p.events += int64(len(useless))
	}
	return next, err
}

// uselessEvents looks at the next events of the log, and returns the last one of them and those that need not
// stay.
func (p *pruning) uselessEvents(ctx context.Context, conn *sql.Conn, after int64) (next int64, useless []int64, err error) {
	next = after
	rows, err := conn.QueryContext(ctx, `SELECT seq, type FROM events WHERE run = ? AND seq > ? ORDER BY seq`+limitClause(prunedAtOnce), p.number, after)
	if err != nil {
		return next, nil, err
	}
	err = eachRow(rows, func(row scanner) error {
		var kind history.EventType
		err := row.Scan(&next, &kind)
		if !p.stays(next, kind) {
			useless = append(useless, next)
		}
		return err
	})
	return next, useless, err
}

// stays reports whether an event stays, or goes only with the run itself.
func (p *pruning) stays(seq int64, kind history.EventType) bool {
	return p.needed[seq] || seq >= p.last || kind == history.TypeRunQueued || kind == history.TypeRunFinished
}

// removeRun removes what is left of the run, and returns how many rows it has left for the
// next call. If a run that repeats this one was launched meanwhile, it leaves the record.
func (p *pruning) removeRun(ctx context.Context, conn *sql.Conn) (left int64, err error) {
	retries, err := retriesOf(ctx, conn, p.id)
	if err != nil {
		return 0, err
	}
	isLast, err := hasLastEvent(ctx, conn, p.number) // a late line may have come
	if isLast || len(retries) > 0 || err != nil {
		p.what = isReduced
		return 0, err
	}
	result, err := conn.ExecContext(ctx, `DELETE FROM steps WHERE run = ? AND key IN (SELECT key FROM steps WHERE run = ?`+limitClause(prunedAtOnce)+`)`, p.number, p.number)
	if err != nil {
		return 0, err
	}
	if steps, err := result.RowsAffected(); steps == prunedAtOnce || err != nil {
		return steps, err
	}
	_, record, err := scanRun(conn.QueryRowContext(ctx, `SELECT `+runColumns+` FROM runs WHERE number = ?`, p.number))
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	for key, value := range record.Tags {
		if _, err := conn.ExecContext(ctx, `DELETE FROM run_tags WHERE key = ? AND value = ? AND run = ?`, key, value, p.number); err != nil {
			return 0, err
		}
	}
	if result, err = conn.ExecContext(ctx, `DELETE FROM events WHERE run = ?`, p.number); err != nil { // late lines too
		return 0, err
	}
	if p.rest, err = result.RowsAffected(); err != nil {
		return 0, err
	}
	_, err = conn.ExecContext(ctx, `DELETE FROM runs WHERE number = ?`, p.number)
	return 0, err
}

// change calls do in a transaction that writes, and calls it again if the database could not
// work at the moment. Those who append wait at most for this one transaction.
func (s *Store) change(ctx context.Context, do func(context.Context, *sql.Conn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.db.Patiently(ctx, time.Now(), func() error {
		if err := s.begin(); err != nil {
			return err
		}
		err := do(context.WithoutCancel(ctx), s.conn) // it is short
		if err == nil {
			_, err = s.insert.commit.Exec()
		}
		if err != nil {
			s.rollBack()
		}
		return err
	})
	if err == nil {
		err = s.kept()
	}
	return s.db.Explain(err)
}
