package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SettleLost records as failed the runs whose process is certainly gone. Such a
// process was killed, has crashed, or was ended by a second Ctrl-C. It could neither
// stop its resources nor record the end of its runs. SettleLost returns the records
// of these runs as they are afterwards.
//
// Only a process that executes runs should call it. A launcher of package runs
// calls it before its first run. A program that only reads a history should not
// change it: [Record.Liveness] tells it which runs are lost.
//
// SettleLost does not change a run whose process is [LivenessUnknown], since the
// process may still execute it. This is so after a restart of the machine, for a
// process on another machine, and on systems other than Linux and macOS. Such a run
// stays unfinished until somebody appends a [RunFinished] to its events.
func SettleLost(ctx context.Context, store Store) ([]Record, error) {
	found, err := store.Runs(ctx, RunQuery{Statuses: []Status{StatusQueued, StatusStarting, StatusRunning}, OmitSteps: true})
	if err != nil {
		return nil, fmt.Errorf("looking for lost runs: %w", err)
	}
	var settled []Record
	for _, lost := range found {
		if LivenessOf(lost.Owner) != LivenessGone {
			continue
		}
		record, err := settle(ctx, store, lost.ID)
		if errors.Is(err, ErrTransition) {
			continue // another process has settled it
		}
		if err != nil {
			return settled, fmt.Errorf("settling lost run %s: %w", lost.ID, err)
		}
		settled = append(settled, record)
	}
	return settled, nil
}

// settle records a run as failed, and returns its record.
func settle(ctx context.Context, store Store, id string) (Record, error) {
	record, err := Find(ctx, store, id)
	if err != nil {
		return Record{}, err
	}
	at, err := lastSign(ctx, store, record)
	if err != nil {
		return Record{}, err
	}
	var lasted time.Duration
	if !record.Started.IsZero() {
		lasted = max(0, at.Sub(record.Started))
	}
	_, err = store.Append(ctx, Event{
		RunID: id, Time: at, Data: RunFinished{Status: StatusFailed, Duration: lasted, Error: Failure{Message: lostBecause(record)}},
	})
	if err != nil {
		return Record{}, err
	}
	return Find(ctx, store, id)
}

// lostBecause returns a text about the end of a lost run. A step stores its value
// before the history records that it did, and the process may have ended between
// the two.
func lostBecause(record Record) string {
	text := fmt.Sprintf("the process that executed it (%s) is gone; its resources were not stopped", record.Owner)
	var running []string
	for _, step := range record.Steps {
		if step.Status == StepStatusRunning {
			running = append(running, step.Key)
		}
	}
	switch {
	case len(running) > 0:
		text += fmt.Sprintf("; it was executing %s, whose stored values may be newer than the history says", strings.Join(running, ", "))
	case record.Status == StatusRunning:
		text += "; a value that it stored at the end may be newer than the history says"
	}
	return text
}

// lastSign returns the last time at which the process of a lost run was certainly
// alive. This is the time of the last event that the process recorded. Requests to
// cancel the run do not count, since any process may record them.
func lastSign(ctx context.Context, store Store, record Record) (time.Time, error) {
	for seq := record.Seq; seq > 0; seq-- {
		last, err := store.Events(ctx, EventQuery{RunID: record.ID, AfterSeq: seq - 1, Limit: 1})
		if err != nil {
			return time.Time{}, err
		}
		if len(last) > 0 && last[0].Type() != TypeRunCancelRequested {
			return last[0].Time, nil
		}
	}
	return record.Queued, nil
}
