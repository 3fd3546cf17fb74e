package runs_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// events lists the events of a run's steps, in words.
func events(t testing.TB, launcher *runs.Launcher, id string) []string {
	t.Helper()
	stored, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: id})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, event := range stored {
		switch data := event.Data.(type) {
		case history.StepStarted:
			lines = append(lines, fmt.Sprintf("%s started, attempt %d", data.Step, data.Attempt))
		case history.StepSucceeded:
			lines = append(lines, data.Step+" succeeded")
		case history.StepFailed:
			line := fmt.Sprintf("%s failed, attempt %d: %s", data.Step, data.Attempt, data.Error.Message)
			if data.Retry {
				line += fmt.Sprintf("; again in %s", data.RetryDelay)
			}
			lines = append(lines, line)
		case history.StepSkipped:
			lines = append(lines, data.Step+" skipped: "+data.Because)
		case history.StepCancelled:
			lines = append(lines, data.Step+" cancelled")
		case history.AssetMaterialized:
			lines = append(lines, fmt.Sprintf("%s materialized by %s %v", data.Asset, data.Step, data.Metadata["note"]))
		}
	}
	return lines
}

func memory() []container.Definition {
	return []container.Definition{iomanagers.Memory("io_manager")}
}

type halves struct {
	fx.Out
	Left  left  `name:"half/left"`
	Right right `name:"half/right"`
}

func TestStepOfSeveralAssets(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("halves", func(step *assets.Context) (halves, error) {
			step.AddMetadata("note", "both")
			step.AddMetadataOf("half/right", "note", "right")
			return halves{Left: 1, Right: 2}, nil
		}, assets.CodeVersion("v7")),
		assets.New("bottom", func(l left, r right) bottom { return bottom(int(l) + int(r)) }))
	record, err := run(t, launcher, runs.Request{Selection: "+bottom"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"halves started, attempt 1", "half/left materialized by halves both", "half/right materialized by halves right", "halves succeeded",
		"bottom started, attempt 1", "bottom materialized by bottom <nil>", "bottom succeeded",
	}
	if diff := cmp.Diff(want, events(t, launcher, record.ID)); diff != "" {
		t.Error(diff)
	}
	if value, err := runs.Value[bottom](t.Context(), launcher, "bottom"); err != nil || value != 3 {
		t.Errorf("got %v, %v", value, err)
	}
	materialized, err := launcher.Store().Events(t.Context(), history.EventQuery{Asset: "half/left", Types: []history.EventType{history.TypeAssetMaterialized}})
	if err != nil || len(materialized) != 1 || materialized[0].Data.(history.AssetMaterialized).CodeVersion != "v7" {
		t.Errorf("got %v, %v", materialized, err)
	}
}

func TestJobOfOps(t *testing.T) {
	t.Parallel()
	var deleted []string
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("aside", func() aside { return 10 }),
		assets.NewJob("cleanup",
			assets.NewOp("find", func(info container.RunInfo, a aside) (left, error) { return left(int(a) + len(info.Tags)), nil }),
			assets.NewOp("delete", func(found left) { deleted = append(deleted, fmt.Sprint(found)) })))
	if _, err := run(t, launcher, runs.Request{Selection: "aside"}); err != nil {
		t.Fatal(err)
	}
	for _, tags := range []map[string]string{{"a": "1"}, nil} {
		record, err := run(t, launcher, runs.Request{Job: "cleanup", Tags: tags})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"find started, attempt 1", "find succeeded", "delete started, attempt 1", "delete succeeded"}
		if diff := cmp.Diff(want, events(t, launcher, record.ID)); diff != "" {
			t.Error(diff)
		}
	}
	if diff := cmp.Diff([]string{"11", "10"}, deleted); diff != "" {
		t.Errorf("each run has values of its own: %s", diff)
	}
	if _, err := runs.Value[left](t.Context(), launcher, "find"); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("an op's value is no asset, got %v", err)
	}
}

var panicText = regexp.MustCompile(`panic: ouch \(.*\);`)

