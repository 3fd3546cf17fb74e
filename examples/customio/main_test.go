package main

import (
	"errors"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/fxruntest"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/iotest"
	"github.com/fxrun/fxrun/modules/sqldb/sqlite"
	"github.com/fxrun/fxrun/runs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The suite decides whether something is an IO manager.
func TestTableIsAnIOManager(t *testing.T) {
	t.Parallel()
	iotest.Run(t, func(t *testing.T) iotest.Subject {
		lc := fxtest.NewLifecycle(t)
		db, err := sqlite.New(lc, sqlite.Config{Path: sqlite.Memory})
		if err != nil {
			t.Fatal(err)
		}
		manager, err := NewTable(lc, TableConfig{Name: "stored"}, db)
		if err != nil {
			t.Fatal(err)
		}
		lc.RequireStart()
		t.Cleanup(func() { lc.RequireStop() })
		return iotest.Subject{Manager: manager, Can: iotest.Partitions | iotest.Streams}
	})
}

func TestBranchLoadsWhatItLacks(t *testing.T) {
	t.Parallel()
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	shared, branch := NewBranch(BranchConfig{}, files), NewBranch(BranchConfig{Branch: "try"}, files)
	for _, step := range []struct {
		to                     *Branch
		store                  Total
		wantShared, wantBranch Total
	}{
		{shared, 1, 1, 1},
		{branch, 2, 1, 2},
		{shared, 3, 3, 2},
	} {
		if err := step.to.Store(t.Context(), iomanagers.Output{Asset: "total"}, step.store); err != nil {
			t.Fatal(err)
		}
		var gotShared, gotBranch Total
		in := iomanagers.Input{Asset: "total"}
		if err := errors.Join(shared.Load(t.Context(), in, &gotShared), branch.Load(t.Context(), in, &gotBranch)); err != nil {
			t.Fatal(err)
		}
		if gotShared != step.wantShared || gotBranch != step.wantBranch {
			t.Errorf("all see %d, the branch sees %d, want %d and %d", gotShared, gotBranch, step.wantShared, step.wantBranch)
		}
	}
}

// Several values of one step are stored by Store too.
func TestBranchKeepsSeveralValuesApart(t *testing.T) {
	t.Parallel()
	files, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	branch := NewBranch(BranchConfig{Branch: "try"}, files)
	err = iomanagers.StoreAll(t.Context(), []iomanagers.Assignment{
		{Manager: branch, Output: iomanagers.Output{Asset: "total"}, Value: Total(1)},
		{Manager: branch, Output: iomanagers.Output{Asset: "sales"}, Value: Sales{1}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var total Total
	if err := files.Load(t.Context(), iomanagers.Input{Asset: "total"}, &total); !errors.Is(err, iomanagers.ErrNotFound) {
		t.Errorf("the branch has changed the total of all to %d (%v)", total, err)
	}
	if err := branch.Load(t.Context(), iomanagers.Input{Asset: "total"}, &total); err != nil || total != 1 {
		t.Errorf("the branch has the total %d (%v)", total, err)
	}
}

// With IO managers the program runs as it is, in a folder of its own: fxruntest
// would put memory in their place.
func TestBothStoreTheProgramsValues(t *testing.T) {
	t.Setenv("FXRUN_HOME", t.TempDir())
	var launcher *runs.Launcher
	app := fxtest.New(t, fxrun.Module, Definitions(), fx.NopLogger, fx.Populate(&launcher))
	app.RequireStart()
	defer app.RequireStop()

	for _, request := range []runs.Request{
		{Selection: "*"},
		{Selection: "total", Config: container.RunConfig{Resources: map[string]any{"io_manager": BranchConfig{Branch: "try"}}}},
	} {
		run, err := launcher.Launch(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if err := run.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	summary, err := runs.Value[Summary](t.Context(), launcher, "summary")
	if err != nil || summary != (Summary{Sales: 3, Mean: 1400}) {
		t.Errorf("the table holds %v (%v)", summary, err)
	}
}

func TestAssets(t *testing.T) {
	t.Parallel()
	result := fxruntest.Materialize(t, "summary", Definitions(),
		fxruntest.Given("sales", Sales{10, 30}), fxruntest.Given("total", Total(40)))
	if got := fxruntest.Value[Summary](t, result); got.Mean != 20 {
		t.Errorf("got %v", got)
	}
}
