package runs_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	historysqlite "github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/sqltable"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
	"github.com/fxrun/fxrun/runs"
)

// numbered is a row that says which call of the upstream function made it.
type numbered struct{ Call int }

// unaware is an IO manager of a user, which knows nothing of runs.
type unaware struct{ of *iomanagers.MemoryManager }

func (f unaware) Store(ctx context.Context, out iomanagers.Output, value any) error {
	out.RunID = ""
	return f.of.Store(ctx, out, value)
}

func (f unaware) Load(ctx context.Context, in iomanagers.Input, dst any) error {
	in.MadeBy, in.Confirm = "", nil
	return f.of.Load(ctx, in, dst)
}

// storages define the IO manager io_manager, each over a storage of its own.
var storages = map[string]func(t *testing.T) []container.Definition{
	"files": func(t *testing.T) []container.Definition {
		return []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: t.TempDir()})}
	},
	"memory": func(*testing.T) []container.Definition { return memory() },
	"SQL tables": func(t *testing.T) []container.Definition {
		return []container.Definition{
			container.Provide("database", sqlite.New, container.Config(sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})),
			sqltable.Tables("io_manager", sqltable.Config{}),
		}
	},
	"a manager that knows nothing of runs": func(*testing.T) []container.Definition {
		return []container.Definition{
			container.Supply("io_manager", unaware{iomanagers.NewMemory()}, container.As[iomanagers.IOManager]()),
		}
	},
}

// ownAndDerived are an asset and one that takes its rows, in each form.
func ownAndDerived(calls *calls) map[string][]assets.Definition {
	upstream := assets.New("upstream", calls.upstream)
	return map[string][]assets.Definition{
		"slice": {upstream, assets.New("derived", func(ctx *assets.Context, rows []numbered) error {
			return calls.derived(ctx, rows)
		})},
		"stream": {upstream, assets.New("derived", func(ctx *assets.Context, rows iter.Seq2[numbered, error]) error {
			var all []numbered
			for row, err := range rows {
				if err != nil {
					return err
				}
				all = append(all, row)
			}
			return calls.derived(ctx, all)
		})},
	}
}

// calls notes what the upstream function made in each run, and what the other function got.
type calls struct {
	made      sync.Map // by run
	number    atomic.Int64
	succeeded atomic.Int64
	wrong     atomic.Int64
}

func (c *calls) upstream(ctx *assets.Context) []numbered {
	n := int(c.number.Add(1))
	c.made.Store(ctx.Run().ID, n)
	return []numbered{{n}, {n}, {n}}
}

func (c *calls) derived(ctx *assets.Context, rows []numbered) error {
	made, _ := c.made.Load(ctx.Run().ID)
	for _, row := range rows {
		if row.Call != made {
			c.wrong.Add(1)
		}
	}
	return nil
}

// Runs that store one asset at the same time never compute from the values of each other.
func TestARunComputesFromItsOwnValues(t *testing.T) {
	t.Parallel()
	for name, resources := range storages {
		for form := range ownAndDerived(nil) {
			t.Run(fmt.Sprintf("%s as %s", name, form), func(t *testing.T) {
				t.Parallel()
				runConcurrently(t, 40, runs.LauncherConfig{}, resources(t), form)
			})
		}
	}
}

// runConcurrently has runs compute from what they made themselves, all at the same time.
func runConcurrently(t *testing.T, n int, config runs.LauncherConfig, resources []container.Definition, form string) {
	t.Helper()
	calls := new(calls)
	launcher := newLauncher(t, config, resources, ownAndDerived(calls)[form]...)
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			run, err := launcher.Launch(t.Context(), runs.Request{Selection: "+derived"})
			if err == nil {
				err = run.Wait(t.Context())
			}
			switch {
			case err == nil:
				calls.succeeded.Add(1)
			case !errors.Is(err, iomanagers.ErrReplaced):
				t.Errorf("a run fails for another reason: %v", err)
			}
		})
	}
	all.Wait()
	t.Logf("%d of %d runs succeeded", calls.succeeded.Load(), n)
	if wrong := calls.wrong.Load(); wrong > 0 {
		t.Errorf("%d rows are of another run", wrong)
	}
}

// A value that another run has replaced is a failure that a further attempt does not repeat.
func TestAReplacedValueFailsTheStep(t *testing.T) {
	t.Parallel()
	for name, resources := range storages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			made, replaced := make(chan struct{}), make(chan struct{})
			var blocking atomic.Bool
			launcher := newLauncher(t, runs.LauncherConfig{}, resources(t),
				assets.New("upstream", func() []numbered { return []numbered{{1}} }),
				assets.New("gate", func([]numbered) error {
					if blocking.Load() {
						made <- struct{}{}
						<-replaced
					}
					return nil
				}),
				assets.New("derived", func([]numbered) error { return nil }, assets.After("gate"), assets.Retry(3, nil)))
			blocking.Store(true)
			run, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
			if err != nil {
				t.Fatal(err)
			}
			awaits(t, run, made)
			blocking.Store(false)
			other, err := launcher.Launch(t.Context(), runs.Request{Selection: "upstream"})
			if err == nil {
				err = other.Wait(t.Context())
			}
			if err != nil {
				t.Fatal(err)
			}
			close(replaced)
			err = run.Wait(t.Context())
			if !errors.Is(err, iomanagers.ErrReplaced) {
				t.Errorf("got %v, want an error that matches ErrReplaced", err)
			}
			// Without its own upstream, a run takes the last stored value.
			later, err := launcher.Launch(t.Context(), runs.Request{Selection: "derived"})
			if err == nil {
				err = later.Wait(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
			record, err := history.Find(t.Context(), launcher.Store(), run.ID())
			if err != nil {
				t.Fatal(err)
			}
			attempts := 0
			for _, step := range record.Steps {
				if step.Key == "derived" {
					attempts = step.Attempt
				}
			}
			if attempts != 1 {
				t.Errorf("the step failed in attempt %d, want 1", attempts)
			}
		})
	}
}

// sharedHome names the folder that the processes of TestProcessesShareAHome share.
const sharedHome = "RUNS_TEST_SHARED_HOME"

func TestRunsOfOneProcess(t *testing.T) {
	home := os.Getenv(sharedHome)
	if home == "" {
		t.Skip("only to be run by TestProcessesShareAHome")
	}
	store, err := historysqlite.Open(t.Context(), home)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	resources := []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: filepath.Join(home, "data")})}
	runConcurrently(t, 20, runs.LauncherConfig{Store: store}, resources, "slice")
}

// Two processes that keep their values and their history in one folder do the same.
func TestProcessesShareAHome(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestRunsOfOneProcess$", "-test.v")
			command.Env = append(os.Environ(), sharedHome+"="+home)
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%v:\n%s", err, output)
			}
		})
	}
	all.Wait()
}
