package sqlhistory

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/fxrun/fxrun/history"
)

// Append adds events to the logs of their runs: see [history.Store]. A transaction
// costs as much as a dozen events, so one call with many events is much cheaper
// than many calls one after another. Calls that are made at the same time share a
// transaction, also if they belong to different runs.
func (s *Store) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	return s.Enqueue(ctx, events...)()
}

// Enqueue puts events into the queue of those that are to be stored: see [history.Ordered].
// Whoever writes next stores the whole queue, in its order.
func (s *Store) Enqueue(ctx context.Context, events ...history.Event) (stored func() ([]history.Event, error)) {
	if len(events) == 0 {
		return func() ([]history.Event, error) { return nil, nil }
	}
	one, err := s.callOf(ctx, events)
	if err == nil {
		err = s.enqueue(one)
	}
	return func() ([]history.Event, error) {
		if err == nil {
			err = s.await(one)
		}
		if err != nil {
			return nil, fmt.Errorf("appending events: %w", err)
		}
		s.watchers.Wake()
		return one.events, nil
	}
}

// callOf encodes the events of a call.
func (s *Store) callOf(ctx context.Context, events []history.Event) (*call, error) {
	if s.db.Writer == nil {
		return nil, ErrReadOnly
	}
	one := newCall(ctx)
	one.events = make([]history.Event, len(events))
	one.fields = make([]json.RawMessage, len(events))
	one.asked = make([]int64, len(events))
	for i, event := range events {
		one.asked[i] = event.Seq
		var err error
		if one.events[i], one.fields[i], err = event.Encode(); err != nil {
			return nil, err
		}
	}
	return one, nil
}

// write is one transaction.
type write struct {
	store   *Store
	as      snapshot
	changes map[string]*change // by run ID
	order   []*change
}

// change is what a write changes in one run.
type change struct {
	*heldRun
	changed bool     // the row of the run must be written
	steps   []string // the keys of the steps whose rows must be written
}

// add adds the events of one call. An error called refused refuses this call, and
// the transaction goes on without it. The other error ends the transaction.
func (w *write) add(events []history.Event, fields []json.RawMessage) (refused, err error) {
	for i := range events {
		refused, err := w.addEvent(&events[i], fields[i])
		if refused != nil && i > 0 {
			return nil, refused // earlier events of the call have changed w
		}
		if refused != nil || err != nil {
			return refused, err
		}
	}
	return nil, nil
}

// beginWrite begins what a transaction changes. The transaction has begun.
func (s *Store) beginWrite() (*write, error) {
	w := &write{store: s, changes: make(map[string]*change)}
	if s.insert.changed == nil {
		return w, nil
	}
	w.as.connection = s.held.connection
	return w, s.insert.changed.QueryRow().Scan(&w.as.changed)
}

// keep remembers the runs that the next write may continue. If the write was not
// committed, it forgets the runs that the write has changed.
func (w *write) keep(committed bool) {
	for id, run := range w.changes {
		if !committed || run.fold.Record().Status.Finished() || run.fold.Record().Seq == 0 {
			w.store.held.forget(id)
			continue
		}
		w.store.held.keep(id, run.heldRun)
	}
}

// settleSteps notes the unfinished steps, which the end of the run also ends.
func (c *change) settleSteps() {
	for _, step := range c.fold.Record().Steps {
		if !step.Status.Finished() {
			c.steps = append(c.steps, step.Key)
		}
	}
}

// addEvent puts one event at the end of the log of its run, unless the log contains
// the event already. It sets the sequence number of event. An event that is refused
// changes nothing.
func (w *write) addEvent(event *history.Event, fields []byte) (refused, err error) {
	run, err := w.run(event.RunID)
	if err != nil {
		return nil, err
	}
	if event.Type() == history.TypeStepProgress {
		if err := run.fold.Apply(*event); err != nil {
			return err, nil
		}
		run.note(*event)
		return nil, nil
	}
	seq := run.fold.Record().Seq
	if event.Seq != 0 && event.Seq <= seq {
		return w.compare(run, *event, fields)
	}
	if event.Type() == history.TypeRunFinished {
		run.settleSteps()
	}
	if err := run.fold.Apply(*event); err != nil {
		return err, nil
	}
	event.Seq = seq + 1
	if event.Seq == 1 {
		if err := w.insertRun(run); err != nil {
			return nil, err
		}
	}
	run.note(*event)
	asset, partition := event.Asset()
	_, err = w.store.insert.addEvent.Exec(run.number, event.Seq, event.Time.UnixMicro(), string(event.Type()),
		orNull(asset), sql.NullString{String: partition, Valid: asset != ""}, string(fields))
	return nil, err
}

