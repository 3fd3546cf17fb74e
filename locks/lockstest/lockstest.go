// Package lockstest is the conformance suite that every locks.Locker passes.
//
//	func TestLocks(t *testing.T) {
//		lockstest.Run(t, func(t *testing.T) lockstest.Subject {
//			folder := t.TempDir()
//			return lockstest.Subject{Open: func(*testing.T) locks.Locker { return filelocks.New(folder) }}
//		})
//	}
package lockstest

import (
	"bufio"
	"context"
	"errors"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/locks"
)

// Subject is a place of locks under test.
type Subject struct {
	// Open returns another Locker over the same locks. It registers its cleanup with the t
	// that it is given. Required.
	Open func(t *testing.T) locks.Locker
	// Process returns a command of another process that takes the lock with a name, then
	// writes the line "held" to its standard output, and holds the lock until it ends. The suite kills
	// it. Nil says that other processes cannot take these locks.
	Process func(t *testing.T, name string) *exec.Cmd
}

// Run checks every clause of the contract, each as a subtest with a subject of its own.
func Run(t *testing.T, newSubject func(t *testing.T) Subject) {
	t.Helper()
	for _, c := range []struct {
		name  string
		check func(*testing.T, Subject)
	}{
		{"a lock has one holder", oneHolder},
		{"a released lock can be taken again", releasedCanBeTaken},
		{"a lock is released once", releasedOnce},
		{"names that differ are different locks", namesAreApart},
		{"the empty name is refused", emptyNameIsRefused},
		{"looking at a lock tells whether it is held and takes nothing", heldTells},
		{"looking at a lock disturbs nobody who takes it", heldDisturbsNobody},
		{"an ended context takes nothing", endedContextTakesNothing},
		{"a lock outlives the context of its taking", lockOutlivesContext},
		{"a lock stays held if its holder drops it", droppedStaysHeld},
		{"many who want a lock get it one after another", neverTwoAtOnce},
		{"a lock that is taken at the moment of its release has one holder", neverTwoAtTheRelease},
		{"waiting ends with the context", waitingEnds},
		{"all lockers over the same locks are of one place", onePlace},
		{"a lock ends with the process that holds it", endsWithProcess},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.check(t, newSubject(t))
		})
	}
}

func take(t *testing.T, locker locks.Locker, name string) locks.Lock {
	t.Helper()
	lock, err := locker.TryLock(t.Context(), name)
	if err != nil {
		t.Fatalf("TryLock(%q): %v", name, err)
	}
	t.Cleanup(func() { _ = lock.Unlock() })
	return lock
}

func release(t *testing.T, lock locks.Lock) {
	t.Helper()
	if lock == nil {
		t.Fatal("TryLock gives neither a lock nor an error")
	}
	if err := lock.Unlock(); err != nil {
		t.Fatalf("Unlock: %v", err)
	}
}

// expectHeld checks what one who wants the lock meets, and what one who looks sees.
func expectHeld(t *testing.T, locker locks.Locker, name string) {
	t.Helper()
	lock, err := locker.TryLock(t.Context(), name)
	if err == nil && lock != nil {
		_ = lock.Unlock()
	}
	if !errors.Is(err, locks.ErrHeld) {
		t.Errorf("TryLock(%q) of a lock that is held gives the error %v, want locks.ErrHeld", name, err)
	}
	if held, err := locker.Held(t.Context(), name); !held || err != nil {
		t.Errorf("Held(%q) = %v, %v for a lock that is held", name, held, err)
	}
}

func expectFree(t *testing.T, locker locks.Locker, name string) {
	t.Helper()
	if held, err := locker.Held(t.Context(), name); held || err != nil {
		t.Errorf("Held(%q) = %v, %v for a lock that nobody holds", name, held, err)
	}
	lock, err := locker.TryLock(t.Context(), name)
	if err != nil {
		t.Errorf("TryLock(%q) of a lock that nobody holds: %v", name, err)
		return
	}
	release(t, lock)
}

