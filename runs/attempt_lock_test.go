package runs_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/postgres"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/internal/postgrestest"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/locks/postgreslocks"
	"github.com/fxrun/fxrun/runs"
)

// stores are machines whose history is in each kind of database.
func stores() map[string]func(t *testing.T) *machines {
	return map[string]func(t *testing.T) *machines{
		"in SQLite": func(t *testing.T) *machines {
			m := newMachines(t)
			store, err := sqlite.Open(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			m.store = store
			t.Cleanup(func() {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			})
			return m
		},
		"in PostgreSQL, with the locks": func(t *testing.T) *machines {
			m := newMachines(t)
			var server postgrestest.Server
			t.Cleanup(server.Stop)
			url := server.NewDatabase(t)
			store, err := postgres.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			m.store = store
			t.Cleanup(func() {
				if err := store.Close(); err != nil {
					t.Error(err)
				}
			})
			m.open = func() locks.Locker { // a session for each process
				database, err := postgreslocks.New(url)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := database.Close(); err != nil {
						t.Error(err)
					}
				})
				return database
			}
			return m
		},
	}
}

func TestAnAttemptInADatabase(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run("is executed once, with a history "+name, func(t *testing.T) {
			t.Parallel()
			onceOnTwoWorkers(t, open(t))
		})
		t.Run("is refused when it was taken for lost, with a history "+name, func(t *testing.T) {
			t.Parallel()
			zombie(t, open(t))
		})
		t.Run("goes on when its owner is gone, with a history "+name, func(t *testing.T) {
			t.Parallel()
			o := orphanedOn(t, open(t), runs.Request{})
			adopter, _ := o.launcher(runs.LauncherConfig{}, o.list...)
			adopting(t, adopter)
			close(o.step.release)
			if record := o.end(t); record.Status != history.StatusSucceeded {
				t.Errorf("the run has %s: %s", record.Status, record.Error)
			}
			o.log(o.id)
		})
	}
}

func TestAWorkerThatLosesTheLockOfAStep(t *testing.T) {
	t.Parallel()
	t.Run("goes on when it gets the lock again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m, step := newMachines(t), newSlowStep(1)
			id, end := m.heldRun(step.definitions()...)
			launcher, process := m.launcher(runs.LauncherConfig{}, step.definitions()...)
			worker := m.cluster.Add(launcher)
			var asked sync.WaitGroup
			asked.Go(func() {
				done, err := worker.Attempt(t.Context(), id, "left", 1)
				if err != nil || done.Status != history.StepStatusSucceeded || done.Attempt != 1 {
					t.Errorf("the answer is %+v, %v", done, err)
				}
			})
			<-step.begun
			process.Disconnect()
			time.Sleep(5 * time.Second)
			process.Reconnect()
			time.Sleep(time.Minute)
			close(step.release)
			asked.Wait()
			worker.Stop(nil)
			if err := end(); err != nil {
				t.Error(err)
			}
			m.wants(id, "left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded")
		})
	})
	t.Run("stops when it does not get the lock again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			m := newMachines(t)
			var count atomic.Int32
			begun := make(chan struct{})
			list := []assets.Definition{assets.New("left", func(ctx context.Context) error {
				if count.Add(1) == 1 {
					close(begun)
					<-ctx.Done()
				}
				return ctx.Err()
			})}
			id, end := m.heldRun(list...)
			first, process := m.launcher(runs.LauncherConfig{}, list...)
			second, _ := m.launcher(runs.LauncherConfig{}, list...)
			one, other := m.cluster.Add(first), m.cluster.Add(second)
			var asked sync.WaitGroup
			asked.Go(func() {
				if done, err := one.Attempt(t.Context(), id, "left", 1); !errors.Is(err, history.ErrTransition) {
					t.Errorf("the attempt without its lock gave %+v, %v", done, err)
				}
			})
			<-begun
			process.Disconnect()
			if done, err := other.Attempt(t.Context(), id, "left", 1); err != nil || done.Attempt != 2 || done.Status != history.StepStatusSucceeded {
				t.Errorf("the answer is %+v, %v", done, err)
			}
			asked.Wait()
			one.Stop(nil)
			other.Stop(nil)
			if err := end(); err != nil {
				t.Error(err)
			}
			m.wants(id, "left 1 started", "left 1 failed, retry true lost", "left 2 started", "left 2 materialized", "left 2 succeeded", "succeeded")
			process.Reconnect()
		})
	})
}

func TestAnAttemptWaitsForItsPlacesInPools(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		var now, most atomic.Int32
		work := func() error {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Second)
			now.Add(-1)
			return nil
		}
		var list []assets.Definition
		for _, key := range []string{"a", "b", "c", "d"} {
			list = append(list, assets.New(key, work, assets.Pool("narrow")))
		}
		owner, _ := m.launcher(runs.LauncherConfig{}, list...)
		for range 2 {
			worker, _ := m.launcher(runs.LauncherConfig{}, list...)
			m.cluster.Add(worker)
		}
		if err := m.launch(owner, runs.Request{}).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if most.Load() != 1 {
			t.Errorf("%d steps were in a pool with one place", most.Load())
		}
	})
}

func TestAWorkerThatDrainsBeginsNoMoreSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newMachines(t)
		list := newSlowStep(0).definitions()
		id, end := m.heldRun(list...)
		worker, _ := m.launcher(runs.LauncherConfig{}, list...)
		request, err := worker.RecordedRequest(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		drain := make(chan struct{})
		close(drain)
		err = worker.ExecuteRun(t.Context(), request, nil, runs.RunOptions{Drain: drain, Executor: executorFunc(func(ctx context.Context, execution *runs.Execution) error {
			<-execution.Draining()
			if done, err := execution.Attempt(ctx, "left", 1); !errors.Is(err, runs.ErrWorkerLeaving) {
				t.Errorf("an attempt gave %+v, %v", done, err)
			}
			return nil
		})})
		if err != nil {
			t.Error(err)
		}
		other, _ := m.launcher(runs.LauncherConfig{}, list...)
		at := m.cluster.Add(other)
		if _, err := at.Attempt(t.Context(), id, "left", 1); err != nil {
			t.Error(err)
		}
		at.Stop(nil)
		if err := end(); err != nil {
			t.Error(err)
		}
		m.wants(id, "left 1 started", "left 1 materialized", "left 1 succeeded", "succeeded")
	})
}