// note remembers which rows an event changes.
func (c *change) note(event history.Event) {
	switch event.Data.(type) {
	case history.StepStarted, history.StepProgress, history.StepSucceeded, history.StepFailed, history.StepSkipped, history.StepCancelled:
		c.steps = append(c.steps, event.Step())
	case history.RunStarting, history.RunStarted, history.RunAdopted, history.RunFinished, history.RunCancelRequested:
		c.changed = true
	case history.RunQueued: // insertRun writes its rows
	case history.AssetMaterialized, history.LogWritten, history.UnknownEvent,
		history.ResourceStarting, history.ResourceStarted, history.ResourceStopping, history.ResourceStopped:
		// They change only the log.
	}
}

// compare refuses the event if the log has an event with the same sequence number
// that is not equal to it.
func (w *write) compare(run *change, event history.Event, fields []byte) (refused, err error) {
	var at int64
	var kind string
	var stored []byte
	if err := w.store.insert.event.QueryRow(run.number, event.Seq).Scan(&at, &kind, &stored); errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("event %d of run %s was removed when the run was pruned: %w", event.Seq, event.RunID, history.ErrConflict), nil
	} else if err != nil {
		return nil, err
	}
	if kind == string(event.Type()) && at == event.Time.UnixMicro() && bytes.Equal(stored, fields) {
		return nil, nil
	}
	return fmt.Errorf("event %d of run %s is a %s, not this %s: %w", event.Seq, event.RunID, kind, event.Type(), history.ErrConflict), nil
}

// run returns the run as it is in the database. A run that the database does not
// have is empty.
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
	held := w.store.held.runs[id]
	if held != nil && held.as == w.as && w.as != (snapshot{}) {
		return held, nil
	}
	var number, seq int64
	if err := w.store.insert.runState.QueryRow(id).Scan(&number, &seq); errors.Is(err, sql.ErrNoRows) {
		return &heldRun{fold: &history.Fold{}, as: w.as}, nil
	} else if err != nil {
		return nil, err
	}
	if held != nil && held.number == number && held.fold.Record().Seq == seq {
		held.as = w.as
		return held, nil
	}
	_, record, err := scanRun(w.store.insert.loadRun.QueryRow(number))
	if err != nil {
		return nil, err
	}
	rows, err := w.store.insert.loadSteps.Query(number)
	if err != nil {
		return nil, err
	}
	err = eachRow(rows, func(row scanner) error {
		_, step, err := scanStep(row)
		record.Steps = append(record.Steps, step)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &heldRun{number: number, fold: history.NewFold(record), as: w.as}, nil
}

// insertRun writes the rows of a run that has just been queued.
func (w *write) insertRun(run *change) error {
	r := run.fold.Record()
	tags, err := json.Marshal(r.Tags)
	if err != nil {
		return err
	}
	err = w.store.insert.addRun.QueryRow(r.ID, r.Job, r.Selection, string(tags),
		orNull(string(r.Config)), string(r.Status), r.Owner, micros(r.Queued)).Scan(&run.number)
	if err != nil {
		return err
	}
	for key, value := range r.Tags {
		if _, err := w.store.insert.addTag.Exec(key, value, run.number); err != nil {
			return err
		}
	}
	for position, step := range r.Steps {
		if _, err := w.store.insert.addStep.Exec(run.number, step.Key, position, string(step.Status)); err != nil {
			return err
		}
	}
	return nil
}

// save writes what the events have changed in the rows of runs and steps.
func (w *write) save() error {
	for _, run := range w.order {
		if err := w.saveRun(run); err != nil {
			return err
		}
		slices.Sort(run.steps)
		for _, key := range slices.Compact(run.steps) {
			if err := w.saveStep(run, key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *write) saveRun(run *change) error {
	if !run.changed {
		return nil
	}
	r := run.fold.Record()
	cluster, err := storedCluster(r.Cluster)
	if err != nil {
		return err
	}
	_, err = w.store.insert.setRun.Exec(string(r.Status), r.Owner, cluster, micros(r.Started), micros(r.Finished),
		micros(r.CancelRequested), int64(r.Duration), r.Error.Message, r.Error.Stack, run.number)
	return err
}

func (w *write) saveStep(run *change, key string) error {
	s, _ := run.fold.Step(key)
	progress, err := storedProgress(s.Progress)
	if err != nil {
		return err
	}
	_, err = w.store.insert.setStep.Exec(string(s.Status), s.Attempt, micros(s.Started), int64(s.Duration),
		s.Error.Message, s.Error.Stack, s.Because, progress, orNull(s.Worker), run.number, s.Key)
	return err
}
