package runs

import (
	"context"
	"sync"
	"time"

	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/locks"
)

const (
	// sharedFor is how long the runs of a process share a lock before they leave it to other
	// processes.
	sharedFor = time.Second
	// leftFor is how long they leave it. It is longer than the time between two attempts of
	// locks.Wait, so a process that waits gets the lock.
	leftFor = 120 * time.Millisecond
)

// storeLock is the lock among processes of the turn to store an asset. The runs of one process
// share it whose records are being stored, since these get their order in this process. The
// zero storeLock is not held.
type storeLock struct {
	mu    sync.Mutex
	lock  locks.Lock // nil if it is not held
	users int
	since time.Time
	free  chan struct{} // closed when the lock is given back; made with the lock
}

// enter takes a share of the lock. If there is none, acquire takes the lock. Only who has the
// turn in this process may call enter.
func (l *storeLock) enter(ctx context.Context, acquire func() (locks.Lock, error)) error {
	free, shared := l.share()
	if shared {
		return nil
	}
	if free != nil {
		select {
		case <-free:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if !backoff.Wait(ctx, l.toLeave()) {
			return context.Cause(ctx)
		}
	}
	lock, err := acquire()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lock, l.users, l.since, l.free = lock, 1, time.Now(), make(chan struct{})
	return nil
}

// share takes a share of the lock if it is held, and others need not have it yet. Otherwise it
// returns what is closed when it is given back, or nil if it is not held.
func (l *storeLock) share() (free <-chan struct{}, shared bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lock == nil {
		return nil, false
	}
	if l.users == 0 || isLost(l.lock) || time.Since(l.since) > sharedFor {
		return l.free, false
	}
	l.users++
	return nil, true
}

// toLeave returns how long the lock is left to others after it was given back.
func (l *storeLock) toLeave() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.since) > sharedFor {
		return leftFor
	}
	return 0
}

// leave gives a share back, and the lock with the last one.
func (l *storeLock) leave() error {
	l.mu.Lock()
	l.users--
	lock, last := l.lock, l.users == 0
	l.mu.Unlock()
	if !last {
		return nil
	}
	err := panics.Guard(lock.Unlock)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lock = nil
	close(l.free)
	return err
}
