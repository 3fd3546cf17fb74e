package runs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// placeOf is the place of locks, as it stands in the names of owners.
func placeOf(t *testing.T, memory *locks.Memory) string {
	t.Helper()
	place, err := memory.Place(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return place
}

// record appends the events of a run.
func record(t *testing.T, store history.Store, id string, events ...history.EventData) {
	t.Helper()
	for _, data := range events {
		if _, err := store.Append(t.Context(), history.Event{RunID: id, Time: time.Now(), Data: data}); err != nil {
			t.Fatal(err)
		}
	}
}

func find(t *testing.T, store history.Store, id string) history.Record {
	t.Helper()
	found, err := history.Find(t.Context(), store, id)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// ended returns the last event of a run, which is its end.
func ended(t *testing.T, store history.Store, id string) history.RunFinished {
	t.Helper()
	events, err := store.Events(t.Context(), history.EventQuery{RunID: id, Types: []history.EventType{history.TypeRunFinished}})
	if err != nil || len(events) != 1 {
		t.Fatalf("the ends of run %s are %v, %v", id, events, err)
	}
	return events[0].Data.(history.RunFinished)
}

func one() []assets.Definition {
	return []assets.Definition{assets.New("left", func() left { return 1 })}
}

// waiting is an asset that is computed until its run is cancelled.
func waiting(begun chan<- struct{}) []assets.Definition {
	return []assets.Definition{assets.New("left", func(ctx context.Context) (left, error) {
		close(begun)
		<-ctx.Done()
		return 0, context.Cause(ctx)
	})}
}

func TestLiveness(t *testing.T) {
	t.Parallel()
	lockers, store := locks.NewMemory(), history.NewMemoryStore()
	begun := make(chan struct{})
	launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: lockers}, memory(), waiting(begun)...)
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	awaits(t, handle, begun)
	defer handle.Cancel("the test is over")
	own := find(t, store, handle.ID()).Owner
	_, place, _ := strings.Cut(own, "@")
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%s/%d/", host, os.Getpid()); !strings.HasPrefix(own, want) || place != placeOf(t, lockers) {
		t.Errorf("the owner is %s, want %s… at %s", own, want, placeOf(t, lockers))
	}
	owned := func(owner string) history.Record {
		return history.Record{Status: history.StatusRunning, Owner: owner}
	}
	finished := owned(own)
	finished.Status = history.StatusFailed
	for name, test := range map[string]struct {
		record history.Record
		want   runs.Liveness
	}{
		"a launcher that executes runs":                 {owned(own), runs.LivenessRunning},
		"a launcher whose lock is free":                 {owned("host/1/abc@" + place), runs.LivenessGone},
		"an earlier process with the number of this":    {owned(fmt.Sprintf("%s/%d/abc@%s", host, os.Getpid(), place)), runs.LivenessGone},
		"a launcher whose lock is in another place":     {owned("host/1/abc@elsewhere"), runs.LivenessUnknown},
		"a launcher without a place":                    {owned("host/1/abc@"), runs.LivenessUnknown},
		"a process of an earlier version":               {owned("host/1/0123456789abcdef/4711"), runs.LivenessUnknown},
		"a process of an earlier version that is vague": {owned("host/1"), runs.LivenessUnknown},
		"an owner that other programs have made":        {owned("worker 7"), runs.LivenessUnknown},
		"an owner without its random text":              {owned("host/1/@" + place), runs.LivenessUnknown},
		"nobody":                                        {owned(""), ""},
		"a run that has finished":                       {finished, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := launcher.Liveness(t.Context(), test.record); err != nil || got != test.want {
				t.Errorf("%s is %q, %v, want %q", test.record.Owner, got, err, test.want)
			}
		})
	}
	t.Run("locks that cannot be asked are an error", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := launcher.Liveness(ctx, owned(own)); !errors.Is(err, context.Canceled) || got != runs.LivenessUnknown {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("a launcher that is closed is gone", func(t *testing.T) {
		handle.Cancel("the test is over")
		if err := launcher.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := launcher.Liveness(t.Context(), owned(own)); err != nil || got != runs.LivenessGone {
			t.Errorf("got %q, %v", got, err)
		}
	})
}

func TestLostRunsAreSettled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lockers, store := locks.NewMemory(), history.NewMemoryStore()
		dead := "host/1/dead@" + placeOf(t, lockers)
		queued := history.RunQueued{Owner: dead, Steps: []string{"step", "later"}}
		begun := []history.EventData{
			queued,
			history.RunStarting{Owner: dead},
			history.ResourceStarting{Resource: "stopped"},
			history.ResourceStarted{Resource: "stopped"},
			history.ResourceStopped{Resource: "stopped"},
			history.ResourceStarting{Resource: "database"},
			history.ResourceStarted{Resource: "database"},
			history.ResourceStarting{Resource: "broken"},
			history.ResourceStarted{Resource: "broken", Error: history.Failure{Message: "no"}},
			history.RunStarted{},
			history.StepStarted{Step: "step", Attempt: 1},
			history.StepFailed{Step: "step", Attempt: 1, Retry: true},
			history.StepStarted{Step: "step", Attempt: 2},
			history.ResourceStarting{Resource: "client", Step: "step"},
			history.ResourceStopping{Resource: "database"},
		}
		record(t, store, "queued", queued)
		record(t, store, "running", begun...)
		time.Sleep(time.Second)
		record(t, store, "running", history.RunCancelRequested{})
		record(t, store, "finished", queued, history.RunFinished{Status: history.StatusCancelled})
		record(t, store, "elsewhere", history.RunQueued{Owner: "host/1/dead@elsewhere"})
		record(t, store, "old", history.RunQueued{Owner: "host/1/0123456789abcdef/4711"})
		record(t, store, "nobody's", history.RunQueued{})
		launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: lockers}, memory(), one()...)
		if got := find(t, store, "queued").Status; got != history.StatusQueued {
			t.Errorf("a launcher that has executed nothing has made a run %s", got)
		}
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]history.Status{
			"queued": history.StatusFailed, "running": history.StatusFailed, "finished": history.StatusCancelled,
			"elsewhere": history.StatusQueued, "old": history.StatusQueued, "nobody's": history.StatusQueued,
		} {
			if got := find(t, store, id).Status; got != want {
				t.Errorf("run %s is %s, want %s", id, got, want)
			}
		}
		want := history.RunFinished{Status: history.StatusFailed, Left: []history.LeftResource{{Resource: "database"}, {Resource: "client", Step: "step"}}}
		want.Error.Message = "the process that executed it (" + dead + ") is gone; resources that were not stopped: database, client of step step; " +
			"it was executing step (attempt 2), whose stored values, and those of steps that had just begun, may be newer than the history says"
		if diff := cmp.Diff(want, ended(t, store, "running")); diff != "" {
			t.Error(diff)
		}
		if lost := find(t, store, "running"); lost.Finished.After(lost.CancelRequested.Add(-time.Second)) {
			t.Errorf("the run ended at %s, which is not the last sign of its process; the request came at %s", lost.Finished, lost.CancelRequested)
		}
		want = history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: "the process that executed it (" + dead + ") is gone"}}
		if diff := cmp.Diff(want, ended(t, store, "queued")); diff != "" {
			t.Error(diff)
		}

		// The launcher goes on looking until it is closed.
		lock, err := lockers.TryLock(t.Context(), "owner/host/1/second")
		if err != nil {
			t.Fatal(err)
		}
		record(t, store, "second", history.RunQueued{Owner: "host/1/second@" + placeOf(t, lockers)})
		time.Sleep(time.Hour)
		if got := find(t, store, "second").Status; got != history.StatusQueued {
			t.Errorf("a run whose owner holds its lock is %s", got)
		}
		if err := lock.Unlock(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if got := find(t, store, "second").Status; got != history.StatusFailed {
			t.Errorf("seconds after its owner has ended the run is %s", got)
		}
		if err := launcher.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		record(t, store, "third", queued)
		time.Sleep(time.Hour)
		if got := find(t, store, "third").Status; got != history.StatusQueued {
			t.Errorf("after the launcher was closed the run is %s", got)
		}
	})
}

func TestTwoLaunchersOfOneProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lockers, store := locks.NewMemory(), history.NewMemoryStore()
		begun := make(chan struct{})
		first := newLauncher(t, runs.LauncherConfig{Store: store, Locks: lockers}, memory(), waiting(begun)...)
		second := newLauncher(t, runs.LauncherConfig{Store: store, Locks: lockers}, memory(), one()...)
		handle, err := first.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		<-begun
		other, err := run(t, second, runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		own := find(t, store, handle.ID())
		if own.Status != history.StatusRunning {
			t.Errorf("the run of the other launcher is %s", own.Status)
		}
		if own.Owner == other.Owner {
			t.Errorf("both launchers are called %s", own.Owner)
		}
		if liveness, err := second.Liveness(t.Context(), own); err != nil || liveness != runs.LivenessRunning {
			t.Errorf("the other launcher is %s, %v", liveness, err)
		}
		handle.Cancel("the test is over")
		if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Error(err)
		}
	})
}

func TestALaunchNeedsTheLockOfItsLauncher(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	store := history.NewMemoryStore()
	launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: filelocks.New(filepath.Join(file, "locks"))}, memory(), one()...)
	for range 2 {
		_, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err == nil || !strings.Contains(err.Error(), "launching a run: telling others that this process exists: taking lock ") || !strings.Contains(err.Error(), file) {
			t.Errorf("the error is %v", err)
		}
	}
	if found, err := store.Runs(t.Context(), history.RunQuery{}); err != nil || len(found) != 0 {
		t.Errorf("recorded %v, %v", found, err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
		t.Errorf("after the folder can be made: %v", err)
	}
}

