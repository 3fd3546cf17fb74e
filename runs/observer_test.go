package runs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

type activityKey struct{}

// noting is an observer that notes each activity behind those around it.
type noting struct {
	mu    sync.Mutex
	lines []string
}

func (n *noting) Begin(ctx context.Context, activity runs.Activity) (context.Context, func(runs.Outcome)) {
	path, _ := ctx.Value(activityKey{}).(string)
	path = strings.TrimPrefix(path+" > "+strings.TrimRight(fmt.Sprintf("%s %s%s", activity.Kind, activity.Step, activity.Resource), " "), " > ")
	return context.WithValue(ctx, activityKey{}, path), func(outcome runs.Outcome) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.lines = append(n.lines, strings.TrimRight(fmt.Sprintf("%s: %s", path, outcome.Status), ": ")+map[bool]string{true: " (failed)"}[outcome.Err != nil])
	}
}

func TestAnObserverIsToldOfEachActivity(t *testing.T) {
	t.Parallel()
	var seen noting
	within := ""
	resources := new(recorded)
	launcher := newLauncher(t, runs.LauncherConfig{Observer: &seen}, resources.resources(),
		assets.New("left", func(ctx context.Context, _ *database) left {
			within, _ = ctx.Value(activityKey{}).(string)
			return 1
		}),
		assets.New("right", func(left) (right, error) { return 0, errBoom }))
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); !errors.Is(err, errBoom) {
		t.Fatal(err)
	}
	if within != "run > step left" {
		t.Errorf("the function of the step is within %q", within)
	}
	slices.Sort(seen.lines)
	want := []string{
		"run > start database", "run > step left > store left", "run > step left: succeeded", "run > step right > load right",
		"run > step right: failed (failed)", "run > stop database", "run: failed (failed)",
	}
	if diff := cmp.Diff(want, seen.lines); diff != "" {
		t.Error(diff)
	}
}

// broken is an observer whose methods fail in a way.
type broken struct{ begin, done func() }

func (b broken) Begin(ctx context.Context, _ runs.Activity) (context.Context, func(runs.Outcome)) {
	b.begin()
	return ctx, func(runs.Outcome) { b.done() }
}

type empty struct{}

func (empty) Begin(context.Context, runs.Activity) (context.Context, func(runs.Outcome)) {
	return nil, nil //nolint:nilnil // as careless as an observer can be
}

func TestABrokenObserverFailsNoRun(t *testing.T) {
	t.Parallel()
	fine, panics := func() {}, func() { panic("the observer is broken") }
	for name, observer := range map[string]runs.Observer{
		"it panics at the begin":             broken{panics, fine},
		"it panics at the end":               broken{fine, panics},
		"it ends its goroutine at the begin": broken{runtime.Goexit, fine},
		"it ends its goroutine at the end":   broken{fine, runtime.Goexit},
		"it returns nothing":                 empty{},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lines strings.Builder
			launcher := newLauncher(t, runs.LauncherConfig{Observer: observer, Logger: slog.New(slog.NewTextHandler(&lines, nil))}, memory(),
				assets.New("left", func() left { return 1 }), assets.New("right", func(left) right { return 2 }))
			record, err := run(t, launcher, runs.Request{Selection: "*"})
			if err != nil || record.Status != history.StatusSucceeded {
				t.Errorf("the run is %s, %v", record.Status, err)
			}
			if err := launcher.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if told := strings.Count(lines.String(), "the observer of the launcher failed"); told != 1 && name != "it returns nothing" {
				t.Errorf("it was told %d times: %s", told, lines.String())
			}
		})
	}
}
