package runs_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// slowRecords is a history that is slow to take the materializations of one run.
type slowRecords struct {
	history.Store
	run     string
	reached chan struct{} // closed when one comes
	after   <-chan struct{}
	once    sync.Once
}

func (s *slowRecords) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if slices.ContainsFunc(events, func(event history.Event) bool {
		return event.RunID == s.run && event.Type() == history.TypeAssetMaterialized
	}) {
		s.once.Do(func() {
			close(s.reached)
			select {
			case <-s.after:
			case <-time.After(100 * time.Millisecond): // what it waits for must not happen before
			}
		})
	}
	return s.Store.Append(ctx, events...)
}

func TestTheLastRecordOfAnAssetIsThatOfItsValue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		managers  func(t *testing.T) []container.Definition
		processes int
	}{
		"if two processes store it":            {files, 2},
		"if two runs of one process store it":  {files, 1},
		"if its value is kept in this process": {func(*testing.T) []container.Definition { return memory() }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			managers, folder, done := c.managers(t), t.TempDir(), make(chan struct{})
			store := &slowRecords{Store: history.NewMemoryStore(), run: "first", reached: make(chan struct{}), after: done}
			definition := assets.New("left", func(info container.RunInfo) string { return info.ID })
			var launchers []*runs.Launcher
			for range c.processes {
				config := runs.LauncherConfig{Store: store, Locks: filelocks.New(filepath.Join(folder, "locks"))}
				launchers = append(launchers, newLauncher(t, config, managers, definition))
			}
			launch := func(launcher *runs.Launcher, id string) *runs.Run {
				handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*", ID: id})
				if err != nil {
					t.Fatal(err)
				}
				return handle
			}
			first := launch(launchers[0], "first")
			awaits(t, first, store.reached)
			second := launch(launchers[c.processes-1], "second")
			if err := second.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			close(done)
			if err := first.Wait(t.Context()); err != nil {
				t.Error(err)
			}
			value, err := runs.Value[string](t.Context(), launchers[0], "left")
			if err != nil {
				t.Fatal(err)
			}
			last, err := history.LatestMaterializations(t.Context(), store, []string{"left"})
			if err != nil || last["left"].RunID != value {
				t.Errorf("the last record is of run %s, and the value of run %s, %v", last["left"].RunID, value, err)
			}
		})
	}
}

// lockless are locks that cannot be had for storing.
type lockless struct{ locks.Locker }

func (l lockless) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	if name == "store/left" {
		return nil, errBoom
	}
	return l.Locker.TryLock(ctx, name)
}

func TestAStepWhoseAssetCannotBeLockedFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		managers := []container.Definition{container.Supply("io_manager", &sharedStorage{iomanagers.NewMemory()}, container.As[iomanagers.IOManager]())}
		launcher := newLauncher(t, runs.LauncherConfig{Locks: lockless{locks.NewMemory()}}, managers, assets.New("left", func() int { return 1 }))
		began := time.Now()
		_, err := run(t, launcher, runs.Request{Selection: "*"})
		const want = "materializing left: storing left: waiting until no other run stores it: boom"
		if err == nil || err.Error() != want || time.Since(began) < 30*time.Second {
			t.Errorf("got %v after %s, want %s", err, time.Since(began), want)
		}
	})
}

// slowStorage is a place for values, shared by processes, that takes its time.
type slowStorage struct {
	iomanagers.IOManager
	takes time.Duration
}

func (s *slowStorage) Store(ctx context.Context, out iomanagers.Output, value any) error {
	time.Sleep(s.takes)
	return s.IOManager.Store(ctx, out, value)
}

func slowly(takes time.Duration) []container.Definition {
	return []container.Definition{container.Supply("io_manager", &slowStorage{iomanagers.NewMemory(), takes}, container.As[iomanagers.IOManager]())}
}

// orderedRecords is a history that knows the order of records long before they are stored.
type orderedRecords struct {
	*history.MemoryStore
	takes time.Duration // what it takes until a materialization is stored
}

func (s *orderedRecords) Enqueue(ctx context.Context, events ...history.Event) (stored func() ([]history.Event, error)) {
	end := s.MemoryStore.Enqueue(ctx, events...)
	return func() ([]history.Event, error) {
		if slices.ContainsFunc(events, func(event history.Event) bool { return event.Type() == history.TypeAssetMaterialized }) {
			time.Sleep(s.takes)
		}
		return end()
	}
}

func (s *orderedRecords) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	return s.Enqueue(ctx, events...)()
}

// launchAll launches runs of one asset, and returns their ends.
func launchAll(t *testing.T, launcher *runs.Launcher, prefix string, count int) (ended []<-chan struct{}) {
	t.Helper()
	for i := range count {
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "left", ID: fmt.Sprint(prefix, i)})
		if err != nil {
			t.Fatal(err)
		}
		ended = append(ended, handle.Done())
	}
	return ended
}

func lastRecordIsThatOfTheValue(t *testing.T, launcher *runs.Launcher) {
	t.Helper()
	value, err := runs.Value[string](t.Context(), launcher, "left")
	if err != nil {
		t.Fatal(err)
	}
	last, err := history.LatestMaterializations(t.Context(), launcher.Store(), []string{"left"})
	if err != nil || last["left"].RunID != value {
		t.Errorf("the last record is of run %s, and the value of run %s, %v", last["left"].RunID, value, err)
	}
}

func TestRunsOfOneProcessDoNotWaitForTheRecordsOfOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count, storing, recording = 10, 50 * time.Millisecond, 30 * time.Second
		launcher := newLauncher(t, runs.LauncherConfig{Store: &orderedRecords{history.NewMemoryStore(), recording}},
			slowly(storing), assets.New("left", func(info container.RunInfo) string { return info.ID }))
		began := time.Now()
		for _, ended := range launchAll(t, launcher, "run", count) {
			<-ended
		}
		if took := time.Since(began); took > 2*recording {
			t.Errorf("it took %s", took)
		}
		lastRecordIsThatOfTheValue(t, launcher)
	})
}

func TestOtherProcessesGetTheirTurnToStore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		config := runs.LauncherConfig{Store: &orderedRecords{history.NewMemoryStore(), 150 * time.Millisecond}, Locks: locks.NewMemory()}
		managers, definition := slowly(100*time.Millisecond), assets.New("left", func(info container.RunInfo) string { return info.ID })
		busy, other := newLauncher(t, config, managers, definition), newLauncher(t, config, managers, definition)
		began := time.Now()
		all := launchAll(t, busy, "run", 60)
		synctest.Wait()
		<-launchAll(t, other, "other", 1)[0]
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the other process has waited for %s", took)
		}
		for _, ended := range all {
			<-ended
		}
		lastRecordIsThatOfTheValue(t, busy)
	})
}
