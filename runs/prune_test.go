package runs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

type fetched int

// exporting is a job of ops, of which the second fails as long as failed says so, and an asset.
func exporting(failed *error) []assets.Definition {
	return []assets.Definition{
		assets.NewJob("export",
			assets.NewOp("fetch", func() fetched { return 7 }),
			assets.NewOp("send", func(fetched) error { return *failed })),
		assets.New("left", func() left { return 1 }),
	}
}

func idsOf(t testing.TB, store history.Store) []string {
	t.Helper()
	found, err := store.Runs(t.Context(), history.RunQuery{})
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, record := range found {
		ids = append(ids, record.ID)
	}
	return ids
}

// loadOp loads the value of the op fetch of a run.
func loadOp(t testing.TB, manager iomanagers.IOManager, run string) error {
	t.Helper()
	var value fetched
	return manager.Load(t.Context(), iomanagers.Input{Asset: "~" + run + "/fetch"}, &value)
}

func TestPrune(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		failed := errBoom
		manager := iomanagers.NewMemory()
		launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{container.Provide("io_manager", func() iomanagers.IOManager { return manager })}, exporting(&failed)...)
		export := func() string {
			record, _ := run(t, launcher, runs.Request{Job: "export"})
			return record.ID
		}
		made, err := run(t, launcher, runs.Request{Selection: "left"})
		if err != nil {
			t.Fatal(err)
		}
		old := export()
		time.Sleep(48 * time.Hour)
		young := export()
		retention := runs.Retention{Age: 24 * time.Hour}

		found, err := launcher.Prunable(t.Context(), retention)
		if err != nil || len(found) != 2 || found[0].ID != old || found[1].ID != made.ID || !found[1].KeepsRecord {
			t.Errorf("the runs to prune are %+v, %v", found, err)
		}
		pruned, err := launcher.Prune(t.Context(), retention)
		if diff := cmp.Diff(runs.Pruned{Removed: []string{old}, Reduced: []string{made.ID}, Events: pruned.Events}, pruned); err != nil || diff != "" || pruned.Events < 5 {
			t.Errorf("%v, %s", err, diff)
		}
		if diff := cmp.Diff([]string{young, made.ID}, idsOf(t, launcher.Store())); diff != "" {
			t.Error(diff)
		}
		if err := loadOp(t, manager, old); !errors.Is(err, iomanagers.ErrNotFound) {
			t.Errorf("loading the value of an op of a removed run gives %v", err)
		}
		if err := loadOp(t, manager, young); err != nil {
			t.Error(err)
		}
		if value, err := runs.Value[left](t.Context(), launcher, "left"); value != 1 || err != nil {
			t.Errorf("the value of the asset is %v, %v", value, err)
		}
		if again, err := launcher.Prune(t.Context(), retention); err != nil || len(again.Removed)+len(again.Reduced) > 0 {
			t.Errorf("pruning again gives %+v, %v", again, err)
		}
		if none, err := launcher.Prune(t.Context(), runs.KeepAll); err != nil || len(none.Removed)+len(none.Reduced) > 0 {
			t.Errorf("pruning with a retention that keeps all gives %+v, %v", none, err)
		}
	})
}

func TestARunWhoseValuesWerePrunedIsRepeatedAsAWholeOnly(t *testing.T) {
	t.Parallel()
	failed := errBoom
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), exporting(&failed)...)
	first, _ := run(t, launcher, runs.Request{Job: "export"})
	request, err := launcher.RetryRequest(t.Context(), first.ID, runs.RetryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	second, _ := run(t, launcher, request) // which fails, and needs the value of the first
	if pruned, err := launcher.Prune(t.Context(), runs.Retention{Age: -1, Runs: 1}); err != nil || len(pruned.Removed)+len(pruned.Reduced) > 0 {
		t.Errorf("the run whose value a young retry uses was pruned: %+v, %v", pruned, err)
	}
	// As a store leaves it that was interrupted.
	reduced := reducing{launcher.Store(), first.ID}
	other := newLauncher(t, runs.LauncherConfig{Store: reduced}, memory(), exporting(&failed)...)
	_, err = other.RetryRequest(t.Context(), second.ID, runs.RetryOptions{})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "which was removed together with old events of run "+first.ID+": repeat all steps") {
		t.Errorf("the retry gives %v", err)
	}
	failed = nil
	request, err = other.RetryRequest(t.Context(), second.ID, runs.RetryOptions{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, other, request); err != nil {
		t.Error(err)
	}
}

// reducing is a store in which a run was reduced.
type reducing struct {
	history.Store
	id string
}

func (r reducing) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	found, err := r.Store.Runs(ctx, query)
	for i := range found {
		if found[i].ID == r.id {
			found[i].Pruned = time.Now()
		}
	}
	return found, err
}

