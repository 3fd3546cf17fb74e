// Package locks has named locks that end with the process that holds them.
//
// A lock is held by at most one holder at a time. The operating system or the database
// releases it when the process of the holder ends, no matter how it ends. So nobody needs a
// heartbeat, a lease or the clock to find out whether a holder still exists: whoever can take
// the lock knows that the holder is gone.
//
// Package filelocks keeps locks in the files of a folder, for the processes of one machine.
// Package postgreslocks keeps them in the sessions of a PostgreSQL server, for many machines.
// [Memory] keeps them in this process. What a [Locker] must do is written here, and is tested
// by package lockstest.
//
// The package imports only the standard library.
package locks

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrHeld is matched by the error of [Locker.TryLock] if somebody holds the lock. It may be
// another part of the same process.
var ErrHeld = errors.New("somebody else holds the lock")

// Locker gives locks by their names. Two Lockers over the same folder or database give the
// same locks. A Locker is safe for concurrent use.
//
// A name is any text that is not empty, and names that differ in any byte are different locks.
type Locker interface {
	// TryLock takes the lock with a name. It does not wait: if somebody holds the lock, the
	// error matches [ErrHeld]. If ctx ends before the lock is taken, nothing is taken. The
	// lock does not end with ctx.
	TryLock(ctx context.Context, name string) (Lock, error)

	// Held reports whether somebody holds the lock with a name. It changes nothing, so also
	// a process that may only read can call it. The answer may be out of date when it comes,
	// except for a holder that is gone: it never holds the lock again.
	Held(ctx context.Context, name string) (bool, error)
}

// Placed is implemented by a [Locker] that knows which place of locks it gives locks of. That
// nobody holds a lock says something about its holder only in the place where the holder took it:
// another folder or database never had this lock.
type Placed interface {
	// Place returns a text that names the place. It is the same for all Lockers over the same
	// locks, and Lockers over other locks have another one. It changes nothing, so it is "" in
	// a place where no lock was ever taken.
	Place(ctx context.Context) (string, error)
}

// Lock is a lock that is held. It is safe for concurrent use.
type Lock interface {
	// Unlock releases the lock. Calls after the first do nothing and return nil.
	Unlock() error

	// Lost returns a channel that is closed if the lock ends without Unlock, as it does when
	// the session of a database is lost. The holder must then stop what the lock protects.
	// For locks that cannot get lost the channel is nil, which never delivers.
	Lost() <-chan struct{}
}

// The waiting time between two attempts of [Wait].
const (
	shortestWait = 2 * time.Millisecond
	longestWait  = 100 * time.Millisecond
)

// Wait takes the lock with a name, and waits until it is free. It asks again and again, at
// most ten times a second when the wait gets long. Those who wait get the lock in no certain
// order. If ctx ends first, the error matches ctx.Err().
func Wait(ctx context.Context, locker Locker, name string) (Lock, error) {
	pause := shortestWait
	for {
		lock, err := locker.TryLock(ctx, name)
		if !errors.Is(err, ErrHeld) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for lock %q: %w", name, ctx.Err())
		case <-time.After(pause):
		}
		pause = min(2*pause, longestWait)
	}
}

// CheckName returns an error for a name that no Locker accepts. It is for the authors of a
// Locker.
func CheckName(name string) error {
	if name == "" {
		return errors.New("taking a lock: the name is empty")
	}
	return nil
}
