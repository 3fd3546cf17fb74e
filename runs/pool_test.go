package runs_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// pooled are assets that sleep for a second, each in its pools.
func pooled(running *counts) []assets.Definition {
	work := func(pools ...string) func() {
		return func() {
			running.add(pools, 1)
			time.Sleep(time.Second)
			running.add(pools, -1)
		}
	}
	warehouse, both, free := work("warehouse"), work("warehouse", "api"), work("free")
	return []assets.Definition{
		assets.New("left", func() left { warehouse(); return 1 }, assets.Pool("warehouse")),
		assets.New("middle", func() middle { both(); return 1 }, assets.Pool("warehouse"), assets.Pool("api")),
		assets.New("right", func() right { both(); return 1 }, assets.Pool("api"), assets.Pool("warehouse")),
		assets.New("aside", func() aside { free(); return 1 }),
	}
}

func TestAPoolLimitsTheStepsOfAllRuns(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limits map[string]int
		want   map[string]int
	}{
		"to one place that nobody has configured": {nil, map[string]int{"warehouse": 1, "api": 1, "free": 4}},
		"to the places that are configured":       {map[string]int{"warehouse": 3, "api": 2}, map[string]int{"warehouse": 3, "api": 2, "free": 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				running := newCounts()
				one, other := shared(t, runs.LauncherConfig{Limits: runs.Limits{Pools: test.limits}}, memory(), pooled(running)...)
				var handles []*runs.Run
				for i := range 4 {
					handle, err := []*runs.Launcher{one, other}[i/2].Launch(t.Context(), runs.Request{Selection: "*"})
					if err != nil {
						t.Fatal(err)
					}
					handles = append(handles, handle)
				}
				for _, handle := range handles {
					if err := handle.Wait(t.Context()); err != nil {
						t.Error(err)
					}
				}
				if diff := cmp.Diff(test.want, running.most); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAStepThatWaitsForAPoolSaysSoAndCanBeCancelled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
			assets.New("left", func(ctx context.Context) (left, error) { <-ctx.Done(); return 0, ctx.Err() }, assets.Pool("warehouse")))
		first, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		second, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		lines, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: second.ID(), Types: []history.EventType{history.TypeLogWritten}})
		if err != nil || len(lines) != 1 {
			t.Fatalf("the log is %v, %v", lines, err)
		}
		line := lines[0].Data.(history.LogWritten)
		if line.Step != "left" || line.Attrs[0].Name != runs.AttrWaitsFor || line.Attrs[0].Value != "a place among the steps in the pool warehouse (limit 1)" {
			t.Errorf("the line is %+v", line)
		}
		second.Cancel("not needed")
		if err := second.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Error(err)
		}
		if step, _ := find(t, launcher.Store(), second.ID()).Step("left"); step.Attempt != 0 || step.Status != history.StepStatusCancelled {
			t.Errorf("the step is %+v", step)
		}
		first.Cancel("the test is over")
		_ = first.Wait(t.Context())
	})
}

func TestStepsOfUrgentRunsEnterAPoolFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var order []string
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(about *assets.Context) left {
			mu.Lock()
			order = append(order, about.Run().ID)
			mu.Unlock()
			time.Sleep(time.Second)
			return 1
		}, assets.Pool("warehouse")))
		var handles []*runs.Run
		for _, request := range []runs.Request{{ID: "first"}, {ID: "second"}, {ID: "urgent", Priority: 1}} {
			request.Selection = "*"
			handle, err := launcher.Launch(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			handles = append(handles, handle)
			synctest.Wait()
		}
		for _, handle := range handles {
			if err := handle.Wait(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff([]string{"first", "urgent", "second"}, order); diff != "" {
			t.Error(diff)
		}
	})
}

func TestLimitsThatCannotBeMeantAreRefused(t *testing.T) {
	t.Parallel()
	c, g := graphOf(t, memory(), assets.New("left", func() left { return 1 }, assets.Pool("warehouse")))
	_, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: g, Limits: runs.Limits{
		Runs: -1, Tags: []runs.TagLimit{{Runs: 1}, {Key: "team", Runs: 0}, {Key: "x", Runs: 1}, {Key: "x", Runs: 2}}, Pools: map[string]int{"warehous": 2, "warehouse": 0},
	}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"the number of runs is -1", "a limit for a tag has no key", "the limit for the tag team is 0", "the tag x has two limits",
		`there is no pool "warehous", did you mean "warehouse"?`, "the pool warehouse has 0 places",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}

// graphOf returns what a launcher needs.
func graphOf(t testing.TB, resources []container.Definition, list ...assets.Definition) (*container.Container, *assets.Graph) {
	t.Helper()
	c, err := container.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	g, err := assets.NewGraph(c, list...)
	if err != nil {
		t.Fatal(err)
	}
	return c, g
}
