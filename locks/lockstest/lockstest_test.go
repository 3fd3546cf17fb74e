package lockstest_test

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/internal/suitetest"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/lockstest"
)

// broken changes one thing about locks that are right.
type broken struct {
	locks.Locker
	tryLock func(ctx context.Context, name string) (locks.Lock, error)
	held    func(ctx context.Context, name string) (bool, error)
}

func (b broken) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	if b.tryLock != nil {
		return b.tryLock(ctx, name)
	}
	return b.Locker.TryLock(ctx, name)
}

func (b broken) Held(ctx context.Context, name string) (bool, error) {
	if b.held != nil {
		return b.held(ctx, name)
	}
	return b.Locker.Held(ctx, name)
}

type lock struct {
	locks.Lock
	unlock func() error
}

func (l lock) Unlock() error { return l.unlock() }

// elsewhere says that it is of a place of its own, and of another one each time.
type elsewhere struct{ locks.Locker }

func (elsewhere) Place(context.Context) (string, error) { return rand.Text(), nil }

// faults are Lockers that break one clause each.
var faults = map[string]struct {
	clause string
	broken func(locks.Locker) locks.Locker
}{
	"gives a lock to everybody": {"a lock has one holder", func(l locks.Locker) locks.Locker {
		return broken{Locker: l, tryLock: func(context.Context, string) (locks.Lock, error) {
			return locks.NewMemory().TryLock(context.Background(), "a")
		}}
	}},
	"never releases": {"a released lock can be taken again", func(l locks.Locker) locks.Locker {
		return broken{Locker: l, tryLock: func(ctx context.Context, name string) (locks.Lock, error) {
			got, err := l.TryLock(ctx, name)
			if err != nil {
				return nil, err
			}
			return lock{Lock: got, unlock: func() error { return nil }}, nil
		}}
	}},
	"releases the lock of the next holder": {"a lock is released once", func(l locks.Locker) locks.Locker {
		var mu sync.Mutex
		last := map[string]locks.Lock{}
		return broken{Locker: l, tryLock: func(ctx context.Context, name string) (locks.Lock, error) {
			got, err := l.TryLock(ctx, name)
			if err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			last[name] = got
			return lock{Lock: got, unlock: func() error {
				mu.Lock()
				defer mu.Unlock()
				return last[name].Unlock()
			}}, nil
		}}
	}},
	"ignores case": {"names that differ are different locks", func(l locks.Locker) locks.Locker {
		return broken{Locker: l, tryLock: func(ctx context.Context, name string) (locks.Lock, error) {
			return l.TryLock(ctx, strings.ToLower(name))
		}}
	}},
	"accepts the empty name": {"the empty name is refused", func(l locks.Locker) locks.Locker {
		return broken{Locker: l, tryLock: func(ctx context.Context, name string) (locks.Lock, error) { return l.TryLock(ctx, "+"+name) }}
	}},
	"says that nothing is held": {"looking at a lock tells whether it is held and takes nothing", func(l locks.Locker) locks.Locker {
		return broken{Locker: l, held: func(context.Context, string) (bool, error) { return false, nil }}
	}},
	"looks by taking": {"looking at a lock disturbs nobody who takes it", func(l locks.Locker) locks.Locker {
		var mu sync.Mutex
		var last locks.Lock
		return broken{Locker: l, held: func(ctx context.Context, name string) (bool, error) {
			mu.Lock()
			defer mu.Unlock()
			if last != nil {
				return false, nil
			}
			got, err := l.TryLock(ctx, name)
			last = got             // and is never released, so that those who take the lock meet it
			return err != nil, nil //nolint:nilerr // the fault is meant
		}}
	}},
	"names another place each time": {"all lockers over the same locks are of one place", func(l locks.Locker) locks.Locker { return elsewhere{l} }},
	"takes for nobody": {"an ended context takes nothing", func(l locks.Locker) locks.Locker {
		return broken{Locker: l, tryLock: func(ctx context.Context, name string) (locks.Lock, error) {
			_, _ = l.TryLock(context.WithoutCancel(ctx), name)
			return nil, ctx.Err()
		}}
	}},
	"releases with the context": {"a lock outlives the context of its taking", func(l locks.Locker) locks.Locker {
		var mu sync.Mutex
		taken := map[context.Context]locks.Lock{}
		release := func() {
			mu.Lock()
			defer mu.Unlock()
			for ctx, lock := range taken {
				if ctx.Err() != nil {
					_ = lock.Unlock()
				}
			}
		}
		return broken{Locker: l, tryLock: func(ctx context.Context, name string) (locks.Lock, error) {
			release()
			got, err := l.TryLock(ctx, name)
			if err == nil {
				mu.Lock()
				taken[ctx] = got
				mu.Unlock()
			}
			return got, err
		}}
	}},
}

func TestABrokenLockerFailsItsClause(t *testing.T) {
	t.Parallel()
	var subjects []suitetest.Broken
	for name, fault := range faults {
		subjects = append(subjects, suitetest.Broken{Name: name, Clause: fault.clause, Run: func(t *testing.T) {
			locker := fault.broken(locks.NewMemory())
			lockstest.Run(t, func(t *testing.T) lockstest.Subject {
				suitetest.Only(t, fault.clause)
				return lockstest.Subject{Open: func(*testing.T) locks.Locker { return locker }}
			})
		}})
	}
	suitetest.EachFails(t, subjects)
}