func TestRetry(t *testing.T) {
	t.Parallel()
	boom := func(attempt int) error { return fmt.Errorf("boom %d", attempt) }
	for _, test := range []struct {
		name string
		step func(step *assets.Context) (left, error)
		opts []assets.Option
		want []string
		took time.Duration
	}{
		{
			name: "goes on until the step succeeds",
			step: func(step *assets.Context) (left, error) {
				if step.Attempt() < 3 {
					return 0, boom(step.Attempt())
				}
				return 5, nil
			},
			opts: []assets.Option{assets.Retry(5, backoff.Exponential(time.Second, time.Minute))},
			want: []string{
				"left started, attempt 1", "left failed, attempt 1: boom 1; again in 1s",
				"left started, attempt 2", "left failed, attempt 2: boom 2; again in 2s",
				"left started, attempt 3", "left materialized by left <nil>", "left succeeded",
			},
			took: 3 * time.Second,
		},
		{
			name: "ends with the last error",
			step: func(step *assets.Context) (left, error) { return 0, boom(step.Attempt()) },
			opts: []assets.Option{assets.Retry(1, nil)},
			want: []string{
				"left started, attempt 1", "left failed, attempt 1: boom 1; again in 0s",
				"left started, attempt 2", "left failed, attempt 2: boom 2",
			},
		},
		{
			name: "leaves a permanent error alone",
			step: func(step *assets.Context) (left, error) { return 0, assets.Permanent(boom(step.Attempt())) },
			opts: []assets.Option{assets.Retry(4, nil)},
			want: []string{"left started, attempt 1", "left failed, attempt 1: boom 1"},
		},
		{
			name: "follows a timeout, a panic and an end of the goroutine",
			step: func(step *assets.Context) (left, error) {
				switch step.Attempt() {
				case 1:
					time.Sleep(time.Minute) // pays no heed to its context
					return 1, nil
				case 2:
					panic("ouch")
				case 3:
					runtime.Goexit()
				}
				return 5, nil
			},
			opts: []assets.Option{assets.Retry(3, nil), assets.Timeout(10 * time.Second)},
			want: []string{
				"left started, attempt 1", "left failed, attempt 1: timed out after 10s: context deadline exceeded; again in 0s",
				"left started, attempt 2", "left failed, attempt 2: panic: ouch; again in 0s",
				"left started, attempt 3", "left failed, attempt 3: it ended its goroutine without returning; again in 0s",
				"left started, attempt 4", "left materialized by left <nil>", "left succeeded",
			},
			took: time.Minute,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", test.step, test.opts...))
				began := time.Now()
				record, err := run(t, launcher, runs.Request{Selection: "left"})
				if took := time.Since(began); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
				got := events(t, launcher, record.ID)
				for i, line := range got { // a panic says where
					got[i] = panicText.ReplaceAllString(line, "panic: ouch;")
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Error(diff)
				}
				failed := strings.Contains(test.want[len(test.want)-1], "failed")
				if failed != (err != nil) || failed && !strings.Contains(err.Error(), "boom") {
					t.Errorf("the run's error is %v", err)
				}
				t.Log(err)
			})
		})
	}
}

func TestCancelledBetweenAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
			assets.New("left", func() (left, error) { return 0, errBoom }, assets.Retry(9, func(int) time.Duration { return time.Hour })))
		handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "left"})
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		handle.Cancel("enough")
		if err := handle.Wait(t.Context()); !errors.Is(err, runs.ErrCancelled) || !errors.Is(err, errBoom) {
			t.Errorf("got %v", err)
		}
		got := events(t, launcher, handle.ID())
		if got[len(got)-1] != "left cancelled" || len(got) != 3 {
			t.Errorf("got %q", got)
		}
	})
}

// transaction commits when its step has gone well.
type transaction struct{}

func TestAttemptsHaveResourcesOfTheirOwn(t *testing.T) {
	t.Parallel()
	note := new(recorded)
	launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(),
		container.Provide("transaction", func(lc fx.Lifecycle) *transaction {
			container.Around(lc, func(_ context.Context, yield func() error) error {
				note.note("begin")
				if err := yield(); err != nil {
					note.note("roll back")
					return nil
				}
				note.note("commit")
				return nil
			})
			return &transaction{}
		}, container.PerStep())),
		assets.New("left", func(step *assets.Context, _ *transaction) error {
			if step.Attempt() == 1 {
				panic("half way")
			}
			return nil
		}, assets.Retry(1, nil)))
	if _, err := run(t, launcher, runs.Request{Selection: "left"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"begin", "roll back", "begin", "commit"}, note.all()); diff != "" {
		t.Error(diff)
	}
}

