package runs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/locks"
)

// ownership is the lock that tells others that the launcher exists. It ends with the
// process, whatever ends that, so whoever finds the lock free knows that the runs of
// this launcher are lost.
type ownership struct {
	locker locks.Locker
	name   string // of the owner

	mu     sync.Mutex
	lock   locks.Lock // nil before the first run, and after release
	owner  owner      // set with the lock
	closed bool
	stop   context.CancelFunc // ends the watch
	watch  sync.WaitGroup
}

// hold takes the lock before the first run that the launcher records, and again if the
// lock was lost. It returns the owner that the lock is named after.
func (o *ownership) hold(ctx context.Context) (owner, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return owner{}, ErrClosed
	}
	if o.lock != nil && !isLost(o.lock) {
		return o.owner, nil
	}
	err := panics.Guard(func() error { return o.take(ctx) })
	if err != nil {
		return owner{}, fmt.Errorf("telling others that this process exists: %w", err)
	}
	return o.owner, nil
}

// take takes the lock. The caller holds the mutex.
func (o *ownership) take(ctx context.Context) error {
	own := owner{name: o.name}
	lock, err := o.locker.TryLock(ctx, own.lockName())
	if err != nil {
		return err
	}
	if own.place, err = placeOf(ctx, o.locker); err != nil {
		return errors.Join(err, lock.Unlock())
	}
	o.lock, o.owner = lock, own
	return nil
}

// lost returns a channel that is closed when the lock is lost.
func (o *ownership) lost() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.lock == nil {
		return nil
	}
	return o.lock.Lost()
}

func isLost(lock locks.Lock) bool {
	select {
	case <-lock.Lost():
		return true
	default:
		return false
	}
}

// begin starts the watch, a function that runs until release. The first call counts.
func (o *ownership) begin(watch func(context.Context)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed || o.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	o.stop = stop
	o.watch.Go(func() { watch(ctx) })
}

// release ends the watch and releases the lock. Further calls do nothing.
func (o *ownership) release() error {
	o.mu.Lock()
	lock, stop := o.lock, o.stop
	o.lock, o.closed = nil, true
	o.mu.Unlock()
	if stop != nil {
		stop()
	}
	o.watch.Wait()
	if lock == nil {
		return nil
	}
	return panics.Guard(lock.Unlock)
}

const (
	// regainEvery is the time between two attempts to take a lock again that was lost.
	regainEvery = 200 * time.Millisecond
	// regainWithin is how long the runs of a launcher go on without its lock. Meanwhile
	// others may record them as failed, which ends them too.
	regainWithin = 10 * time.Second
)

// errUnowned is why runs end whose launcher could not take its lock again.
var errUnowned = errors.New("the lock that tells others that this process exists was lost, so others may take the run for lost")

// regain takes the lock again after the session of a database was lost. It ends the
// active runs if that takes too long.
func (l *Launcher) regain(ctx context.Context) {
	ticker := time.NewTicker(regainEvery)
	defer ticker.Stop()
	for began := time.Now(); ; {
		_, err := l.ownership.hold(ctx)
		if err == nil || ctx.Err() != nil {
			return
		}
		if time.Since(began) > regainWithin {
			l.cancelActive(fmt.Errorf("%w: %w", errUnowned, err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// cancelActive ends the active runs, which fail by the cause. Those on a cluster are left to
// others.
func (l *Launcher) cancelActive(cause error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, run := range l.active {
		if !run.leaveRun(cause.Error()) {
			run.cancel(cause)
		}
	}
}
