package runs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// managed is an IO manager in memory that notes when it starts and stops.
func (r *recorded) managed(key string, memory *iomanagers.MemoryManager, opts ...container.Option) container.Resource {
	return container.Provide(key, func(lc fx.Lifecycle) iomanagers.IOManager {
		lc.Append(fx.StartStopHook(func() { r.note("start " + key) }, func() { r.note("stop " + key) }))
		return memory
	}, opts...)
}

func TestIOManagersOfAStep(t *testing.T) {
	t.Parallel()
	t.Run("are those of its inputs too", func(t *testing.T) {
		t.Parallel()
		note := new(recorded)
		launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(), note.managed("other", iomanagers.NewMemory())),
			assets.New("left", func() left { return 3 }, assets.IO("other")), assets.New("right", func(l left) right { return right(l) }))
		for _, selection := range []string{"left", "right"} {
			if _, err := run(t, launcher, runs.Request{Selection: selection}); err != nil {
				t.Fatal(err)
			}
		}
		if value, err := runs.Value[left](t.Context(), launcher, "left"); err != nil || value != 3 {
			t.Errorf("got %v, %v", value, err)
		}
		once := []string{"start other", "stop other"}
		if diff := cmp.Diff(append(append(once, once...), once...), note.all()); diff != "" {
			t.Errorf("two runs and a read: %s", diff)
		}
	})

	t.Run("may live per step", func(t *testing.T) {
		t.Parallel()
		note := new(recorded)
		launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{note.managed("io_manager", iomanagers.NewMemory(), container.PerStep())},
			assets.New("left", func() left { return 3 }), assets.New("right", func(l left) right { return right(l) }))
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		once := []string{"start io_manager", "stop io_manager"}
		if diff := cmp.Diff(append(once, once...), note.all()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhatAFunctionSaysOfItsValueCounts(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
		iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: t.TempDir()}),
	}, assets.New("left", func(step *assets.Context) left { step.AddMetadata("bytes", "few"); return 1 }))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID, Types: []history.EventType{history.TypeAssetMaterialized}})
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	if data := stored[0].Data.(history.AssetMaterialized); data.Metadata["bytes"] != "few" || data.Size == 0 || data.IOManager != "io_manager" {
		t.Errorf("got %+v", data)
	}
}

func TestReadOfAnAssetThatStoresItsDataItself(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func() error { return nil }))
	err := launcher.Read(t.Context(), "left", nil, func(any) error { panic("called") })
	if !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestLaunchCountsOverTheJobsDefaults(t *testing.T) {
	t.Parallel()
	var got []limits
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.NewJob("cleanup", assets.NewOp("delete", func(cfg limits) { got = append(got, cfg) }, assets.Config(limits{Day: "sun", Rows: 1})),
			assets.JobTag("why", "job"), assets.JobTag("who", "job"),
			assets.LaunchDefaults(container.RunConfig{Steps: map[string]any{"delete": limits{Day: "mon", Rows: 7}}})))
	config := container.RunConfig{Steps: map[string]any{"delete": limits{Day: "tue"}}}
	record, err := run(t, launcher, runs.Request{Job: "cleanup", Config: config, Tags: map[string]string{"who": "launch"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]limits{{7, "tue"}}, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"why": "job", "who": "launch"}, record.Tags); diff != "" {
		t.Error(diff)
	}
}

func TestResourcesAreRecordedBeforeTheyStartAndStop(t *testing.T) {
	t.Parallel()
	store := history.NewMemoryStore()
	var seen []string
	last := func(context.Context) error {
		stored, err := store.Events(context.Background(), history.EventQuery{}) // the newest first
		seen = append(seen, fmt.Sprint(stored[0].Type()))
		return err
	}
	launcher := newLauncher(t, runs.LauncherConfig{Store: store}, append(memory(),
		container.Provide("database", func(lc fx.Lifecycle) *database {
			lc.Append(fx.Hook{OnStart: last, OnStop: last})
			return &database{}
		})), assets.New("left", func(*database) error { return nil }))
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"resource_starting", "resource_stopping"}, seen); diff != "" {
		t.Error(diff)
	}
}

func TestNothingIsRecordedAfterTheEnd(t *testing.T) {
	t.Parallel()
	late := 0
	ended := false
	store := meddled(func([]history.Event) error {
		if ended {
			late++
		}
		return nil
	})
	var kept *assets.Context
	var logger *slog.Logger
	launcher := newLauncher(t, runs.LauncherConfig{Store: store}, memory(), assets.New("left", func(step *assets.Context) error {
		kept, logger = step, step.Logger()
		return nil
	}))
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	if err := handle.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	ended = true
	for range 2000 { // so many that one would wait for the store
		logger.Info("too late")
	}
	kept.Progress(1, 2)
	handle.Cancel("too late")
	if late > 0 || handle.Status() != history.StatusSucceeded {
		t.Errorf("%d late calls, the run is %s", late, handle.Status())
	}
}