type limits struct {
	Rows int `default:"3"`
	Day  string
}

// Each step has an instance of its own of a resource that lives per step: what
// happens to it is recorded with the step.
func TestEventsOfAResourceSayWhichStepItBelongsTo(t *testing.T) {
	t.Parallel()
	type scratch struct{}
	type shared struct{}
	launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(),
		container.Provide("scratch", func() *scratch { return new(scratch) }, container.PerStep()),
		container.Provide("shared", func() *shared { return new(shared) })),
		assets.New("left", func(*scratch, *shared) error { return nil }),
		assets.New("right", func(*scratch) error { return nil }))
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	events, err := launcher.Store().Events(t.Context(), history.EventQuery{RunID: record.ID, Types: []history.EventType{
		history.TypeResourceStarting, history.TypeResourceStarted, history.TypeResourceStopping, history.TypeResourceStopped,
	}})
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	for _, event := range events {
		switch data := event.Data.(type) {
		case history.ResourceStarting:
			got[data.Resource+" of step "+data.Step]++
		case history.ResourceStarted:
			got[data.Resource+" of step "+data.Step]++
		case history.ResourceStopping:
			got[data.Resource+" of step "+data.Step]++
		case history.ResourceStopped:
			got[data.Resource+" of step "+data.Step]++
		default:
			t.Errorf("got %+v", data)
		}
	}
	delete(got, "io_manager of step ")
	if diff := cmp.Diff(map[string]int{"scratch of step left": 4, "scratch of step right": 4, "shared of step ": 4}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestConfigOfAStep(t *testing.T) {
	t.Parallel()
	var got []limits
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("raw/left", func(cfg limits) error { got = append(got, cfg); return nil },
			assets.Config(limits{}, container.AtLaunch("Day"))),
		assets.New("right", func() error { return nil }),
		assets.NewJob("cleanup", assets.NewOp("delete", func(cfg limits) { got = append(got, cfg) }, assets.Config(limits{Day: "mon"}))))
	config, err := container.ParseRunConfig([]byte(`steps: {raw/left: {config: {day: tue, rows: 0}}}`))
	if err != nil {
		t.Fatal(err)
	}
	record, err := run(t, launcher, runs.Request{Selection: "raw/left", Config: config})
	if err != nil {
		t.Fatal(err)
	}
	if string(record.Config) != `{"steps":{"raw/left":{"config":{"day":"tue","rows":0}}}}` {
		t.Errorf("recorded %s", record.Config)
	}
	if _, err := run(t, launcher, runs.Request{Selection: "right", Config: config}); err != nil {
		t.Errorf("config of a step that is not in the run is no fault: %v", err)
	}
	if _, err := run(t, launcher, runs.Request{Job: "cleanup"}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]limits{{0, "tue"}, {3, "mon"}}, got); diff != "" {
		t.Error(diff)
	}
	for _, test := range []struct {
		request runs.Request
		config  string
		want    string
	}{
		{runs.Request{Selection: "raw/left"}, ``, `steps.raw/left.config.day: missing: it must be given at launch`},
		{runs.Request{Selection: "right"}, `steps: {raw/letf: {config: {day: tue}}}`, `did you mean "raw/left"?`},
		{runs.Request{Selection: "raw/left"}, `steps: {raw/left: {config: {dya: tue}}}`, `did you mean "day"?`},
		{runs.Request{Job: "cleanup"}, `steps: {raw/left: {config: {dya: tue}}}`, `did you mean "day"?`},
		{runs.Request{Selection: "right"}, `steps: {clean_up: {config: {}}}`, `steps.clean_up`},
	} {
		config, err := container.ParseRunConfig([]byte(test.config))
		if err != nil {
			t.Fatal(err)
		}
		test.request.Config = config
		prepared, err := launcher.Prepare(test.request)
		preview := prepared.Preview()
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
		if test.request.Selection == "raw/left" && (len(preview.Steps) != 1 || len(preview.Steps[0].Config) != 2) {
			t.Errorf("the preview shows %+v", preview.Steps)
		}
	}
}

type row struct{ ID int }

