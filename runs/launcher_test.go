package runs_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

type (
	database struct{}
	cache    struct{ db *database }
	left     int
	middle   int
	right    int
	bottom   int
	aside    int
)

// recorded notes what resources do, in order.
type recorded struct {
	mu    sync.Mutex
	lines []string
}

func (r *recorded) note(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
}

func (r *recorded) all() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.lines)
}

func (r *recorded) resources() []container.Definition {
	hooks := func(lc fx.Lifecycle, name string) {
		lc.Append(fx.Hook{
			OnStart: func(context.Context) error { r.note("start " + name); return nil },
			OnStop:  func(context.Context) error { r.note("stop " + name); return nil },
		})
	}
	return []container.Definition{
		iomanagers.Memory("io_manager"),
		container.Provide("database", func(lc fx.Lifecycle) *database { hooks(lc, "database"); return &database{} }),
		container.Provide("cache", func(lc fx.Lifecycle, db *database) *cache { hooks(lc, "cache"); return &cache{db} }),
	}
}

// awaits waits until a step of a run tells that it is reached, and fails if the run ends before.
func awaits(t *testing.T, run *runs.Run, reached <-chan struct{}) {
	t.Helper()
	select {
	case <-reached:
	case <-run.Done():
		t.Fatalf("the run has ended before its step: %v", run.Wait(t.Context()))
	}
}

