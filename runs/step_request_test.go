package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/runs"
)

// remote has steps executed by another launcher.
type remote struct {
	worker *runs.Launcher
	apart  bool // passes secrets apart
	change func(*runs.StepRequest)
	record func(next runs.Recorder) runs.Recorder

	mu   sync.Mutex
	sent []string // requests
}

func (r *remote) SecretsApart() bool { return r.apart }

func (r *remote) Execute(ctx context.Context, execution *runs.Execution) error {
	return execution.Schedule(ctx, 4, func(ctx context.Context, step *assets.Step) error {
		request, err := execution.Request(step)
		if err != nil {
			return err
		}
		sent, err := json.Marshal(request)
		if err != nil {
			return err
		}
		r.mu.Lock()
		r.sent = append(r.sent, string(sent))
		r.mu.Unlock()
		got := runs.StepRequest{Secrets: request.Secrets}
		if err := json.Unmarshal(sent, &got); err != nil {
			return err
		}
		if r.change != nil {
			r.change(&got)
		}
		var recorder runs.Recorder = execution
		if r.record != nil {
			recorder = r.record(execution)
		}
		return r.worker.ExecuteStep(ctx, got, recorder)
	})
}

type vaultConfig struct {
	Table    string
	Password container.Secret[string]
	Wait     time.Duration
}

type vault struct{ config vaultConfig }

// sharedStorage is storage that both sides of a test can reach.
type sharedStorage struct{ iomanagers.IOManager }

// files store values where other processes can load them.
func files(t *testing.T) []container.Definition {
	t.Helper()
	return []container.Definition{iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: t.TempDir()})}
}

// vaults are definitions with a secret: a resource that says what it has.
func vaults(t *testing.T) ([]container.Definition, []assets.Definition) {
	t.Helper()
	return append(files(t), container.Provide("vault", func(config vaultConfig) *vault { return &vault{config} },
			container.Config(vaultConfig{}))),
		[]assets.Definition{
			assets.New("left", func(v *vault) (left, error) {
				return left(len(v.config.Password.Reveal())), nil
			}),
			assets.NewJob("guarded", assets.NewOp("open", func(v *vault) (left, error) {
				if v.config.Password.Reveal() != "in the code" {
					return 0, errors.New("the password of the job's defaults is missing")
				}
				return 1, nil
			}), assets.NewOp("look", func(l left, info container.RunInfo, v *vault) error {
				if l != 1 || info.Tags["why"] == "" {
					return fmt.Errorf("got %v, %v", l, info.Tags)
				}
				return nil
			}), assets.JobTag("why", "job"), assets.LaunchDefaults(container.RunConfig{
				Resources: map[string]any{"vault": vaultConfig{Password: container.NewSecret("in the code"), Wait: time.Second}},
			})),
		}
}

// apart are a launcher and the executor that has its steps executed by another
// one, with the same definitions and the same storage.
func apart(t *testing.T, executor *remote) *runs.Launcher {
	t.Helper()
	values := sharedStorage{iomanagers.NewMemory()}
	resources, list := vaults(t)
	executor.worker = newLauncher(t, runs.LauncherConfig{IO: values}, resources, list...)
	resources, list = vaults(t)
	return newLauncher(t, runs.LauncherConfig{IO: values, Executor: executor}, resources, list...)
}