// counting gives n rows, and then an error or a panic.
func counting(n int, fail func() error) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for i := range n {
			if !yield(row{i}, nil) {
				return
			}
		}
		if err := fail(); err != nil {
			yield(row{}, err)
		}
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	for _, manager := range []struct {
		name   string
		define func(t *testing.T) container.Resource
	}{
		{"in memory", func(*testing.T) container.Resource { return iomanagers.Memory("io_manager") }},
		{"in files", func(t *testing.T) container.Resource {
			return iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: t.TempDir()})
		}},
	} {
		t.Run(manager.name, func(t *testing.T) {
			t.Parallel()
			fail := func() error { return nil }
			launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{manager.define(t)},
				assets.New("rows", func() iter.Seq2[row, error] { return counting(1000, func() error { return fail() }) }),
				assets.New("sum", func(rows iter.Seq2[row, error]) (sum left, err error) {
					for r, err := range rows {
						if err != nil {
							return 0, err
						}
						sum += left(r.ID)
					}
					return sum, nil
				}),
				assets.New("count", func(rows []row) right { return right(len(rows)) }))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			check := func() {
				t.Helper()
				if sum, err := runs.Value[left](t.Context(), launcher, "sum"); err != nil || sum != 499500 {
					t.Errorf("got %v, %v", sum, err)
				}
				if count, err := runs.Value[right](t.Context(), launcher, "count"); err != nil || count != 1000 {
					t.Errorf("got %v, %v", count, err)
				}
				if rows, err := runs.Value[[]row](t.Context(), launcher, "rows"); err != nil || len(rows) != 1000 {
					t.Errorf("got %d rows, %v", len(rows), err)
				}
			}
			check()
			for name, ending := range map[string]func() error{
				"an error":                func() error { return errBoom },
				"a panic":                 func() error { panic("boom") },
				"an end of the goroutine": func() error { runtime.Goexit(); return nil },
			} {
				fail = ending
				record, err := run(t, launcher, runs.Request{Selection: "*"})
				if err == nil || statuses(record)["rows"] != history.StepStatusFailed || statuses(record)["sum"] != history.StepStatusSkipped {
					t.Errorf("after %s at the stream's end: %v, %+v", name, err, record)
				}
				check() // the values of before
			}
		})
	}
}

func TestReadOfAStream(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("rows", func() iter.Seq2[row, error] { return counting(10, func() error { return nil }) }))
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
		t.Fatal(err)
	}
	var ids []int
	err := launcher.Read(t.Context(), "rows", nil, func(value any) error {
		for r, err := range value.(iter.Seq2[row, error]) {
			if err != nil {
				return err
			}
			ids = append(ids, r.ID)
		}
		return errBoom
	})
	if !errors.Is(err, errBoom) || len(ids) != 10 || !slices.IsSorted(ids) {
		t.Errorf("got %v, %v", ids, err)
	}
	if _, err := runs.Value[iter.Seq2[row, error]](t.Context(), launcher, "rows"); !errors.Is(err, container.ErrInvalid) {
		t.Errorf("got %v", err)
	}
}

func TestReadThatPanicsIsNotCommitted(t *testing.T) {
	t.Parallel()
	note := new(recorded)
	launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
		container.Provide("io_manager", func(lc fx.Lifecycle) iomanagers.IOManager {
			container.Around(lc, func(_ context.Context, yield func() error) error {
				if err := yield(); err != nil {
					note.note("roll back")
					return nil
				}
				note.note("commit")
				return nil
			})
			return found{}
		}),
	}, assets.New("left", func() left { return 1 }))
	for _, use := range []func(any) error{
		func(any) error { return nil },
		func(any) error { return errBoom },
		func(any) error { panic("ouch") },
	} {
		func() {
			defer func() { _ = recover() }()
			_ = launcher.Read(t.Context(), "left", nil, use)
		}()
	}
	if diff := cmp.Diff([]string{"commit", "roll back", "roll back"}, note.all()); diff != "" {
		t.Error(diff)
	}
}

// found is an IO manager that loads zero values.
type found struct{ iomanagers.IOManager }

func (found) Load(context.Context, iomanagers.Input, any) error { return nil }