// waitAnHour waits for the end of a run, and cancels a run that does not end.
func waitAnHour(t *testing.T, handle *runs.Run) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	err := handle.Wait(ctx)
	handle.Cancel("the test is over")
	return err
}

// sessionLocks are locks that can get lost, as those of a database session.
type sessionLocks struct {
	*locks.Memory

	mu     sync.Mutex
	lock   sessionLock // the last one
	broken error       // of TryLock
}

type sessionLock struct {
	locks.Lock
	lost chan struct{}
}

func (l sessionLock) Lost() <-chan struct{} { return l.lost }

func (s *sessionLocks) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return nil, s.broken
	}
	lock, err := s.Memory.TryLock(ctx, name)
	if err != nil {
		return nil, err
	}
	s.lock = sessionLock{lock, make(chan struct{})}
	return s.lock, nil
}

// lose ends the session. err is why none can be opened.
func (s *sessionLocks) lose(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
	_ = s.lock.Unlock()
	close(s.lock.lost)
}

func TestALockThatIsLost(t *testing.T) {
	t.Parallel()
	errGone := errors.New("the server is gone")
	begin := func(t *testing.T, session *sessionLocks) (*runs.Launcher, *runs.Run, history.Store) {
		t.Helper()
		store, begun := history.NewMemoryStore(), make(chan struct{})
		launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: session}, memory(), waiting(begun)...)
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		awaits(t, handle, begun)
		return launcher, handle, store
	}
	t.Run("is taken again, and the run goes on", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			session := &sessionLocks{Memory: locks.NewMemory()}
			launcher, handle, store := begin(t, session)
			session.lose(errGone)
			time.Sleep(5 * time.Second)
			session.mu.Lock()
			session.broken = nil
			session.mu.Unlock()
			time.Sleep(time.Minute)
			own := find(t, store, handle.ID())
			if liveness, err := launcher.Liveness(t.Context(), own); own.Status != history.StatusRunning || liveness != runs.LivenessRunning || err != nil {
				t.Errorf("the run is %s, and its launcher %s, %v", own.Status, liveness, err)
			}
			handle.Cancel("the test is over")
			_ = handle.Wait(t.Context())
		})
	})
	t.Run("and cannot be taken again ends the run", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			session := &sessionLocks{Memory: locks.NewMemory()}
			launcher, handle, _ := begin(t, session)
			session.lose(errGone)
			err := waitAnHour(t, handle)
			if !errors.Is(err, errGone) || errors.Is(err, runs.ErrCancelled) || !strings.Contains(err.Error(), "the lock that tells others that this process exists was lost") {
				t.Errorf("the error is %v", err)
			}
			if handle.Status() != history.StatusFailed {
				t.Errorf("the run is %s", handle.Status())
			}
			if _, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"}); !errors.Is(err, errGone) {
				t.Errorf("the next launch gives %v", err)
			}
		})
	})
	t.Run("and whose run somebody has settled ends the run", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			session := &sessionLocks{Memory: locks.NewMemory()}
			_, handle, store := begin(t, session)
			time.Sleep(time.Second) // in which the start of the step is stored
			record(t, store, handle.ID(), history.RunFinished{Status: history.StatusFailed})
			err := waitAnHour(t, handle)
			if err == nil || !strings.Contains(err.Error(), "another process has recorded the end of the run") {
				t.Errorf("the error is %v", err)
			}
		})
	})
}
