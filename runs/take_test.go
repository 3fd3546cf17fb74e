package runs_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// countingStore counts how often the list of queued runs is read.
type countingStore struct {
	*history.MemoryStore
	lists atomic.Int64
}

func (s *countingStore) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	if len(query.Statuses) == 1 && query.Statuses[0] == history.StatusQueued {
		s.lists.Add(1)
	}
	return s.MemoryStore.Runs(ctx, query)
}

func TestTheListOfQueuedRunsIsNotReadForEachOfThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const count = 200
		store := &countingStore{MemoryStore: history.NewMemoryStore()}
		launcher := newLauncher(t, runs.LauncherConfig{Store: store}, memory(), assets.New("left", func() left { return 1 }))
		for range count {
			queue(t, launcher, runs.Request{Selection: "left"})
		}
		workUntilEmpty(t, launcher)
		if read := store.lists.Load(); read > count/10 {
			t.Errorf("the list was read %d times for %d runs", read, count)
		}
	})
}

// TestARunWithAHigherPriorityPassesThoseThatWait queues it while another one is executed.
func TestARunWithAHigherPriorityPassesThoseThatWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var order []string
		var launcher *runs.Launcher
		launcher = newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(about *assets.Context) left {
			order = append(order, about.Run().ID)
			if len(order) == 2 {
				queue(t, launcher, runs.Request{ID: "urgent", Selection: "left", Priority: 1})
			}
			return 1
		}))
		for _, id := range []string{"a", "b", "c", "d"} {
			queue(t, launcher, runs.Request{ID: id, Selection: "left"})
		}
		if err := launcher.Work(t.Context(), runs.WorkOptions{UntilEmpty: true, MaxRuns: 1}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"a", "b", "urgent", "c", "d"}, order); diff != "" {
			t.Error(diff)
		}
	})
}
