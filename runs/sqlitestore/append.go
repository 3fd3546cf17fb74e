package sqlitestore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/fxrun/fxrun/runs"
)

// maxHeld bounds the memory for runs that never finish.
const maxHeld = 256

// heldRun is a run that this store has written to, kept so that the next event
// does not need to read it again. It is good as long as the file has the same
// seq: a log only grows.
type heldRun struct {
	number int64
	record runs.Record
}

// Append adds events to the logs of their runs: see [runs.Store]. One call is
// one transaction, so that many events in one call are much cheaper than many
// calls.
func (s *Store) Append(ctx context.Context, events ...runs.Event) ([]runs.Event, error) {
	if len(events) == 0 {
		return nil, nil
	}
	stored := make([]runs.Event, len(events))
	fields := make([]json.RawMessage, len(events))
	for i, event := range events {
		var err error
		if stored[i], fields[i], err = event.Encode(); err != nil {
			return nil, fmt.Errorf("appending events: %w", err)
		}
	}
	if err := s.append(ctx, stored, fields); err != nil {
		return nil, fmt.Errorf("appending events: %w", err)
	}
	return stored, nil
}

// append stores the events and gives them their sequence numbers.
func (s *Store) append(ctx context.Context, events []runs.Event, fields []json.RawMessage) error {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// A write that has begun takes a moment and is not worth interrupting: it
	// ends with everything stored or nothing, and the caller knows which.
	writeCtx := context.WithoutCancel(ctx)
	var tx *sql.Tx
	err := patiently(ctx, func() (err error) {
		tx, err = s.writer.BeginTx(writeCtx, nil)
		return err
	})
	if err != nil {
		return err
	}
	w := &write{ctx: writeCtx, tx: tx, store: s, changes: make(map[string]*change)}
	err = w.add(events, fields)
	if err == nil {
		err = tx.Commit()
	} else {
		err = errors.Join(err, tx.Rollback())
	}
	w.keep(err == nil)
	return err
}

// write is one transaction.
type write struct {
	ctx     context.Context // a write lives for one call
	tx      *sql.Tx
	store   *Store
	changes map[string]*change // by run ID
	order   []*change
}

// change is what a write does to one run.
type change struct {
	*heldRun
	dirty    bool     // the record has changed since the row was written
	steps    []string // the keys of those that may have
	allSteps bool
}

func (w *write) add(events []runs.Event, fields []json.RawMessage) error {
	for i := range events {
		if err := w.addEvent(&events[i], fields[i]); err != nil {
			return err
		}
	}
	for _, run := range w.order {
		if err := w.save(run); err != nil {
			return err
		}
	}
	return nil
}

// keep remembers the runs that the next write may go on with, and forgets what
// a failed one has made of them.
func (w *write) keep(committed bool) {
	held := w.store.held
	for _, run := range w.order {
		id := run.record.ID
		if !committed || run.record.Status.Finished() {
			delete(held, id)
			continue
		}
		if len(held) >= maxHeld && held[id] == nil {
			clear(held)
		}
		held[id] = run.heldRun
	}
}

// addEvent puts one event at the end of its run's log, and its sequence number
// into event, unless the log holds it already.
func (w *write) addEvent(event *runs.Event, fields []byte) error {
	run, err := w.run(event.RunID)
	if err != nil {
		return err
	}
	if event.Seq == 0 {
		event.Seq = run.record.Seq + 1
	}
	if event.Seq <= run.record.Seq {
		return w.compare(run, *event, fields)
	}
	if err := run.record.Apply(*event); err != nil {
		return err
	}
	if event.Seq == 1 {
		if err := w.insertRun(run); err != nil {
			return err
		}
	} else {
		run.dirty = true
	}
	if step := event.Step(); step != "" {
		run.steps = append(run.steps, step)
	}
	if event.Type() == runs.TypeRunFinished {
		run.allSteps = true
	}
	asset, partition := event.Asset()
	_, err = w.exec(w.store.insert.addEvent, run.number, event.Seq, event.Time.UnixMicro(), string(event.Type()),
		orNull(asset), sql.NullString{String: partition, Valid: asset != ""}, string(fields))
	return err
}

