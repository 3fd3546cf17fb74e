package runs

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrClosed is matched by the error of a launch or of a step after [Launcher.Close]
// was called.
var ErrClosed = errors.New("the launcher is closed")

// Close ends the work of the launcher. It refuses new launches and new steps, and
// waits for the active runs and for the active calls of [Launcher.ExecuteStep]. If
// ctx ends before them, Close cancels them, and waits until their resources are
// stopped. A run on a [Cluster] is then left to other processes instead, and so is a run that
// this launcher has adopted, without a wait. A run that is to be repeated after a wait is left
// to other processes if they can execute it. At last Close releases the lock that tells others
// that the launcher exists.
func (l *Launcher) Close(ctx context.Context) error {
	l.refuse()
	for _, run := range l.activeRuns() {
		if run.adopted.Load() > 0 {
			run.leaveRun("the launcher is closing")
		}
	}
	err := l.drain(ctx)
	l.line.served.Wait()
	l.pools.served.Wait()
	l.pruneAtClose()
	if released := l.ownership.release(); released != nil {
		err = errors.Join(err, fmt.Errorf("closing the launcher: releasing its lock: %w", released))
	}
	return err
}

// Drain is [Launcher.Close] for a process that is to end soon. The active runs start no
// more steps, and those that are running may go on until ctx ends: see [Run.Drain]. Runs on a
// [Cluster] are left to other processes at once. A ctx without a deadline lets the runs go on,
// as Close does.
func (l *Launcher) Drain(ctx context.Context) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		return l.Close(ctx)
	}
	l.refuse()
	under := l.activeRuns()
	for _, run := range under {
		if !run.leaveRun("the launcher is closing") {
			run.Drain("the launcher is closing", time.Until(deadline))
		}
	}
	err := l.Close(ctx)
	cancelled := 0
	for _, run := range under {
		if run.drainEnded.Load() {
			cancelled++
		}
	}
	if err == nil && cancelled > 0 { // before Close saw the end of ctx, which is at the same moment
		return errUnderWay(cancelled, 0, context.DeadlineExceeded)
	}
	return err
}

// errUnderWay is the error of a launcher that had to cancel what it was executing.
func errUnderWay(runs, steps int, cause error) error {
	return fmt.Errorf("closing the launcher: cancelled runs under way: %d, and steps of other runs: %d: %w", runs, steps, cause)
}

// refuse has the launcher take no more launches, steps and queued runs.
func (l *Launcher) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
}

// drain waits for what is active, and cancels it when ctx has ended.
func (l *Launcher) drain(ctx context.Context) error {
	l.refuse()
	drained := make(chan struct{})
	go func() {
		l.ended.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
	}
	under := l.activeRuns()
	l.mu.Lock()
	steps := slices.Collect(maps.Values(l.steps))
	l.mu.Unlock()
	for _, cancel := range steps {
		cancel(cancelledBecause("the launcher is closing"))
	}
	under = slices.DeleteFunc(under, func(run *Run) bool { return run.leaveRun("the launcher is closing") })
	for _, run := range under {
		run.Cancel("the launcher is closing")
	}
	<-drained
	if len(under)+len(steps) == 0 {
		return nil
	}
	return errUnderWay(len(under), len(steps), context.Cause(ctx))
}

func (l *Launcher) activeRuns() []*Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.active))
}