func newLauncher(t testing.TB, config runs.LauncherConfig, resources []container.Definition, list ...assets.Definition) *runs.Launcher {
	t.Helper()
	c, err := container.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	g, err := assets.NewGraph(c, list...)
	if err != nil {
		t.Fatal(err)
	}
	config.Container, config.Graph = c, g
	launcher, err := runs.NewLauncher(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := launcher.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return launcher
}

// run launches and waits, and returns the record with the error of the run.
func run(t testing.TB, launcher *runs.Launcher, request runs.Request) (history.Record, error) {
	t.Helper()
	handle, err := launcher.Launch(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	result := handle.Wait(t.Context())
	record, err := history.Find(t.Context(), launcher.Store(), handle.ID())
	if err != nil {
		t.Fatal(err)
	}
	if handle.Status() != record.Status {
		t.Errorf("the handle says %s, the record %s", handle.Status(), record.Status)
	}
	return record, result
}

func statuses(record history.Record) map[string]history.StepStatus {
	found := make(map[string]history.StepStatus)
	for _, step := range record.Steps {
		found[step.Key] = step.Status
	}
	return found
}

var errBoom = errors.New("boom")

// diamond is left -> middle -> bottom with a right one beside and one aside.
func diamond(fail func(context.Context) error) []assets.Definition {
	return []assets.Definition{
		assets.New("left", func(*cache) left { return 1 }),
		assets.New("middle", func(ctx context.Context, l left) (middle, error) { return middle(l + 1), fail(ctx) }),
		assets.New("right", func(l left) right { return right(l + 2) }),
		assets.New("bottom", func(m middle, r right) bottom { return bottom(int(m) * int(r)) }),
		assets.New("aside", func(*database) aside { return 7 }),
	}
}

func TestRunThatSucceeds(t *testing.T) {
	t.Parallel()
	resources := new(recorded)
	var seen []history.EventType
	launcher := newLauncher(t, runs.LauncherConfig{}, resources.resources(), diamond(func(context.Context) error { return nil })...)
	record, err := run(t, launcher, runs.Request{
		Selection: "+bottom", Tags: map[string]string{"why": "test"},
		Observe: func(e history.Event) { seen = append(seen, e.Type()) },
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("is recorded with every step", func(t *testing.T) {
		want := map[string]history.StepStatus{"left": "succeeded", "middle": "succeeded", "right": "succeeded", "bottom": "succeeded"}
		if diff := cmp.Diff(want, statuses(record)); diff != "" || record.Status != history.StatusSucceeded {
			t.Errorf("%s: %s", record.Status, diff)
		}
		if record.Tags["why"] != "test" || record.Selection != "+bottom" {
			t.Errorf("%+v", record)
		}
	})

	t.Run("stored its values", func(t *testing.T) {
		value, err := runs.Value[bottom](t.Context(), launcher, "bottom")
		if err != nil || value != bottom(6) {
			t.Errorf("got %v, %v", value, err)
		}
	})

	t.Run("started only what it needs, and stopped it in reverse", func(t *testing.T) {
		want := []string{"start database", "start cache", "stop cache", "stop database"}
		if diff := cmp.Diff(want, resources.all()); diff != "" {
			t.Error(diff)
		}
	})

	t.Run("told its story in order", func(t *testing.T) {
		inOrder := []history.EventType{
			history.TypeRunQueued, history.TypeRunStarting, history.TypeResourceStarting, history.TypeResourceStarted, history.TypeRunStarted,
			history.TypeStepStarted, history.TypeAssetMaterialized, history.TypeStepSucceeded,
			history.TypeResourceStopping, history.TypeResourceStopped, history.TypeRunFinished,
		}
		rest := seen
		for _, want := range inOrder {
			at := slices.Index(rest, want)
			if at < 0 {
				t.Fatalf("%s is missing or too early in %v", want, seen)
			}
			rest = rest[at+1:]
		}
		if len(rest) != 0 {
			t.Errorf("after the end: %v", rest)
		}
	})
}

func TestStepThatFails(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{
		"by an error":           func(context.Context) error { return errBoom },
		"by a panic":            func(context.Context) error { panic(errBoom) },
		"by ending a goroutine": func(context.Context) error { return goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resources := new(recorded)
			failing := false
			launcher := newLauncher(t, runs.LauncherConfig{}, resources.resources(), diamond(func(ctx context.Context) error {
				if failing {
					return fail(ctx)
				}
				return nil
			})...)
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			failing = true
			record, err := run(t, launcher, runs.Request{Selection: "*"})

			if err == nil || record.Status != history.StatusFailed || !strings.Contains(record.Error.Message, "materializing middle: ") {
				t.Errorf("got %v, recorded %s: %s", err, record.Status, record.Error)
			}
			if name != "by ending a goroutine" && !errors.Is(err, errBoom) {
				t.Errorf("the step's own error can't be reached in %v", err)
			}
			want := map[string]history.StepStatus{"left": "succeeded", "middle": "failed", "right": "succeeded", "bottom": "skipped", "aside": "succeeded"}
			if diff := cmp.Diff(want, statuses(record)); diff != "" {
				t.Error(diff)
			}
			if step, _ := record.Step("bottom"); step.Because != "upstream middle did not succeed" {
				t.Errorf("bottom was skipped because %q", step.Because)
			}
			if step, _ := record.Step("middle"); name == "by a panic" && !strings.Contains(step.Error.Stack, "launcher_test.go") {
				t.Errorf("the panic has no stack: %+v", step.Error)
			}
			if value, err := runs.Value[middle](t.Context(), launcher, "middle"); err != nil || value != middle(2) {
				t.Errorf("the value of before is now %v, %v", value, err)
			}
			once := []string{"start database", "start cache", "stop cache", "stop database"}
			if diff := cmp.Diff(append(slices.Clone(once), once...), resources.all()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// goexit ends its goroutine, as testing.T.FailNow does.
func goexit() error {
	runtime.Goexit()
	return nil
}

func TestCancel(t *testing.T) {
	t.Parallel()
	resources := new(recorded)
	entered := make(chan struct{})
	launcher := newLauncher(t, runs.LauncherConfig{}, resources.resources(), diamond(func(ctx context.Context) error {
		close(entered)
		<-ctx.Done()
		return ctx.Err()
	})...)
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "+bottom"})
	if err != nil {
		t.Fatal(err)
	}
	awaits(t, handle, entered)
	handle.Cancel("enough")
	handle.Cancel("again")
	err = handle.Wait(t.Context())
	if !errors.Is(err, runs.ErrCancelled) || !strings.Contains(err.Error(), "enough") {
		t.Errorf("got %v", err)
	}
	record, err := history.Find(t.Context(), launcher.Store(), handle.ID())
	if err != nil {
		t.Fatal(err)
	}
	if record.Status != history.StatusCancelled || record.CancelRequested.IsZero() {
		t.Errorf("recorded %+v", record)
	}
	if got := statuses(record); got["middle"] != "cancelled" || got["bottom"] != "cancelled" {
		t.Errorf("steps: %v", got)
	}
	if got := resources.all(); !slices.Equal(got[len(got)-2:], []string{"stop cache", "stop database"}) {
		t.Errorf("not torn down: %v", got)
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		resources := new(recorded)
		launcher := newLauncher(t, runs.LauncherConfig{}, resources.resources(), diamond(func(ctx context.Context) error {
			select {
			case <-time.After(time.Hour):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})...)
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "+bottom"})
		if err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := launcher.Close(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closing with a run under way: %v", err)
		}
		select {
		case <-handle.Done():
		default:
			t.Error("Close returned before the run was torn down")
		}
		if handle.Status() != history.StatusCancelled {
			t.Errorf("the run is %s", handle.Status())
		}
		if _, err := launcher.Launch(t.Context(), runs.Request{Selection: "aside"}); !errors.Is(err, runs.ErrClosed) {
			t.Errorf("launching after Close: %v", err)
		}
	})
}

func TestResourceThatFails(t *testing.T) {
	t.Parallel()
	hook := func(start, stop error) func(fx.Lifecycle) *database {
		return func(lc fx.Lifecycle) *database {
			lc.Append(fx.Hook{
				OnStart: func(context.Context) error { return start },
				OnStop:  func(context.Context) error { return stop },
			})
			return &database{}
		}
	}

	t.Run("to start fails the run before any step", func(t *testing.T) {
		t.Parallel()
		launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
			iomanagers.Memory("io_manager"), container.Provide("database", hook(errBoom, nil)),
		}, assets.New("aside", func(*database) aside { panic("executed") }))
		record, err := run(t, launcher, runs.Request{Selection: "aside"})
		if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "starting resource database: boom") {
			t.Errorf("got %v", err)
		}
		if record.Status != history.StatusFailed || statuses(record)["aside"] != history.StepStatusSkipped {
			t.Errorf("recorded %+v", record)
		}
	})

	t.Run("to stop fails the run, whose values stay stored", func(t *testing.T) {
		t.Parallel()
		launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
			iomanagers.Memory("io_manager"), container.Provide("database", hook(nil, errBoom)),
		}, assets.New("aside", func(*database) aside { return 3 }))
		record, err := run(t, launcher, runs.Request{Selection: "aside"})
		if !errors.Is(err, errBoom) || !strings.Contains(err.Error(), "stopping resource database: boom") {
			t.Errorf("got %v", err)
		}
		if record.Status != history.StatusFailed || statuses(record)["aside"] != history.StepStatusSucceeded {
			t.Errorf("recorded %+v", record)
		}
		if value, err := runs.Value[aside](t.Context(), launcher, "aside"); err != nil || value != aside(3) {
			t.Errorf("got %v, %v", value, err)
		}
	})
}

func TestParallelSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const steps, limit = 40, 5
		var executing, most atomic.Int32
		var list []assets.Asset
		for i := range steps {
			list = append(list, assets.New(fmt.Sprintf("step%d", i), func() error {
				most.Store(max(most.Load(), executing.Add(1)))
				time.Sleep(time.Second) // of the bubble's clock
				executing.Add(-1)
				return nil
			}))
		}
		launcher := newLauncher(t, runs.LauncherConfig{Executor: runs.InProcess(runs.InProcessConfig{MaxParallel: limit})}, nil, assets.Set(list...))
		began := time.Now()
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
			t.Fatal(err)
		}
		if most.Load() != limit || time.Since(began) != steps/limit*time.Second {
			t.Errorf("%d at once, %s in all", most.Load(), time.Since(began))
		}
	})
}

func TestUnselectedUpstream(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, new(recorded).resources(), diamond(func(context.Context) error { return nil })...)

	t.Run("without a stored value says which run makes it", func(t *testing.T) {
		_, err := run(t, launcher, runs.Request{Selection: "right"})
		if !errors.Is(err, iomanagers.ErrNotFound) || !strings.Contains(err.Error(), `run it first (--select "+left")`) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("is loaded from what is stored", func(t *testing.T) {
		if _, err := run(t, launcher, runs.Request{Selection: "left"}); err != nil {
			t.Fatal(err)
		}
		if _, err := run(t, launcher, runs.Request{Selection: "right"}); err != nil {
			t.Error(err)
		}
	})
}

func TestRequestsThatAreWrong(t *testing.T) {
	t.Parallel()
	resources := new(recorded)
	launcher := newLauncher(t, runs.LauncherConfig{}, resources.resources(), diamond(func(context.Context) error { return nil })...)
	for name, test := range map[string]struct {
		request runs.Request
		want    string
	}{
		"no selection":        {runs.Request{}, "it names neither a job nor a selection"},
		"a job and selection": {runs.Request{Job: "x", Selection: "y"}, "it names a job and a selection"},
		"an unknown job":      {runs.Request{Job: "x"}, `there is no job "x"`},
		"an unknown asset":    {runs.Request{Selection: "botom"}, `there is no asset "botom", did you mean "bottom"?`},
		"an empty selection":  {runs.Request{Selection: "left and right"}, "holds no asset"},
		"an unknown resource": {runs.Request{Selection: "left", Config: container.RunConfig{Resources: map[string]any{"cash": nil}}}, `there is no resource "cash", did you mean "cache"?`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := launcher.Launch(t.Context(), test.request)
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Cleanup(func() {
		if found, err := launcher.Store().Runs(context.Background(), history.RunQuery{}); err != nil || len(found) > 0 || len(resources.all()) > 0 {
			t.Errorf("runs %v (%v), resources %v", found, err, resources.all())
		}
	})
}

func TestAssetsWithoutTheirIOManager(t *testing.T) {
	t.Parallel()
	c, err := container.New(iomanagers.Memory("io_manager"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := assets.NewGraph(c,
		assets.New("left", func() left { return 1 }, assets.IO("io_manger")),
		assets.New("aside", func() error { return nil }, assets.IO("not needed")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: g})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), `the IO manager "io_manger", which does not exist, did you mean "io_manager"?`) {
		t.Errorf("got %v", err)
	}
}

// failingStore refuses events of one type.
type failingStore struct {
	history.Store
	refuse history.EventType
}

func (s failingStore) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	for _, event := range events {
		if event.Type() == s.refuse {
			return nil, errBoom
		}
	}
	return s.Store.Append(ctx, events...)
}

func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	for _, refuse := range []history.EventType{history.TypeRunStarting, history.TypeResourceStarted, history.TypeStepStarted, history.TypeStepSucceeded, history.TypeResourceStopped} {
		t.Run("at "+string(refuse)+" fails the run, which is torn down", func(t *testing.T) {
			t.Parallel()
			resources := new(recorded)
			launcher := newLauncher(t, runs.LauncherConfig{Store: failingStore{history.NewMemoryStore(), refuse}}, resources.resources(),
				diamond(func(context.Context) error { return nil })...)
			record, err := run(t, launcher, runs.Request{Selection: "*"})
			if !errors.Is(err, errBoom) || record.Status != history.StatusFailed {
				t.Errorf("got %v, recorded %s", err, record.Status)
			}
			starts, stops := 0, 0
			for _, line := range resources.all() {
				if strings.HasPrefix(line, "start") {
					starts++
				} else {
					stops++
				}
			}
			if starts != stops {
				t.Errorf("not torn down: %v", resources.all())
			}
		})
	}
}

func TestLogsOfARun(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, nil, assets.New("chatty", func(step *assets.Context) error {
		step.Logger().WithGroup("page").With("n", 3).Info("fetched", "rows", 10, "key", container.NewSecret("hunter2"))
		step.AddMetadata("rows", 10)
		step.Progress(5, 10)
		return nil
	}))
	var events []history.Event
	if _, err := run(t, launcher, runs.Request{Selection: "chatty", Observe: func(e history.Event) { events = append(events, e) }}); err != nil {
		t.Fatal(err)
	}
	find := func(kind history.EventType) string {
		for _, event := range events {
			if event.Type() == kind {
				text, err := event.MarshalJSON()
				if err != nil {
					t.Fatal(err)
				}
				return string(text)
			}
		}
		t.Fatalf("no %s in %v", kind, events)
		return ""
	}
	if got := find(history.TypeLogWritten); !strings.Contains(got, `"attrs":{"page":{"n":3,"rows":10,"key":"******"}}`) || !strings.Contains(got, `"step":"chatty"`) {
		t.Error(got)
	}
	if got := find(history.TypeStepProgress); !strings.Contains(got, `"rows":5,"total":10`) {
		t.Error(got)
	}
	if got := find(history.TypeAssetMaterialized); !strings.Contains(got, `"metadata":{"rows":10}`) {
		t.Error(got)
	}
}

