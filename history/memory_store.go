package history

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// MemoryStore keeps runs in memory. It is for tests, and for programs that do not
// need their history afterwards. Its behaviour is the reference for every [Store].
// It removes only what [MemoryStore.Prune] is called for, so a process that runs for a
// long time needs another store.
//
// It is safe for concurrent use. The zero value cannot be used: see
// [NewMemoryStore].
type MemoryStore struct {
	mu   sync.RWMutex
	byID map[string]*memoryRun
	runs []*memoryRun   // in the order of queueing
	log  []*memoryEvent // of all runs, in the order of appending
	end  int64          // the position of the last event that was appended

	journals memoryJournals
	watchers Watchers
}

var (
	_ Store   = (*MemoryStore)(nil)
	_ Latest  = (*MemoryStore)(nil)
	_ Ordered = (*MemoryStore)(nil)
)

type memoryRun struct {
	place int // in MemoryStore.runs
	fold  Fold
	log   []*memoryEvent // in order; log[i] has the sequence number i+1 unless the run was pruned
}

// memoryEvent is a stored event. Its data is kept encoded, so that no reader can
// change the data that another reader gets.
type memoryEvent struct {
	place            int   // in MemoryStore.log
	position         int64 // see Feed
	runID            string
	seq              int64
	at               time.Time
	kind             EventType
	asset, partition string
	fields           json.RawMessage
}

// NewMemoryStore returns an empty store. It need not be closed.
func NewMemoryStore() *MemoryStore {
	return &MemoryStore{byID: make(map[string]*memoryRun)}
}