func oneHolder(t *testing.T, s Subject) {
	locker := s.Open(t)
	take(t, locker, "a")
	expectHeld(t, locker, "a")
	expectHeld(t, s.Open(t), "a")
}

func releasedCanBeTaken(t *testing.T, s Subject) {
	first, second := s.Open(t), s.Open(t)
	for range 3 {
		release(t, take(t, first, "a"))
		expectFree(t, second, "a")
		expectFree(t, first, "a")
	}
}

func releasedOnce(t *testing.T, s Subject) {
	locker := s.Open(t)
	old := take(t, locker, "a")
	release(t, old)
	take(t, locker, "a")
	release(t, old)
	expectHeld(t, locker, "a")
}

func namesAreApart(t *testing.T, s Subject) {
	locker := s.Open(t)
	long := strings.Repeat("long", 100)
	names := []string{"a", "A", "a/b", "a.b", "a b", "a%2fb", "..", ".", "ä", "\xff", "a\x00", "%", "a\nb", long, long + "er", "pool/warehouse/1", "pool/warehouse/11"}
	for _, name := range names {
		take(t, locker, name)
	}
	for _, name := range names {
		expectHeld(t, s.Open(t), name)
	}
	expectFree(t, locker, "b")
}

func emptyNameIsRefused(t *testing.T, s Subject) {
	locker := s.Open(t)
	if lock, err := locker.TryLock(t.Context(), ""); err == nil || errors.Is(err, locks.ErrHeld) || lock != nil {
		t.Errorf("TryLock of the empty name gives %v and the error %v", lock, err)
	}
	if held, err := locker.Held(t.Context(), ""); err == nil || held {
		t.Errorf("Held of the empty name gives %v and the error %v", held, err)
	}
}

func heldTells(t *testing.T, s Subject) {
	locker, other := s.Open(t), s.Open(t)
	expectFree(t, locker, "a")
	lock := take(t, locker, "a")
	for range 3 {
		expectHeld(t, other, "a")
		expectHeld(t, locker, "a")
	}
	release(t, lock)
	for range 3 {
		expectFree(t, other, "a")
	}
}

func heldDisturbsNobody(t *testing.T, s Subject) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var looking sync.WaitGroup
	defer looking.Wait()
	defer stop()
	var begun sync.WaitGroup
	for range 4 {
		locker := s.Open(t)
		begun.Add(1)
		looking.Go(func() {
			begin := sync.OnceFunc(begun.Done)
			defer begin()
			for ctx.Err() == nil {
				if _, err := locker.Held(ctx, "a"); err != nil && ctx.Err() == nil {
					t.Errorf("Held: %v", err)
					return
				}
				begin()
			}
		})
	}
	begun.Wait()
	locker := s.Open(t)
	for i := range 200 {
		lock, err := locker.TryLock(t.Context(), "a")
		if err != nil {
			t.Fatalf("TryLock number %d of a lock that others only look at: %v", i, err)
		}
		release(t, lock)
	}
}

func endedContextTakesNothing(t *testing.T, s Subject) {
	locker := s.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if lock, err := locker.TryLock(ctx, "a"); !errors.Is(err, context.Canceled) || lock != nil {
		t.Errorf("TryLock after the end of its context gives %v and the error %v, want context.Canceled", lock, err)
	}
	if _, err := locker.Held(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("Held after the end of its context gives the error %v, want context.Canceled", err)
	}
	expectFree(t, locker, "a")
}

func lockOutlivesContext(t *testing.T, s Subject) {
	locker := s.Open(t)
	ctx, cancel := context.WithCancel(t.Context())
	lock, err := locker.TryLock(ctx, "a")
	if err != nil {
		t.Fatalf("TryLock: %v", err)
	}
	cancel()
	expectHeld(t, s.Open(t), "a")
	select {
	case <-lock.Lost():
		t.Error("the lock is lost with the context of its taking")
	default:
	}
	release(t, lock)
	expectFree(t, locker, "a")
}