func TestOldRunsAreRemovedWhileRunsAreExecuted(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		retention runs.Retention
		held      bool // by another process
		want      int  // runs after some minutes, with the one under way
	}{
		"by number":                          {runs.Retention{Runs: 3}, false, 3},
		"by age":                             {runs.Retention{Age: 90 * time.Minute}, false, 2},
		"not if all runs are kept":           {runs.KeepAll, false, 12},
		"not if another process does it now": {runs.Retention{Runs: 3}, true, 12},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				store, locker := history.NewMemoryStore(), locks.NewMemory()
				fill(t, store, "wait", 11, time.Hour)
				if c.held {
					lock, err := locker.TryLock(t.Context(), "prune")
					if err != nil {
						t.Fatal(err)
					}
					defer func() { _ = lock.Unlock() }()
				}
				launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: locker, Retention: c.retention}, memory(),
					assets.NewJob("wait", assets.NewOp("wait", func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) })))
				handle, err := launcher.Launch(t.Context(), runs.Request{Job: "wait"})
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(30 * time.Second)
				if got := idsOf(t, store); len(got) != 12 {
					t.Errorf("%d runs before the first minute is over, want 12", len(got))
				}
				time.Sleep(2 * time.Minute)
				if got := idsOf(t, store); len(got) != c.want {
					t.Errorf("%d runs, want %d: %v", len(got), c.want, got)
				}
				handle.Cancel("enough")
				_ = handle.Wait(t.Context())
			})
		})
	}
}

// fill records runs of a job that have failed, one after the other.
func fill(t testing.TB, store history.Store, job string, count int, between time.Duration) {
	t.Helper()
	for n := range count {
		at := time.Now().Add(-time.Duration(count-n) * between)
		for _, data := range []history.EventData{history.RunQueued{Job: job}, history.LogWritten{Message: "line"}, history.RunFinished{Status: history.StatusFailed}} {
			if _, err := store.Append(t.Context(), history.Event{RunID: fmt.Sprintf("%s-%d", job, n), Time: at, Data: data}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestALauncherThatLivesForOneRunRemovesSomeOldOnes(t *testing.T) {
	t.Parallel()
	store := history.NewMemoryStore()
	fill(t, store, "", 50, time.Hour)
	fill(t, store, "other", 50, time.Hour)
	launcher := newLauncher(t, runs.LauncherConfig{Store: store, Retention: runs.Retention{Runs: 10}}, memory(), assets.New("left", func() left { return 1 }))
	if err := launcher.Close(t.Context()); err != nil || len(idsOf(t, store)) != 100 {
		t.Errorf("a launcher without a run has left %d runs, %v", len(idsOf(t, store)), err)
	}
	launcher = newLauncher(t, runs.LauncherConfig{Store: store, Retention: runs.Retention{Runs: 10}}, memory(), assets.New("left", func() left { return 1 }))
	if _, err := run(t, launcher, runs.Request{Selection: "left"}); err != nil {
		t.Fatal(err)
	}
	if err := launcher.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := idsOf(t, store); len(got) != 81 { // 20 of its own kind are gone
		t.Errorf("%d runs are left, want 81", len(got))
	}
}

// keepsAll is a store that cannot remove runs.
type keepsAll struct{ history.Store }

func TestPruneSaysWhatItCannotDo(t *testing.T) {
	t.Parallel()
	t.Run("the store cannot remove runs", func(t *testing.T) {
		t.Parallel()
		launcher := newLauncher(t, runs.LauncherConfig{Store: keepsAll{history.NewMemoryStore()}}, memory(), assets.New("left", func() left { return 1 }))
		if _, err := run(t, launcher, runs.Request{Selection: "left"}); err != nil {
			t.Fatal(err)
		}
		_, pruning := launcher.Prune(t.Context(), runs.Retention{})
		_, looking := launcher.Prunable(t.Context(), runs.Retention{})
		if !errors.Is(pruning, runs.ErrKeepsAll) || !errors.Is(looking, runs.ErrKeepsAll) {
			t.Errorf("got %v and %v", pruning, looking)
		}
	})
	t.Run("the IO manager of ops does not start", func(t *testing.T) {
		t.Parallel()
		failed := error(nil)
		store := history.NewMemoryStore()
		fill(t, store, "export", 3, time.Hour)
		var lines strings.Builder
		launcher := newLauncher(t, runs.LauncherConfig{
			Store: store, Retention: runs.Retention{Runs: 1}, Logger: slog.New(slog.NewTextHandler(&lines, nil)),
		}, []container.Definition{
			container.Provide("io_manager", func() (iomanagers.IOManager, error) { return nil, errBoom }),
		}, exporting(&failed)...)
		_, err := launcher.Prune(t.Context(), runs.Retention{Runs: 1})
		if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "starting the IO managers of its ops") || len(idsOf(t, store)) != 3 {
			t.Errorf("Prune returned %v, and has left %v", err, idsOf(t, store))
		}
		_, _ = run(t, launcher, runs.Request{Job: "export"})
		if err := launcher.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if !strings.Contains(lines.String(), "old runs could not be removed") {
			t.Errorf("the logger got %s", lines.String())
		}
	})
}