// Append adds events to the logs of their runs: see [Store].
func (s *MemoryStore) Append(ctx context.Context, events ...Event) ([]Event, error) {
	stored := make([]Event, len(events))
	rest := make([]*memoryEvent, len(events))
	for i, event := range events {
		canonical, fields, err := event.Encode()
		if err != nil {
			return nil, fmt.Errorf("appending events: %w", err)
		}
		stored[i] = canonical
		asset, partition := canonical.Asset()
		rest[i] = &memoryEvent{
			runID: canonical.RunID, at: canonical.Time, kind: canonical.Type(),
			asset: asset, partition: partition, fields: fields,
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("appending events: %w", err)
	}
	undo := len(s.log)
	told := make(map[string][]StepRecord) // the steps of runs before a progress was told
	for i := range stored {
		id := stored[i].RunID
		if run := s.byID[id]; run != nil && stored[i].Type() == TypeStepProgress && told[id] == nil {
			told[id] = slices.Clone(run.fold.record.Steps)
		}
		if err := s.add(&stored[i], rest[i]); err != nil {
			s.cut(undo)
			s.untell(told)
			return nil, fmt.Errorf("appending events: %w", err)
		}
	}
	if len(stored) > 0 {
		s.watchers.Wake()
	}
	return stored, nil
}

// Enqueue appends events at once: see [Ordered].
func (s *MemoryStore) Enqueue(ctx context.Context, events ...Event) (stored func() ([]Event, error)) {
	appended, err := s.Append(ctx, events...)
	return func() ([]Event, error) { return appended, err }
}

// add puts one event at the end of the log of its run, unless the log contains the
// event already. It sets the sequence number of event.
func (s *MemoryStore) add(event *Event, rest *memoryEvent) error {
	run := s.byID[event.RunID]
	if run == nil {
		run = &memoryRun{place: len(s.runs)}
	}
	if event.Type() == TypeStepProgress {
		return run.fold.Apply(*event)
	}
	if event.Seq == 0 {
		event.Seq = run.fold.record.Seq + 1
	}
	rest.seq = event.Seq
	if event.Seq <= run.fold.record.Seq {
		return run.compare(rest)
	}
	if err := run.fold.Apply(*event); err != nil {
		return err
	}
	if event.Seq == 1 {
		s.byID[event.RunID] = run
		s.runs = append(s.runs, run)
	}
	s.end++
	rest.place, rest.position = len(s.log), s.end
	s.log = append(s.log, rest)
	run.log = append(run.log, rest)
	return nil
}

// untell gives steps the progress that they had before a call that was refused.
func (s *MemoryStore) untell(told map[string][]StepRecord) {
	for id, steps := range told {
		if run := s.byID[id]; run != nil { // else the same call has queued it
			run.tell(steps)
		}
	}
}

// tell gives the running steps the progress that they have in steps.
func (r *memoryRun) tell(steps []StepRecord) {
	for i := range r.fold.record.Steps {
		step := &r.fold.record.Steps[i]
		if step.Status == StepStatusRunning && steps[i].Attempt == step.Attempt {
			step.Progress = steps[i].Progress
		}
	}
}

// compare returns an error if the log does not have the event at its place.
func (r *memoryRun) compare(again *memoryEvent) error {
	i, found := r.find(again.seq)
	if !found {
		return fmt.Errorf("event %d of run %s was removed when the run was pruned: %w", again.seq, again.runID, ErrConflict)
	}
	return r.log[i].compare(again)
}

// find returns the index of the event with a sequence number, or of the next one.
func (r *memoryRun) find(seq int64) (index int, found bool) {
	return slices.BinarySearchFunc(r.log, seq, func(event *memoryEvent, seq int64) int { return cmp.Compare(event.seq, seq) })
}

// compare returns an error if the stored event is not equal to again, which has the
// same sequence number.
func (e *memoryEvent) compare(again *memoryEvent) error {
	if e.kind == again.kind && e.at.Equal(again.at) && bytes.Equal(e.fields, again.fields) {
		return nil
	}
	return fmt.Errorf("event %d of run %s is a %s, not this %s: %w", e.seq, e.runID, e.kind, again.kind, ErrConflict)
}

// cut removes all events from a place in the log to its end. The records are then
// computed again. This is simpler than keeping copies of the records, and it
// happens rarely.
func (s *MemoryStore) cut(from int) {
	for _, event := range slices.Backward(s.log[from:]) {
		run := s.byID[event.runID]
		run.log = run.log[:len(run.log)-1] // it is the last one
		if len(run.log) == 0 {
			delete(s.byID, event.runID)
			s.runs = s.runs[:run.place] // it is the last run, since the later runs were removed before
			continue
		}
	}
	for _, event := range s.log[from:] {
		if run := s.byID[event.runID]; run != nil && run.fold.record.Seq > run.log[len(run.log)-1].seq {
			run.sum()
		}
	}
	clear(s.log[from:])
	s.log = s.log[:from]
}

// sum computes the record of the run again, after events were removed from the end of its
// log.
func (r *memoryRun) sum() {
	before := r.fold.record
	if !before.Pruned.IsZero() { // only late lines can have been removed
		r.fold.record.Seq = r.log[len(r.log)-1].seq
		return
	}
	defer func() { r.tell(before.Steps) }() // no log has the progress
	r.fold = Fold{}
	for _, rest := range r.log {
		event, err := rest.event()
		if err == nil {
			err = r.fold.Apply(event)
		}
		if err != nil {
			panic(fmt.Sprintf("runs: a stored event does not apply again: %v", err))
		}
	}
}

// event returns the event. Its data is decoded for each call, and shared with
// nobody.
func (e *memoryEvent) event() (Event, error) {
	data, err := DecodeData(e.kind, e.fields)
	return Event{RunID: e.runID, Seq: e.seq, Time: e.at, Data: data}, err
}

// Runs returns the records that the query asks for: see [Store].
func (s *MemoryStore) Runs(ctx context.Context, query RunQuery) ([]Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading runs: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	older := s.runs
	if query.Before != "" {
		before := s.byID[query.Before]
		if before == nil {
			return nil, fmt.Errorf("reading runs before %s: %w", query.Before, ErrNotFound)
		}
		older = s.runs[:before.place]
	}
	if query.ID != "" { // at most one run has the ID
		only := s.byID[query.ID]
		if only == nil || only.place >= len(older) {
			return nil, nil
		}
		older = s.runs[only.place : only.place+1]
	}
	var found []Record
	for _, run := range slices.Backward(older) {
		if !query.fits(run.fold.record) {
			continue
		}
		record := run.fold.record
		if query.OmitSteps {
			record.Steps = nil
		}
		found = append(found, record.Clone())
		if len(found) == query.Limit {
			break
		}
	}
	return found, nil
}

func (q RunQuery) fits(r Record) bool {
	if !strings.HasPrefix(r.ID, q.IDPrefix) {
		return false
	}
	if q.Job != "" && q.Job != r.Job {
		return false
	}
	if len(q.Statuses) > 0 && !slices.Contains(q.Statuses, r.Status) {
		return false
	}
	if !q.QueuedFrom.IsZero() && r.Queued.Before(q.QueuedFrom) || !q.QueuedBefore.IsZero() && !r.Queued.Before(q.QueuedBefore) {
		return false
	}
	for key, want := range q.Tags {
		if got, ok := r.Tags[key]; !ok || got != want {
			return false
		}
	}
	return true
}

// Events returns the events that the query asks for: see [Store].
func (s *MemoryStore) Events(ctx context.Context, query EventQuery) ([]Event, error) {
	if err := query.Check(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading events: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if query.RunID != "" {
		run := s.byID[query.RunID]
		if run == nil {
			return nil, fmt.Errorf("reading events of run %s: %w", query.RunID, ErrNotFound)
		}
		from, _ := run.find(query.AfterSeq + 1)
		return query.collect(slices.Values(run.log[from:]))
	}
	older := s.log
	if query.Before.RunID != "" {
		run := s.byID[query.Before.RunID]
		place, found := 0, false
		if run != nil {
			place, found = run.find(query.Before.Seq)
		}
		if !found {
			return nil, fmt.Errorf("reading events before event %d of run %s: %w", query.Before.Seq, query.Before.RunID, ErrNotFound)
		}
		older = s.log[:run.log[place].place]
	}
	return query.collect(func(yield func(*memoryEvent) bool) {
		for _, event := range slices.Backward(older) {
			if !yield(event) {
				return
			}
		}
	})
}

// LatestMaterializations returns the last materialization of each asset: see
// [Latest]. It goes once through the log, from its end.
func (s *MemoryStore) LatestMaterializations(ctx context.Context, assets []string) (map[string]Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("reading the last materializations: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	wanted := newLatestSet(assets)
	for _, stored := range slices.Backward(s.log) {
		if wanted.complete() {
			break
		}
		if stored.kind != TypeAssetMaterialized || !wanted.open[stored.asset] {
			continue
		}
		event, err := stored.event()
		if err != nil {
			return nil, fmt.Errorf("reading event %d of run %s: %w", stored.seq, stored.runID, err)
		}
		wanted.add(stored.asset, event)
	}
	return wanted.found, nil
}

// collect returns the events among candidates that fit, up to the limit.
func (q EventQuery) collect(candidates func(func(*memoryEvent) bool)) ([]Event, error) {
	var found []Event
	for candidate := range candidates {
		if !q.fits(candidate) {
			continue
		}
		event, err := candidate.event()
		if err != nil {
			return nil, fmt.Errorf("reading event %d of run %s: %w", candidate.seq, candidate.runID, err)
		}
		found = append(found, event)
		if len(found) == q.Limit {
			break
		}
	}
	return found, nil
}

func (q EventQuery) fits(e *memoryEvent) bool {
	return (q.Asset == "" || q.Asset == e.asset) &&
		(q.Partition == "" || q.Partition == e.partition) &&
		(len(q.Types) == 0 || slices.Contains(q.Types, e.kind))
}