func TestProgressOfAStreamIsToldByItself(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
		assets.New("rows", func() iter.Seq2[row, error] { return counting(10_000, func() error { return nil }) }),
		assets.New("own", func(step *assets.Context) iter.Seq2[row, error] {
			return counting(10_000, func() error { step.Progress(7, 8); return nil })
		}))
	last := make(map[string]history.StepProgress)
	observe := func(event history.Event) {
		if progress, ok := event.Data.(history.StepProgress); ok {
			last[progress.Step] = progress
		}
	}
	if _, err := run(t, launcher, runs.Request{Selection: "*", Observe: observe}); err != nil {
		t.Fatal(err)
	}
	if last["rows"].Rows != 10_000 || last["own"].Rows != 7 || last["own"].Total != 8 {
		t.Errorf("got %+v", last)
	}
}

// refusing is an IO manager that can't stage, and stores nothing.
type refusing struct{ iomanagers.IOManager }

func (refusing) Store(context.Context, iomanagers.Output, any) error { return errBoom }

func TestValuesOfOneStepAreStoredTogether(t *testing.T) {
	t.Parallel()
	type made struct {
		fx.Out
		Left  left                  `name:"left"`
		Rows  iter.Seq2[row, error] `name:"rows"`
		Right right                 `name:"right"`
	}
	for name, second := range map[string]struct {
		rows  func() error
		right iomanagers.IOManager
	}{
		"a stream that ends in an error": {rows: func() error { return errBoom }, right: iomanagers.NewMemory()},
		"a stream that panics":           {rows: func() error { panic("boom") }, right: iomanagers.NewMemory()},
		"an IO manager that fails":       {rows: func() error { return nil }, right: refusing{}},
	} {
		t.Run(name+" leaves all earlier values", func(t *testing.T) {
			t.Parallel()
			var fail func() error
			value, root := left(1), t.TempDir()
			switching := &switchedManager{IOManager: iomanagers.NewMemory()}
			launcher := newLauncher(t, runs.LauncherConfig{}, []container.Definition{
				iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: root}),
				container.Supply("other", switching, container.As[iomanagers.IOManager]()),
			}, assets.New("made", func() made {
				return made{Left: value, Rows: counting(3, func() error {
					if fail == nil {
						return nil
					}
					return fail()
				}), Right: right(value)}
			}, assets.ForOutput("right", assets.IO("other"))))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			before := filesIn(t, root)
			fail, value, switching.IOManager = second.rows, 2, keepLoads{second.right, switching.IOManager}
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err == nil {
				t.Error("the run succeeded")
			}
			if got, err := runs.Value[left](t.Context(), launcher, "left"); err != nil || got != 1 {
				t.Errorf("left is now %v, %v", got, err)
			}
			if got, err := runs.Value[right](t.Context(), launcher, "right"); err != nil || got != 1 {
				t.Errorf("right is now %v, %v", got, err)
			}
			if diff := cmp.Diff(before, filesIn(t, root)); diff != "" {
				t.Errorf("files were left behind: %s", diff)
			}
		})
	}
}

func filesIn(t *testing.T, root string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// switchedManager is one IO manager after another.
type switchedManager struct{ iomanagers.IOManager }

// keepLoads stores by one manager and loads by another.
type keepLoads struct {
	iomanagers.IOManager
	loads iomanagers.IOManager
}

func (k keepLoads) Load(ctx context.Context, in iomanagers.Input, dst any) error {
	return k.loads.Load(ctx, in, dst)
}

func TestProgressIsRecordedNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func(step *assets.Context) error {
			for i := range int64(12_001) {
				step.Progress(i, 12_000)
				time.Sleep(100 * time.Microsecond)
			}
			return nil
		}))
		var told []history.StepProgress
		observe := func(event history.Event) {
			progress, ok := event.Data.(history.StepProgress)
			if !ok {
				return
			}
			told = append(told, progress)
			record, err := history.Find(t.Context(), launcher.Store(), event.RunID)
			if err != nil {
				t.Error(err)
			}
			if step := record.Steps[0]; step.Status == history.StepStatusRunning && step.Progress.Rows != progress.Rows {
				t.Errorf("the record has the progress %+v, after %+v", step.Progress, progress)
			}
		}
		record, err := run(t, launcher, runs.Request{Selection: "*", Observe: observe})
		if err != nil {
			t.Fatal(err)
		}
		if last := told[len(told)-1]; len(told) != 6 || last.Rows != 12_000 || last.Total != 12_000 {
			t.Errorf("%d events, the last %+v", len(told), last)
		}
		if record.Steps[0].Progress != (history.Progress{}) {
			t.Errorf("after its end the step has the progress %+v", record.Steps[0].Progress)
		}
	})
}