func TestStoredConfigHoldsNoSecret(t *testing.T) {
	type config struct {
		Table    string
		Password container.Secret[string]
		Key      container.Secret[string]
		Wait     time.Duration
	}
	t.Setenv("THE_KEY", "k3y")
	launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
		container.Provide("database", func(cfg config) (*database, error) {
			if cfg.Password.Reveal() != "hunter2" || cfg.Key.Reveal() != "k3y" || cfg.Wait != 90*time.Second {
				return nil, fmt.Errorf("got %+v", cfg)
			}
			return &database{}, nil
		}, container.Config(config{})),
	}, assets.New("aside", func(*database) error { return nil }))
	launch, err := container.ParseRunConfig([]byte(`{"resources": {"database": {"config": {"table": "t", "password": "hunter2", "key": {"env": "THE_KEY"}, "wait": "90s"}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	record, err := run(t, launcher, runs.Request{Selection: "aside", Config: launch})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"resources":{"database":{"config":{"key":{"env":"THE_KEY"},"table":"t","wait":"1m30s"}}}}`
	if string(record.Config) != want {
		t.Errorf("recorded %s\nwant %s", record.Config, want)
	}
}

func TestAssetsThatCantBeStored(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
		container.Provide("io_manager", func() (*iomanagers.FileManager, error) {
			return iomanagers.NewFiles(iomanagers.FilesConfig{Root: t.TempDir()})
		}, container.As[iomanagers.IOManager]()),
	},
		assets.New("costly", func() int { panic("executed") }),
		assets.New("number", func(int) left { return 1 }, assets.Format("csv")),
		assets.New("channel", func() chan int { return nil }),
		assets.New("unknown", func() []string { return nil }, assets.Format("parquet")))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	for _, want := range []string{
		"number can't be stored by io_manager: ", "channel can't be stored by io_manager: ",
		"unknown can't be stored by io_manager: ",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}
	if record.Status != history.StatusFailed || statuses(record)["costly"] != history.StepStatusSkipped {
		t.Errorf("recorded %+v", record)
	}
}

