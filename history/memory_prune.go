package history

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

var _ Pruner = (*MemoryStore)(nil)

// Prunable returns the runs that a retention does not keep: see [Pruner].
func (s *MemoryStore) Prunable(ctx context.Context, retention Retention) ([]PrunableRun, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("looking for runs to prune: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	last := s.lastOfEach()
	for limit := retention.Limit; ; limit *= 8 { // if none of the oldest can be pruned, since younger runs repeat them
		given, more := s.givenUp(retention, limit)
		found := s.decide(given, last)
		if retention.Limit > 0 && len(found) > retention.Limit {
			found = found[:retention.Limit]
		}
		if len(found) > 0 || !more {
			return found, nil
		}
	}
}

// decide returns those of the runs that pruning does something with, the newest first.
func (s *MemoryStore) decide(given []*memoryRun, last map[assetPartition]*memoryEvent) (found []PrunableRun) {
	decided := make(map[string]fate)
	for _, run := range slices.Backward(given) {
		record := run.fold.record
		what := s.fateOf(run, last, decided)
		decided[record.ID] = what
		if what == stays || what == isReduced && !record.Pruned.IsZero() {
			continue
		}
		found = append(found, PrunableRun{ID: record.ID, Job: record.Job, Finished: record.Finished, KeepsRecord: what == isReduced})
	}
	return found
}

// givenUp returns the finished runs that the retention does not keep, the oldest first, and
// all runs that were reduced before. If there are more whole runs than the limit, it leaves out
// the newest of these, and more is true.
func (s *MemoryStore) givenUp(retention Retention, limit int) (given []*memoryRun, more bool) {
	newer := make(map[string]int) // by job
	var reduced []*memoryRun
	for _, run := range slices.Backward(s.runs) {
		record := run.fold.record
		newer[record.Job]++
		if !record.Pruned.IsZero() {
			reduced = append(reduced, run)
			continue
		}
		if retention.Jobs != nil && !slices.Contains(retention.Jobs, record.Job) {
			continue
		}
		if record.Status.Finished() && (record.Finished.Before(retention.FinishedBefore) || retention.Keep > 0 && newer[record.Job] > retention.Keep) {
			given = append(given, run)
		}
	}
	slices.Reverse(given)
	if limit > 0 && len(given) > limit {
		given, more = given[:limit], true
	}
	if !retention.Whole && (retention.Keep > 0 || !retention.FinishedBefore.IsZero()) {
		given = append(given, reduced...)
		slices.SortFunc(given, func(a, b *memoryRun) int { return cmp.Compare(a.place, b.place) })
	}
	return given, more
}

// fate is what pruning does with a run.
type fate int

const (
	stays fate = iota
	isReduced
	isRemoved
)

// fateOf returns what pruning does with a run, after it has done with the newer runs what was
// decided for them.
func (s *MemoryStore) fateOf(run *memoryRun, last map[assetPartition]*memoryEvent, decided map[string]fate) fate {
	what := isRemoved
	if s.log[len(s.log)-1].runID == run.fold.record.ID {
		what = isReduced
	}
	for _, event := range run.log {
		if event.kind == TypeAssetMaterialized && last[assetPartition{event.asset, event.partition}] == event {
			what = isReduced
		}
	}
	for _, other := range s.runs {
		if other.fold.record.Tags[TagRetryOf] != run.fold.record.ID || other == run {
			continue
		}
		switch decided[other.fold.record.ID] {
		case isRemoved:
		case isReduced:
			what = isReduced
		case stays:
			if other.fold.record.Pruned.IsZero() {
				return stays
			}
			what = isReduced
		}
	}
	return what
}

type assetPartition struct{ asset, partition string }

// lastOfEach returns the last materialization of each partition of each asset.
func (s *MemoryStore) lastOfEach() map[assetPartition]*memoryEvent {
	last := make(map[assetPartition]*memoryEvent)
	for _, event := range s.log {
		if event.kind == TypeAssetMaterialized {
			last[assetPartition{event.asset, event.partition}] = event
		}
	}
	return last
}

// Prune removes or reduces a run: see [Pruner]. It goes once through the log of all runs.
func (s *MemoryStore) Prune(ctx context.Context, id string) (Pruned, error) {
	if err := ctx.Err(); err != nil {
		return Pruned{}, fmt.Errorf("pruning run %s: %w", id, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	run := s.byID[id]
	if run == nil {
		return Pruned{}, fmt.Errorf("pruning run %s: %w", id, ErrNotFound)
	}
	if status := run.fold.record.Status; !status.Finished() {
		return Pruned{}, fmt.Errorf("pruning run %s, which is %s: %w", id, status, ErrTransition)
	}
	last := s.lastOfEach()
	what := s.fateOf(run, last, nil)
	if what == stays {
		return Pruned{}, fmt.Errorf("pruning run %s, which a run repeats that is kept: %w", id, ErrTransition)
	}
	events := int64(len(run.log))
	if what == isReduced {
		run.reduce(last)
		events -= int64(len(run.log))
	} else {
		run.log = nil
		delete(s.byID, id)
		s.runs = slices.Delete(s.runs, run.place, run.place+1)
		for place := run.place; place < len(s.runs); place++ {
			s.runs[place].place = place
		}
	}
	s.log = slices.DeleteFunc(s.log, func(event *memoryEvent) bool { return event.runID == id && !slices.Contains(run.log, event) })
	for place, event := range s.log {
		event.place = place
	}
	return Pruned{Removed: what == isRemoved, Events: events}, nil
}

// reduce removes from the log of the run what nobody needs.
func (r *memoryRun) reduce(last map[assetPartition]*memoryEvent) {
	if r.fold.record.Pruned.IsZero() {
		r.fold.record.Pruned = storedTime(time.Now())
	}
	end := r.log[len(r.log)-1]
	r.log = slices.DeleteFunc(r.log, func(event *memoryEvent) bool {
		needed := event.kind == TypeRunQueued || event.kind == TypeRunFinished || event == end ||
			event.kind == TypeAssetMaterialized && last[assetPartition{event.asset, event.partition}] == event
		return !needed
	})
}
