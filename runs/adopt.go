package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
)

// Adopt takes over the runs of the [Cluster] of this launcher whose owner is gone, until ctx
// ends. It then returns without an error; runs that it has taken over go on until they end, or
// until the launcher is closed, which leaves them to others. After Close was called, the error
// matches [ErrClosed]. [Launcher.Work] adopts runs too. A launcher that does neither leaves
// such runs alone, and so does one with another executor.
//
// Of several launchers exactly one adopts a run. It prepares the launch again, from the
// definitions and the environment of its process. If the plan of the run differs here from
// that of the launcher that began the run, this launcher does not adopt it, and the log of the
// run says so.
//
// The policies of the run stay the same. Its timeout counts from the beginning of the run. A
// request to cancel it is obeyed, also if it was recorded while nobody owned the run. The run
// is repeated if it fails and its policy says so. It takes its places among the limited runs
// again if they are free, and goes on without them otherwise.
func (l *Launcher) Adopt(ctx context.Context) error {
	l.adopters.Add(1)
	defer l.adopters.Add(-1)
	l.settleLost(ctx)
	if err := panics.Guard(func() error { return l.lookForLost(ctx) }); err != nil && ctx.Err() == nil {
		l.warn("runs whose process is gone could not be taken over", "error", err)
	}
	select {
	case <-ctx.Done():
		return nil
	case <-l.closing:
		return fmt.Errorf("taking over runs: %w", ErrClosed)
	}
}

// adopt takes over a run whose owner is gone, if it is on the cluster of this launcher.
func (l *Launcher) adopt(ctx context.Context, id, gone string) error {
	if _, told := l.notAdopted.Load(id); told {
		return nil
	}
	record, err := history.Find(ctx, l.config.Store, id)
	if err != nil || record.Owner != gone || record.Status.Finished() {
		return err
	}
	place, err := l.clusterOf(id)
	if err != nil || place.Name != record.Cluster.Name {
		return err
	}
	if !place.Same(record.Cluster) {
		return l.leaveLost(ctx, id, fmt.Errorf("the run is executed in %s at %s, and this process names %s: give all processes the same address",
			record.Cluster.Name, record.Cluster.Place, place.Place))
	}
	prepared, err := l.prepareLost(ctx, record)
	if refused, ok := errors.AsType[*foreignError](err); ok {
		return l.leaveLost(ctx, id, refused)
	}
	if err != nil {
		return err
	}
	own, err := l.ownership.hold(ctx)
	if err != nil {
		return err
	}
	run := newRun(ctx, prepared.launch, l)
	close(run.queued)
	if err := l.enter(run); err != nil {
		run.log.close()
		return err
	}
	record, seq, err := l.claimLost(ctx, record, own)
	if err != nil || seq == 0 {
		run.log.close()
		l.leave(run)
		return err
	}
	run.continues(record, seq, own)
	select {
	case <-l.closing: // it may not have been left when the launcher was closed
		run.leaveRun("the launcher is closing")
	default:
	}
	run.places = l.placesIfFree(ctx, record)
	l.begin(run, func() {})
	return nil
}

// prepareLost prepares the launch of a lost run again. The error of a run that this program
// cannot own is a foreignError.
func (l *Launcher) prepareLost(ctx context.Context, record history.Record) (*Prepared, error) {
	queued, err := queuedAs(ctx, l.config.Store, record.ID)
	if err != nil {
		return nil, err
	}
	starting, err := startingAs(ctx, l.config.Store, record.ID)
	if err != nil {
		return nil, err
	}
	prepared, err := l.prepareQueued(record, queued)
	if errors.Is(err, container.ErrInvalid) {
		return nil, &foreignError{err}
	}
	if err != nil {
		return nil, err
	}
	if fingerprint(prepared.launch.plan, prepared.launch.child.Preview()) != starting.Plan {
		return nil, &foreignError{errors.New("the definitions of this program differ from those of the program that began the run")}
	}
	return prepared, nil
}

// leaveLost says in the log of a run why this program does not take it over, now or later.
func (l *Launcher) leaveLost(ctx context.Context, id string, why error) error {
	l.notAdopted.Store(id, true)
	_, err := l.config.Store.Append(ctx, history.Event{RunID: id, Time: time.Now(), Data: history.LogWritten{
		Level: slog.LevelWarn, Message: "the process that executed the run is gone, and this one cannot take it over, so it leaves the run to others",
		Attrs: history.Attrs{{Name: "process", Value: l.ownership.name}, {Name: "error", Value: why.Error()}},
	}})
	return err
}

// claimLost records that this process has taken over a run, as long as its owner is the one
// that is gone. The event has the sequence number that follows those that were read, so of
// several processes one succeeds; an event of a worker that comes between makes this one read
// again. It returns the record before the event and the sequence number of the event, which is
// 0 if another process has the run.
func (l *Launcher) claimLost(ctx context.Context, record history.Record, own owner) (history.Record, int64, error) {
	for gone := record.Owner; record.Owner == gone && !record.Status.Finished(); {
		event := history.Event{RunID: record.ID, Seq: record.Seq + 1, Time: time.Now(), Data: history.RunAdopted{Owner: own.String()}}
		err := l.appendUntilKnown(ctx, event)
		if err == nil {
			return record, event.Seq, nil
		}
		if isRefusal(err) {
			record, err = history.Find(ctx, l.config.Store, record.ID)
		}
		if err != nil {
			return record, 0, fmt.Errorf("taking over run %s: %w", event.RunID, err)
		}
	}
	return record, 0, nil
}

// continues makes the run one that goes on from a record.
func (r *Run) continues(record history.Record, seq int64, own owner) {
	r.log.continues(seq, record.Status)
	r.owner, r.admitted, r.executing = own, true, record.Started
	r.adopted.Store(seq)
	if record.Status == history.StatusRunning {
		r.execution.starting.do(func() {})
	}
	r.execution.keepStates(record)
	r.place(record.Cluster)
}

// placesIfFree takes the places of a run among the limited ones, if they are free.
func (l *Launcher) placesIfFree(ctx context.Context, record history.Record) *places {
	taken, _, err := takePlaces(ctx, l.config.Locks, l.config.Limits.ofRun(record.Tags))
	if err != nil {
		l.warn("the places of a run that was taken over could not be taken", "run", record.ID, "error", err)
	}
	return taken
}

// leaveRun ends the execution of a run on a cluster here, and leaves the run to others. It
// returns false for any other run.
func (r *Run) leaveRun(why string) bool {
	if !r.onCluster.Load() {
		return false
	}
	cause := fmt.Errorf("%w: %s", ErrLeft, why)
	r.cancelOnce.Do(func() { r.cancel(cause) })
	r.execution.disown(cause) // also if the run was cancelled before
	return true
}