// storedManager calls stored after it has stored a value.
type storedManager struct {
	iomanagers.IOManager
	stored func()
}

func (m storedManager) Store(ctx context.Context, out iomanagers.Output, value any) error {
	err := m.IOManager.Store(ctx, out, value)
	m.stored()
	return err
}

func TestCancelledAtItsLastMoment(t *testing.T) {
	t.Parallel()
	t.Run("a step whose value is stored has succeeded", func(t *testing.T) {
		t.Parallel()
		handles := make(chan *runs.Run, 1)
		late := storedManager{iomanagers.NewMemory(), func() { (<-handles).Cancel("late") }}
		launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
			container.Supply("io_manager", late, container.As[iomanagers.IOManager]()),
		}, assets.New("left", func() left { return 1 }), assets.New("right", func(left) right { return 2 }))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
		if err != nil {
			t.Fatal(err)
		}
		handles <- handle
		if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		record, err := history.Find(t.Context(), launcher.Store(), handle.ID())
		if err != nil {
			t.Fatal(err)
		}
		if got := statuses(record); got["left"] != "succeeded" || got["right"] != "cancelled" || record.Status != history.StatusCancelled {
			t.Errorf("the run is %s, its steps %v", record.Status, got)
		}
		stored, err := launcher.Store().Events(t.Context(), history.EventQuery{Asset: "left", Types: []history.EventType{history.TypeAssetMaterialized}})
		if err != nil || len(stored) != 1 {
			t.Errorf("materializations: %v, %v", stored, err)
		}
	})

	t.Run("a value that is not stored yet is not stored any more", func(t *testing.T) {
		t.Parallel()
		handles := make(chan *runs.Run, 1)
		launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{iomanagers.Memory("io_manager")},
			assets.New("left", func() left { (<-handles).Cancel("late"); return 1 }))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "left"})
		if err != nil {
			t.Fatal(err)
		}
		handles <- handle
		if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) {
			t.Errorf("got %v", err)
		}
		if _, err := runs.Value[left](t.Context(), launcher, "left"); !errors.Is(err, iomanagers.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}