// compare reports that another event stands where this one was to stand.
func (w *write) compare(run *change, event runs.Event, fields []byte) error {
	var at int64
	var kind string
	var stored []byte
	row := w.tx.StmtContext(w.ctx, w.store.insert.event).QueryRowContext(w.ctx, run.number, event.Seq)
	if err := row.Scan(&at, &kind, &stored); err != nil {
		return err
	}
	if kind == string(event.Type()) && at == event.Time.UnixMicro() && bytes.Equal(stored, fields) {
		return nil
	}
	return fmt.Errorf("event %d of run %s is a %s, not this %s: %w", event.Seq, event.RunID, kind, event.Type(), runs.ErrConflict)
}

// run returns the run as the file has it, an empty one if it has none.
func (w *write) run(id string) (*change, error) {
	if run := w.changes[id]; run != nil {
		return run, nil
	}
	held, err := w.load(id)
	if err != nil {
		return nil, fmt.Errorf("reading run %s: %w", id, err)
	}
	run := &change{heldRun: held}
	w.changes[id] = run
	w.order = append(w.order, run)
	return run, nil
}

func (w *write) load(id string) (*heldRun, error) {
	var number, seq int64
	row := w.tx.StmtContext(w.ctx, w.store.insert.runState).QueryRowContext(w.ctx, id)
	if err := row.Scan(&number, &seq); errors.Is(err, sql.ErrNoRows) {
		return &heldRun{}, nil
	} else if err != nil {
		return nil, err
	}
	if held := w.store.held[id]; held != nil && held.number == number && held.record.Seq == seq {
		return held, nil
	}
	_, record, err := scanRun(w.tx.StmtContext(w.ctx, w.store.insert.loadRun).QueryRowContext(w.ctx, number))
	if err != nil {
		return nil, err
	}
	rows, err := w.tx.StmtContext(w.ctx, w.store.insert.loadSteps).QueryContext(w.ctx, number)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		_, step, err := scanStep(rows)
		if err != nil {
			return nil, err
		}
		record.Steps = append(record.Steps, step)
	}
	return &heldRun{number: number, record: record}, rows.Err()
}

// insertRun writes the rows of a run that was just queued.
func (w *write) insertRun(run *change) error {
	r := run.record
	tags, err := json.Marshal(r.Tags)
	if err != nil {
		return err
	}
	result, err := w.exec(w.store.insert.addRun, r.ID, r.Seq, r.Job, r.Selection, string(tags),
		orNull(string(r.Config)), string(r.Status), r.Owner, micros(r.Queued))
	if err != nil {
		return err
	}
	if run.number, err = result.LastInsertId(); err != nil {
		return err
	}
	for key, value := range r.Tags {
		if _, err := w.exec(w.store.insert.addTag, key, value, run.number); err != nil {
			return err
		}
	}
	for position, step := range r.Steps {
		if _, err := w.exec(w.store.insert.addStep, run.number, step.Key, position, string(step.Status)); err != nil {
			return err
		}
	}
	return nil
}

// save writes what the events have changed in the run's rows.
func (w *write) save(run *change) error {
	if !run.dirty {
		return nil
	}
	r := run.record
	_, err := w.exec(w.store.insert.setRun, r.Seq, string(r.Status), r.Owner, micros(r.Started), micros(r.Finished),
		micros(r.CancelRequested), int64(r.Duration), r.Error.Message, r.Error.Stack, run.number)
	if err != nil {
		return err
	}
	if run.allSteps {
		for _, step := range r.Steps {
			if err := w.saveStep(run, step); err != nil {
				return err
			}
		}
		return nil
	}
	slices.Sort(run.steps)
	for _, key := range slices.Compact(run.steps) {
		step, ok := r.Step(key)
		if !ok {
			continue // a log line of a step that the run does not have
		}
		if err := w.saveStep(run, step); err != nil {
			return err
		}
	}
	return nil
}

func (w *write) saveStep(run *change, s runs.StepRecord) error {
	_, err := w.exec(w.store.insert.setStep, string(s.Status), s.Attempt, micros(s.Started), int64(s.Duration),
		s.Error.Message, s.Error.Stack, s.Because, run.number, s.Key)
	return err
}

func (w *write) exec(statement *sql.Stmt, args ...any) (sql.Result, error) {
	return w.tx.StmtContext(w.ctx, statement).ExecContext(w.ctx, args...)
}
