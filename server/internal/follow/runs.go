package follow

import (
	"context"
	"log/slog"
	"sync"
)

// waiting is how many messages may wait for a follower before it is dropped.
const waiting = 16

// Reader reads a run, and sends what changes, until the run has ended or ctx ends. It begins
// after the event from. Each message goes up to an event, whose number it sends too.
type Reader[M any] func(ctx context.Context, run string, from int64, send func(message M, upTo int64)) error

// Runs are the runs that are followed. It is safe for concurrent use.
type Runs[M any] struct {
	read   Reader[M]
	logger *slog.Logger
	ctx    context.Context //nolint:containedctx // it ends the readers, which outlive no call of Close
	cancel context.CancelFunc

	mu   sync.Mutex
	runs map[string]*followed[M]
	done sync.WaitGroup
}

// followed is a run with its followers.
type followed[M any] struct {
	followers map[chan M]bool
	upTo      int64 // the last event that was sent
	cancel    context.CancelFunc
}

// New returns runs that nobody follows. The errors of read go to the logger. The caller calls
// Close.
func New[M any](logger *slog.Logger, read Reader[M]) *Runs[M] {
	ctx, cancel := context.WithCancel(context.Background())
	return &Runs[M]{read: read, logger: logger, ctx: ctx, cancel: cancel, runs: make(map[string]*followed[M])}
}

// Close ends all readers and closes the channels of all followers.
func (r *Runs[M]) Close() {
	r.mu.Lock()
	r.cancel()
	r.mu.Unlock()
	r.done.Wait()
}

// Join adds a follower to a run. It gets everything after the event that Join returns, up to
// the end of the run, and then its channel is closed. It is also closed if the follower is too
// slow, and by Close. from is an event that the history has. The caller calls leave.
func (r *Runs[M]) Join(id string, from int64) (messages <-chan M, upTo int64, leave func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	follower := make(chan M, waiting)
	if r.ctx.Err() != nil {
		close(follower)
		return follower, from, func() {}
	}
	run := r.runs[id]
	if run == nil {
		ctx, cancel := context.WithCancel(r.ctx)
		run = &followed[M]{followers: make(map[chan M]bool), upTo: from, cancel: cancel}
		r.runs[id] = run
		r.done.Go(func() {
			defer cancel()
			defer r.end(id, run)
			send := func(message M, upTo int64) { r.send(run, message, upTo) }
			if err := r.read(ctx, id, from, send); err != nil && ctx.Err() == nil {
				r.logger.Error("following a run", "run", id, "error", err)
			}
		})
	}
	run.followers[follower] = true
	return follower, run.upTo, func() { r.leave(id, follower) }
}

// leave ends a follower. The last one ends the reading of the run.
func (r *Runs[M]) leave(id string, follower chan M) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if run := r.runs[id]; run != nil && run.followers[follower] {
		delete(run.followers, follower)
		if len(run.followers) == 0 {
			delete(r.runs, id)
			run.cancel()
		}
	}
}

// end closes the channels of all followers of a run.
func (r *Runs[M]) end(id string, run *followed[M]) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for follower := range run.followers {
		run.drop(follower)
	}
	if r.runs[id] == run {
		delete(r.runs, id)
	}
}

// send gives a message to all followers. A follower that is too slow is dropped.
func (r *Runs[M]) send(run *followed[M], message M, upTo int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	run.upTo = max(run.upTo, upTo)
	for follower := range run.followers {
		select {
		case follower <- message:
		default:
			run.drop(follower)
		}
	}
}

func (f *followed[M]) drop(follower chan M) {
	delete(f.followers, follower)
	close(follower)
}