func TestSecretsDoNotCrossAProcess(t *testing.T) {
	literal := container.RunConfig{Resources: map[string]any{"vault": container.Fields{"password": "hunter2-literal", "table": "orders"}}}
	reference, err := container.ParseRunConfig([]byte("resources: {vault: {config: {password: {env: RUNS_TEST_SECRET}, table: orders}}}"))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("RUNS_TEST_SECRET", "hunter2-variable")
	t.Run("a literal is refused at launch", func(t *testing.T) {
		executor := new(remote)
		launcher := apart(t, executor)
		_, err := launcher.Launch(t.Context(), runs.Request{Selection: "left", Config: literal})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "resources.vault.config.password is a secret that is given literally: give {env: NAME}") ||
			strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "table") {
			t.Errorf("got %v", err)
		}
		if records, err := launcher.Store().Runs(t.Context(), history.RunQuery{}); err != nil || len(records) != 0 {
			t.Errorf("a run exists: %v, %v", records, err)
		}
	})
	t.Run("a reference crosses as a reference", func(t *testing.T) {
		executor := new(remote)
		launcher := apart(t, executor)
		if _, err := run(t, launcher, runs.Request{Selection: "left", Config: reference}); err != nil {
			t.Fatal(err)
		}
		if sent := strings.Join(executor.sent, ""); strings.Contains(sent, "hunter2") || !strings.Contains(sent, `"password":{"env":"RUNS_TEST_SECRET"}`) {
			t.Errorf("sent %s", sent)
		}
		if value, err := runs.Value[left](t.Context(), launcher, "left"); err != nil || int(value) != len("hunter2-variable") {
			t.Errorf("got %v, %v", value, err)
		}
	})
	t.Run("a tag with the text of a secret is refused at launch", func(t *testing.T) {
		for _, executor := range []*remote{{}, {apart: true}} {
			launcher := apart(t, executor)
			_, err := launcher.Launch(t.Context(), runs.Request{Selection: "left", Config: reference, Tags: map[string]string{"for": "login hunter2-variable", "by": "me"}})
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "its tag for has the text of a secret") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("got %v", err)
			}
			if len(executor.sent) > 0 {
				t.Errorf("sent %s", executor.sent)
			}
		}
	})
	t.Run("a literal that the executor passes apart is not in the request", func(t *testing.T) {
		executor := &remote{apart: true}
		launcher := apart(t, executor)
		if _, err := run(t, launcher, runs.Request{Selection: "left", Config: literal}); err != nil {
			t.Fatal(err)
		}
		if sent := strings.Join(executor.sent, ""); strings.Contains(sent, "hunter2") || !strings.Contains(sent, "orders") {
			t.Errorf("sent %s", sent)
		}
		if value, err := runs.Value[left](t.Context(), launcher, "left"); err != nil || int(value) != len("hunter2-literal") {
			t.Errorf("got %v, %v", value, err)
		}
	})
	t.Run("a literal in the code of a job is there already", func(t *testing.T) {
		executor := new(remote)
		launcher := apart(t, executor)
		record, err := run(t, launcher, runs.Request{Job: "guarded"})
		if err != nil || len(record.Steps) != 2 {
			t.Fatalf("%v, %+v", err, record)
		}
		if sent := strings.Join(executor.sent, ""); strings.Contains(sent, "in the code") || !strings.Contains(sent, `"wait":"1s"`) {
			t.Errorf("sent %s", sent)
		}
	})
	t.Run("a literal over that of a job is refused", func(t *testing.T) {
		launcher := apart(t, new(remote))
		if _, err := launcher.Launch(t.Context(), runs.Request{Job: "guarded", Config: literal}); !errors.Is(err, container.ErrInvalid) {
			t.Errorf("got %v", err)
		}
	})
}