func droppedStaysHeld(t *testing.T, s Subject) {
	if _, err := s.Open(t).TryLock(t.Context(), "a"); err != nil {
		t.Fatalf("TryLock: %v", err)
	}
	for range 3 {
		runtime.GC()
		expectHeld(t, s.Open(t), "a")
	}
}

func neverTwoAtOnce(t *testing.T, s Subject) {
	const holders, rounds = 8, 25
	var inside, taken atomic.Int64
	var all sync.WaitGroup
	for range holders {
		locker := s.Open(t)
		all.Go(func() {
			for range rounds {
				lock, err := locks.Wait(t.Context(), locker, "a")
				if err != nil {
					t.Errorf("Wait: %v", err)
					return
				}
				if now := inside.Add(1); now != 1 {
					t.Errorf("%d hold the lock at once", now)
				}
				taken.Add(1)
				inside.Add(-1)
				if err := lock.Unlock(); err != nil {
					t.Errorf("Unlock: %v", err)
				}
			}
		})
	}
	all.Wait()
	if taken.Load() != holders*rounds {
		t.Errorf("the lock was taken %d times, want %d", taken.Load(), holders*rounds)
	}
}

// neverTwoAtTheRelease asks without any pause, so that the taking of a lock meets its release:
// what a holder cleans up then, such as a file, must not hide the lock of the next one.
func neverTwoAtTheRelease(t *testing.T, s Subject) {
	const holders, rounds = 6, 150
	var inside atomic.Int64
	var all sync.WaitGroup
	for range holders {
		locker := s.Open(t)
		all.Go(func() {
			for taken := 0; taken < rounds; {
				lock, err := locker.TryLock(t.Context(), "a")
				if errors.Is(err, locks.ErrHeld) {
					runtime.Gosched()
					continue
				}
				if err != nil {
					t.Errorf("TryLock: %v", err)
					return
				}
				taken++
				if now := inside.Add(1); now != 1 {
					t.Errorf("%d hold the lock at once", now)
				}
				for range 20 {
					runtime.Gosched()
				}
				inside.Add(-1)
				if err := lock.Unlock(); err != nil {
					t.Errorf("Unlock: %v", err)
				}
			}
		})
	}
	all.Wait()
}

func waitingEnds(t *testing.T, s Subject) {
	locker := s.Open(t)
	take(t, locker, "a")
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := locks.Wait(ctx, locker, "a")
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Wait after the end of its context gives the error %v, want context.Canceled", err)
	}
}

func onePlace(t *testing.T, s Subject) {
	places := make([]string, 8)
	var all sync.WaitGroup
	for i := range places {
		locker := s.Open(t)
		placed, ok := locker.(locks.Placed)
		if !ok {
			t.Skip("this locker does not know its place")
		}
		all.Go(func() { // the first locks of a place, at once
			lock, err := locker.TryLock(t.Context(), string(rune('a'+i)))
			if err != nil {
				t.Errorf("TryLock: %v", err)
				return
			}
			defer func() { _ = lock.Unlock() }()
			if places[i], err = placed.Place(t.Context()); err != nil {
				t.Errorf("Place: %v", err)
			}
		})
	}
	all.Wait()
	slices.Sort(places)
	if places = slices.Compact(places); len(places) != 1 || places[0] == "" {
		t.Errorf("lockers over the same locks are of the places %q", places)
	}
}

func endsWithProcess(t *testing.T, s Subject) {
	if s.Process == nil {
		t.Skip("other processes cannot take these locks")
	}
	locker := s.Open(t)
	for range 3 {
		command := s.Process(t, "a")
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || line != "held\n" {
			t.Fatalf("the other process says %q, and %v", line, err)
		}
		expectHeld(t, locker, "a")
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = command.Wait() // which tells that it was killed
		lock, err := locks.Wait(t.Context(), locker, "a")
		if err != nil {
			t.Fatalf("taking the lock of a process that was killed: %v", err)
		}
		release(t, lock)
	}
}
