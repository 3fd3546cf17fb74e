package runs

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// settleEvery is the time between two looks of a launcher for runs whose process has
// ended.
const settleEvery = 3 * time.Second

// settleLost records the lost runs of the store as failed, before the first run of
// this launcher or its first look for queued runs, and from then on every few seconds
// until the launcher is closed. A launcher that executes no runs changes nothing, and
// what goes wrong here is no fault of a run.
func (l *Launcher) settleLost(ctx context.Context) {
	l.settled.do(func() {
		if l.alone {
			return
		}
		told := false
		look := func(ctx context.Context) {
			err := panics.Guard(func() error { return l.lookForLost(ctx) })
			if err != nil && !told && ctx.Err() == nil {
				l.warn("lost runs could not be recorded as failed", "error", err)
			}
			told = err != nil
		}
		look(ctx)
		l.ownership.begin(func(ctx context.Context) {
			var pruning sync.WaitGroup
			pruning.Go(func() { l.pruneNowAndThen(ctx) })
			l.watch(ctx, look)
			pruning.Wait()
		})
	})
}

// warn writes to the logger of the host application, which is a user's.
func (l *Launcher) warn(message string, args ...any) {
	_ = panics.Guard(func() error {
		l.config.Logger.Warn(message, args...)
		return nil
	})
}

// watch looks for lost runs again and again, and after the lock of this launcher.
func (l *Launcher) watch(ctx context.Context, look func(context.Context)) {
	ticker := time.NewTicker(settleEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-l.ownership.lost():
			l.regain(ctx)
		case <-ticker.C:
			look(ctx)
		}
	}
}

// lookForLost records as failed the runs whose process is certainly gone. Such a
// process was killed, has crashed, or was ended by a second Ctrl-C. It could neither
// stop its resources nor record the end of its runs. Runs on a cluster go on without their
// process: they are taken over, if this launcher does that.
func (l *Launcher) lookForLost(ctx context.Context) error {
	found, err := l.config.Store.Runs(ctx, history.RunQuery{
		Statuses: []history.Status{history.StatusQueued, history.StatusStarting, history.StatusRunning}, OmitSteps: true,
	})
	if err != nil {
		return fmt.Errorf("looking for lost runs: %w", err)
	}
	var errs []error
	known := make(map[string]Liveness)
	for _, run := range found {
		liveness, ok := known[run.Owner]
		if !ok {
			if liveness, err = livenessOf(ctx, l.config.Locks, run.Owner); err != nil {
				errs = append(errs, err)
			}
			known[run.Owner] = liveness
		}
		if liveness != LivenessGone {
			continue
		}
		if run.Cluster != (history.Cluster{}) {
			if l.adopters.Load() > 0 {
				errs = append(errs, l.adopt(ctx, run.ID, run.Owner))
			}
			continue
		}
		if err := settle(ctx, l.config.Store, run.ID); err != nil && !errors.Is(err, history.ErrTransition) { // else it has ended, or another process has settled it
			errs = append(errs, fmt.Errorf("settling lost run %s: %w", run.ID, err))
		}
	}
	return errors.Join(errs...)
}

// settle records a lost run as failed, unless it can go on.
func settle(ctx context.Context, store history.Store, id string) error {
	record, err := history.Find(ctx, store, id)
	if err != nil {
		return err
	}
	if record.Takeable || record.Cluster != (history.Cluster{}) {
		return nil // who takes queued runs takes it, and who adopts runs does
	}
	at, err := lastSign(ctx, store, record)
	if err != nil {
		return err
	}
	left, err := leftBehind(ctx, store, id)
	if err != nil {
		return err
	}
	queued, err := queuedAs(ctx, store, id)
	if err != nil {
		return err
	}
	finished := history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: lostBecause(record, left)}, Left: left}
	if !record.Started.IsZero() {
		finished.Duration = max(0, at.Sub(record.Started))
	}
	resumed, reason := resume(record, queued)
	if reason != "" {
		finished.Error.Message += "; it is not resumed: " + reason
	}
	events := append([]history.Event{{RunID: id, Time: at, Data: finished}}, resumed...)
	_, err = store.Append(ctx, events...) // both or none, and once: another process finds that the run has ended
	return err
}

// lostBecause returns a text about the end of a lost run. A step stores its value
// before the history records that it did, and the process may have ended between
// the two. Nor does a step wait for the record of its start, so a step that is pending
// in the history may have stored a value as well.
func lostBecause(record history.Record, left []history.LeftResource) string {
	text := fmt.Sprintf("the process that executed it (%s) is gone", record.Owner)
	if len(left) > 0 {
		names := make([]string, len(left))
		for i, resource := range left {
			names[i] = resource.String()
		}
		text += "; resources that were not stopped: " + strings.Join(names, ", ")
	}
	var running []string
	others := ""
	for _, step := range record.Steps {
		switch step.Status {
		case history.StepStatusRunning:
			running = append(running, fmt.Sprintf("%s (attempt %d)", step.Key, step.Attempt))
		case history.StepStatusPending:
			others = ", and those of steps that had just begun,"
		default: // it has ended
		}
	}
	switch {
	case len(running) > 0:
		text += fmt.Sprintf("; it was executing %s, whose stored values%s may be newer than the history says", strings.Join(running, ", "), others)
	case record.Status == history.StatusRunning:
		text += "; a value that it stored at the end may be newer than the history says"
	}
	return text
}

// leftBehind returns the resources of a lost run that its processes did not stop.
func leftBehind(ctx context.Context, store history.Store, id string) ([]history.LeftResource, error) {
	var left leftResources
	query := history.EventQuery{RunID: id, Types: []history.EventType{history.TypeResourceStarting, history.TypeResourceStarted, history.TypeResourceStopped}}
	for event, err := range history.EachEvent(ctx, store, query) {
		if err != nil {
			return nil, err
		}
		left.note(event)
	}
	return left.found, nil
}

// lastSign returns the last time at which the process of a lost run was certainly
// alive. This is the time of the last event that the process recorded. Requests to
// cancel the run do not count, since any process may record them.
func lastSign(ctx context.Context, store history.Store, record history.Record) (time.Time, error) {
	for seq := record.Seq; seq > 0; seq-- {
		last, err := store.Events(ctx, history.EventQuery{RunID: record.ID, AfterSeq: seq - 1, Limit: 1})
		if err != nil {
			return time.Time{}, err
		}
		if len(last) > 0 && last[0].Type() != history.TypeRunCancelRequested {
			return last[0].Time, nil
		}
	}
	return record.Queued, nil
}