func TestValuesInMemoryDoNotCrossAProcess(t *testing.T) {
	t.Parallel()
	definition := assets.New("left", func() left { return 1 })
	unknown := container.Provide("io_manager", func() iomanagers.IOManager { return iomanagers.NewMemory() })
	want := "left is stored by io_manager, from which another process can't load it: it keeps them in the memory of the process"
	for name, launcher := range map[string]*runs.Launcher{
		"by its definition": newLauncher(t, runs.LauncherConfig{Executor: new(remote)}, memory(), definition),
		"for all values":    newLauncher(t, runs.LauncherConfig{Executor: new(remote), IO: iomanagers.NewMemory()}, memory(), definition),
	} {
		t.Run("an IO manager that is known "+name+" is refused at launch", func(t *testing.T) {
			t.Parallel()
			if _, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"}); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("an IO manager that is known only there is refused before the step", func(t *testing.T) {
		t.Parallel()
		executor := &remote{worker: newLauncher(t, runs.LauncherConfig{}, []container.Definition{unknown}, definition)}
		launcher := newLauncher(t, runs.LauncherConfig{Executor: executor}, []container.Definition{unknown}, definition)
		if _, err := run(t, launcher, runs.Request{Selection: "*"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v", err)
		}
	})
}

func TestAStepIsTriedAgainByAFurtherRequest(t *testing.T) {
	t.Parallel()
	definition := assets.New("left", func(step *assets.Context) error {
		if step.Attempt() < 3 {
			return errBoom
		}
		return nil
	}, assets.Retry(3, func(int) time.Duration { return time.Millisecond }))
	worker := newLauncher(t, runs.LauncherConfig{}, files(t), definition)
	executor := executorFunc(func(ctx context.Context, execution *runs.Execution) error {
		return execution.Schedule(ctx, 1, func(ctx context.Context, step *assets.Step) error {
			request, err := execution.Request(step)
			if err != nil {
				return err
			}
			request.Attempts = 1
			for ; ; request.Attempt++ {
				if err := worker.ExecuteStep(ctx, request, execution); err == nil || request.Attempt == 3 {
					return err
				}
			}
		})
	})
	launcher := newLauncher(t, runs.LauncherConfig{Executor: executor}, files(t), definition)
	record, err := run(t, launcher, runs.Request{Selection: "*"})
	if step, _ := record.Step("left"); err != nil || step.Attempt != 3 {
		t.Errorf("got %v, %+v", err, record.Steps)
	}
}

func TestOptionsDoNotCrossAProcess(t *testing.T) {
	t.Parallel()
	launcher := apart(t, new(remote))
	_, err := launcher.Launch(t.Context(), runs.Request{Selection: "left", Options: []fx.Option{fx.Replace(&vault{})}})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "fx.Options, which cannot be sent to another process") {
		t.Errorf("got %v", err)
	}
}

func TestRequestThatDoesNotFitIsRefused(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*runs.StepRequest)
		want   string
	}{
		"for another plan":         {func(r *runs.StepRequest) { r.Plan = "another" }, "the definitions of this program differ"},
		"for another selection":    {func(r *runs.StepRequest) { r.Selection, r.Job = "", "guarded" }, "the definitions of this program differ"},
		"for an unknown job":       {func(r *runs.StepRequest) { r.Selection, r.Job = "", "garded" }, `there is no job "garded", did you mean "guarded"?`},
		"for a step that is none":  {func(r *runs.StepRequest) { r.Step = "right" }, "the run has no such step"},
		"for no step":              {func(r *runs.StepRequest) { r.Step = "" }, "the request names no step"},
		"for no run":               {func(r *runs.StepRequest) { r.RunID = "" }, "the request names no run"},
		"for no attempt":           {func(r *runs.StepRequest) { r.Attempt = 0 }, "attempts are counted from 1"},
		"for too many attempts":    {func(r *runs.StepRequest) { r.Attempt = 2 }, "the request asks for attempt 2, and the last attempt of the step is number 1"},
		"with an unknown resource": {func(r *runs.StepRequest) { r.Config = json.RawMessage(`{"resources":{"valt":{"config":{}}}}`) }, "valt"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			launcher := apart(t, &remote{change: test.change})
			record, err := run(t, launcher, runs.Request{Selection: "left"})
			if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
			if step, _ := record.Step("left"); step.Status != history.StepStatusFailed || !strings.Contains(step.Error.Message, test.want) {
				t.Errorf("the step is %s: %s", step.Status, step.Error)
			}
		})
	}
}

type (
	rowOfOne struct{ A int }
	rowOfTwo struct{ A, B int }
)

func TestProgramsWithOtherDefinitionsRefuseAStep(t *testing.T) {
	t.Parallel()
	fn := func() left { return 1 }
	for name, other := range map[string]struct {
		resources []container.Definition
		list      []assets.Definition
	}{
		"another step":                 {files(t), []assets.Definition{assets.New("left", fn), assets.New("right", func() right { return 1 })}},
		"another function":             {files(t), []assets.Definition{assets.New("left", func() left { return 2 })}},
		"another version of the code":  {files(t), []assets.Definition{assets.New("left", fn, assets.CodeVersion("2"))}},
		"another format":               {files(t), []assets.Definition{assets.New("left", fn, assets.Format("json"))}},
		"other retries":                {files(t), []assets.Definition{assets.New("left", fn, assets.Retry(1, nil))}},
		"another timeout":              {files(t), []assets.Definition{assets.New("left", fn, assets.Timeout(time.Hour))}},
		"another resource that starts": {append(files(t), container.Supply("more", 5), container.Provide("eager", func() *cache { return nil }, container.Eager())), []assets.Definition{assets.New("left", fn)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			executor := &remote{worker: newLauncher(t, runs.LauncherConfig{}, other.resources, other.list...)}
			launcher := newLauncher(t, runs.LauncherConfig{Executor: executor}, files(t), assets.New("left", fn))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err == nil || !strings.Contains(err.Error(), "the definitions of this program differ") {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("the fields of a type count", func(t *testing.T) {
		t.Parallel()
		plans := make(map[string]bool)
		for _, fn := range []any{
			func() []rowOfOne { return nil }, func() []rowOfTwo { return nil }, func() map[string]rowOfOne { return nil }, func() *rowOfOne { return nil },
			func() [2]rowOfOne { return [2]rowOfOne{} }, func() [3]rowOfOne { return [3]rowOfOne{} },
		} {
			var plan string
			executor := &remote{change: func(r *runs.StepRequest) { plan = r.Plan }}
			executor.worker = newLauncher(t, runs.LauncherConfig{}, files(t), assets.New("left", fn))
			launcher := newLauncher(t, runs.LauncherConfig{Executor: executor}, files(t), assets.New("left", fn))
			if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
				t.Fatal(err)
			}
			plans[plan] = true
		}
		if len(plans) != 6 {
			t.Errorf("6 types have %d fingerprints", len(plans))
		}
	})
}

// deadly ends the way to the history at an event.
type deadly struct {
	next runs.Recorder
	at   history.EventType
	mu   sync.Mutex
	dead bool
}

var errLineIsDead = errors.New("the line is dead")

func (d *deadly) Record(ctx context.Context, events ...history.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, event := range events {
		if d.dead = d.dead || event.Type() == d.at; d.dead {
			return errLineIsDead
		}
		if err := d.next.Record(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

func TestStepWhoseProcessDiesHasFailed(t *testing.T) {
	t.Parallel()
	for _, at := range []history.EventType{
		history.TypeResourceStarting, history.TypeStepStarted, history.TypeStepSucceeded, history.TypeAssetMaterialized, history.TypeResourceStopping,
	} {
		t.Run("at "+string(at), func(t *testing.T) {
			t.Parallel()
			launcher := apart(t, &remote{record: func(next runs.Recorder) runs.Recorder { return &deadly{next: next, at: at} }})
			record, err := run(t, launcher, runs.Request{Selection: "left"})
			step, _ := record.Step("left")
			want := history.StepStatusFailed
			if at == history.TypeResourceStopping {
				want = history.StepStatusSucceeded // which is no reason to call the run a success
			}
			if !errors.Is(err, errLineIsDead) || step.Status != want || record.Status != history.StatusFailed {
				t.Errorf("the step is %s, the run is %s: %v", step.Status, record.Status, err)
			}
		})
	}
}

func TestEventsThatNoExecutorMayRecord(t *testing.T) {
	t.Parallel()
	var errs []error
	launcher := newLauncher(t, runs.LauncherConfig{Executor: executorFunc(func(ctx context.Context, execution *runs.Execution) error {
		for _, event := range []history.Event{
			{RunID: execution.RunID(), Data: history.RunFinished{Status: history.StatusSucceeded}},
			{RunID: execution.RunID(), Data: history.RunStarted{}},
			{RunID: execution.RunID()},
			{RunID: "another", Data: history.LogWritten{}},
			{RunID: execution.RunID(), Data: history.StepStarted{Step: "lft", Attempt: 1}},
			{RunID: execution.RunID(), Data: history.UnknownEvent{Kind: "new"}},
		} {
			errs = append(errs, execution.Record(ctx, event))
		}
		return execution.Schedule(ctx, 1, execution.Step)
	})}, memory(), assets.New("left", func() left { return 1 }))
	if _, err := run(t, launcher, runs.Request{Selection: "*"}); err != nil {
		t.Error(err)
	}
	for i, err := range errs {
		if !errors.Is(err, history.ErrInvalid) {
			t.Errorf("event %d: %v", i, err)
		}
	}
}

func TestCloseEndsTheStepsOfOtherRuns(t *testing.T) {
	t.Parallel()
	began := make(chan struct{})
	definition := assets.New("left", func(ctx context.Context) error { close(began); <-ctx.Done(); return context.Cause(ctx) })
	executor := &remote{worker: newLauncher(t, runs.LauncherConfig{}, files(t), definition)}
	launcher := newLauncher(t, runs.LauncherConfig{Executor: executor}, files(t), definition)
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	awaits(t, handle, began)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := executor.worker.Close(ended); err == nil || !strings.Contains(err.Error(), "steps of other runs: 1") {
		t.Errorf("got %v", err)
	}
	if err := handle.Wait(t.Context()); err == nil {
		t.Error("the run has succeeded")
	}
	if err := executor.worker.ExecuteStep(t.Context(), runs.StepRequest{}, nil); err == nil {
		t.Error("a closed launcher has executed a step")
	}
}

func TestFailureThatComesBackIsTheSame(t *testing.T) {
	t.Parallel()
	for _, failure := range []history.Failure{{}, {Message: "boom"}, {Message: "panic: boom", Stack: "main.go:1"}} {
		if diff := cmp.Diff(failure, history.FailureOf(failure.Err())); diff != "" {
			t.Error(diff)
		}
	}
}

// level has more than its text says.
type level struct{ text, note string }

func (l level) String() string               { return l.text + l.note }
func (l level) MarshalText() ([]byte, error) { return []byte(l.text), nil }
func (l *level) UnmarshalText(text []byte) error {
	*l = level{text: string(text)}
	return nil
}

type levelConfig struct {
	Level level `json:"level"`
	Rules []struct {
		Name  string           `json:"name"`
		Wait  time.Duration    `json:"wait"`
		Names map[string]level `json:"names"`
	} `json:"rules"`
}

// levels is an asset that looks at its config.
func levels() assets.Definition {
	return assets.New("left", lookAtLevels, assets.Config(levelConfig{}))
}

func lookAtLevels(config levelConfig) (left, error) {
	if config.Level.note != "" || len(config.Rules) > 0 && (config.Rules[0].Name != "from the environment" || config.Rules[1].Wait != time.Minute) {
		return 0, fmt.Errorf("the config is %+v", config)
	}
	return 1, nil
}

func TestAValueGivenAtLaunchReachesOtherProcessesAsItIsOrIsRefused(t *testing.T) {
	t.Setenv("RUNS_TEST_NAME", "from the environment")
	for name, c := range map[string]struct {
		fields  container.Fields
		refused string
	}{
		"a value that is its text":  {container.Fields{"level": level{text: "high"}}, ""},
		"a value with more than it": {container.Fields{"level": level{"high", " and noted"}}, "steps.left.config.level has a value that cannot be sent as text"},
		"lists of structs with durations, maps and references": {container.Fields{"level": "low", "rules": []any{
			map[string]any{"name": map[string]any{"env": "RUNS_TEST_NAME"}, "wait": "90s"},
			map[string]any{"name": "second", "wait": time.Minute.String(), "names": map[string]any{"a": "high"}},
		}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			values := sharedStorage{iomanagers.NewMemory()}
			executor := &remote{worker: newLauncher(t, runs.LauncherConfig{IO: values}, files(t), levels())}
			launcher := newLauncher(t, runs.LauncherConfig{IO: values, Executor: executor}, files(t), levels())
			run, err := launcher.Launch(t.Context(), runs.Request{Selection: "left", Config: container.RunConfig{Steps: map[string]any{"left": c.fields}}})
			if err == nil {
				err = run.Wait(t.Context())
			}
			if c.refused == "" && err != nil || c.refused != "" && (!errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), c.refused)) {
				t.Errorf("got %v, want %q", err, c.refused)
			}
		})
	}
}

// manyKinds is a config whose values are hard to write as text.
type manyKinds struct {
	Whole int64             `json:"whole"`
	Real  float64           `json:"real"`
	Bytes []byte            `json:"bytes"`
	Names map[string]string `json:"names"`
	Text  string            `json:"text"`
	Time  time.Time         `json:"time"`
	Count *int              `json:"count" default:"3"`
	Limit *struct {
		Rows int `json:"rows" default:"5"`
	} `json:"limit"`
}

// kindsNoted are the configs that a step has got, as JSON.
type kindsNoted struct{ texts []string }

func noteKinds(config manyKinds, noted *kindsNoted) (left, error) {
	text, err := json.Marshal(config)
	noted.texts = append(noted.texts, string(text))
	return 1, err
}

func TestOtherProcessesReadWhatALaunchGives(t *testing.T) {
	t.Setenv("RUNS_TEST_NAME", "from the environment")
	for _, given := range []string{
		"{whole: 9223372036854775807, real: 1e-7}", "{whole: -9223372036854775808, real: 0.1}", `{bytes: "\u0000ÿ"}`, `{time: 2026-11-30T10:00:00.123456789+05:45}`,
		"{names: {env: lower}}", "{names: !!map {env: RUNS_TEST_NAME}}", `{names: {"1": a, "null": b, "::1": c}}`, "{names: {}}",
		`{text: "null"}`, `{text: "{env: RUNS_TEST_NAME}"}`, `{text: "a\u0085b\u2028"}`, `{text: "0x1F"}`, "{text: {env: RUNS_TEST_NAME}}",
		"{count: null}", "{limit: null}", "{limit: {}}", "{limit: {rows: 0}}",
	} {
		t.Run(given, func(t *testing.T) {
			config, err := container.ParseRunConfig([]byte("steps: {left: {config: " + given + "}}"))
			if err != nil {
				t.Fatal(err)
			}
			noted, values := new(kindsNoted), sharedStorage{iomanagers.NewMemory()}
			begin := func(executor runs.Executor) *runs.Launcher {
				return newLauncher(t, runs.LauncherConfig{IO: values, Executor: executor}, append(files(t), container.Supply("noted", noted)),
					assets.New("left", noteKinds, assets.Config(manyKinds{})))
			}
			for _, launcher := range []*runs.Launcher{begin(nil), begin(&remote{worker: begin(nil)})} {
				if _, err := run(t, launcher, runs.Request{Selection: "left", Config: config}); err != nil {
					t.Error(err)
				}
			}
			if len(noted.texts) != 2 || noted.texts[0] != noted.texts[1] {
				t.Errorf("the step has got %q", noted.texts)
			}
		})
	}
}
