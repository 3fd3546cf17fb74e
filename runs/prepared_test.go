package runs_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/history"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/runs"
)

// readings counts how often a config is read from the environment and how often
// it is validated, by the text that it holds.
var readings struct {
	mu     sync.Mutex
	counts map[string]int
}

func noteReading(what string) {
	readings.mu.Lock()
	defer readings.mu.Unlock()
	if readings.counts == nil {
		readings.counts = make(map[string]int)
	}
	readings.counts[what]++
}

func takeReadings() map[string]int {
	readings.mu.Lock()
	defer readings.mu.Unlock()
	counts := maps.Clone(readings.counts)
	readings.counts = nil
	return counts
}

// countedText is read from the environment by envconfig's own interface.
type countedText string

func (t *countedText) Decode(text string) error {
	noteReading("decode " + text)
	*t = countedText(text)
	return nil
}

type countedConfig struct {
	Text  countedText `required:"true"`
	Label string      `json:"label"`
}

func (c countedConfig) Validate() error {
	noteReading("validate " + string(c.Text))
	return nil
}

type (
	countedRun  struct{ text countedText }
	countedStep struct{ text countedText }
)

func newCountedLauncher(t *testing.T, seen *recorded, executor runs.Executor) *runs.Launcher {
	t.Helper()
	attempts := 0
	return newLauncher(t, runs.LauncherConfig{Executor: executor}, append(files(t),
		container.Provide("run", func(c countedConfig) *countedRun { return &countedRun{c.Text} },
			container.Config(countedConfig{}, container.FromEnv("COUNTED_RUN"))),
		container.Provide("step", func(c countedConfig) *countedStep { return &countedStep{c.Text} },
			container.PerStep(), container.Config(countedConfig{}, container.FromEnv("COUNTED_STEP")))),
		assets.New("left", func(c countedConfig, r *countedRun, s *countedStep) (left, error) {
			seen.note(strings.Join([]string{"left", string(c.Text), string(r.text), string(s.text)}, " "))
			if attempts++; attempts == 1 {
				return 0, errors.New("the first attempt fails")
			}
			return 1, nil
		}, assets.Config(countedConfig{}, container.FromEnv("COUNTED_LEFT")), assets.Retry(1, nil)),
		assets.New("right", func(c countedConfig, _ left, s *countedStep) right {
			seen.note(strings.Join([]string{"right", string(c.Text), string(s.text)}, " "))
			return 1
		}, assets.Config(countedConfig{}, container.FromEnv("COUNTED_RIGHT"))))
}

func setCounted(t *testing.T, suffix string) {
	t.Helper()
	for _, name := range []string{"run", "step", "left", "right"} {
		t.Setenv("COUNTED_"+strings.ToUpper(name)+"_TEXT", name+suffix)
	}
}

func TestALaunchIsCheckedOnceAndRunsWhatWasChecked(t *testing.T) {
	var seen recorded
	launcher := newCountedLauncher(t, &seen, nil)
	setCounted(t, "-checked")
	takeReadings()
	prepared, err := launcher.Prepare(runs.Request{Selection: "*"})
	if err != nil {
		t.Fatal(err)
	}
	setCounted(t, "-changed")
	preview := prepared.Preview()
	if len(preview.Plan.Steps) != 2 || len(preview.Steps) != 2 || preview.Steps[0].Config[0].Value != "left-checked" {
		t.Errorf("the preview is %+v", preview)
	}
	run, err := prepared.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	want := []string{"left left-checked run-checked step-checked", "left left-checked run-checked step-checked", "right right-checked step-checked"}
	if diff := cmp.Diff(want, seen.all()); diff != "" {
		t.Error(diff)
	}
	checkReadOnce(t)
}

// checkReadOnce fails unless each config was read and validated once.
func checkReadOnce(t *testing.T) {
	t.Helper()
	once := make(map[string]int)
	for _, name := range []string{"run", "step", "left", "right"} {
		once["decode "+name+"-checked"], once["validate "+name+"-checked"] = 1, 1
	}
	if diff := cmp.Diff(once, takeReadings()); diff != "" {
		t.Errorf("readings (-want +got):\n%s", diff)
	}
}

// sending is an executor that makes the requests of a run, and sends them to nobody.
type sending struct{ apart bool }

func (s sending) SecretsApart() bool { return s.apart }

func (s sending) Execute(_ context.Context, execution *runs.Execution) error {
	request, err := execution.WholeRequest()
	if err == nil && !strings.Contains(string(request.Config)+string(request.Secrets), "given") {
		err = fmt.Errorf("the request has the config %s", request.Config)
	}
	if err == nil {
		err = errSent
	}
	return err
}

var errSent = errors.New("the request was made")

func TestALaunchForOtherProcessesIsCheckedOnce(t *testing.T) {
	config := container.RunConfig{Steps: map[string]any{"left": container.Fields{"label": "given"}}}
	for name, executor := range map[string]runs.Executor{
		"if steps are executed there":               sending{},
		"if steps and their secrets are sent there": sending{apart: true},
	} {
		t.Run(name, func(t *testing.T) {
			launcher := newCountedLauncher(t, new(recorded), executor)
			setCounted(t, "-checked")
			takeReadings()
			prepared, err := launcher.Prepare(runs.Request{Selection: "*", Config: config, OnCrash: assets.CrashResume})
			if err != nil {
				t.Fatal(err)
			}
			setCounted(t, "-changed")
			run, err := prepared.Start(t.Context())
			if err == nil {
				err = run.Wait(t.Context())
			}
			if !errors.Is(err, errSent) {
				t.Error(err)
			}
			checkReadOnce(t)
		})
	}
	t.Run("if it is queued", func(t *testing.T) {
		launcher := newCountedLauncher(t, new(recorded), nil)
		setCounted(t, "-checked")
		takeReadings()
		prepared, err := launcher.Prepare(runs.Request{Selection: "*", Config: config})
		if err != nil {
			t.Fatal(err)
		}
		setCounted(t, "-changed")
		if _, err := prepared.Queue(t.Context()); err != nil {
			t.Error(err)
		}
		checkReadOnce(t)
	})
}

func TestAPreparedRunStartsOnce(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func() left { return 1 }))
	prepared, err := launcher.Prepare(runs.Request{Selection: "left"})
	if err != nil {
		t.Fatal(err)
	}
	if records, err := launcher.Store().Runs(t.Context(), history.RunQuery{}); err != nil || len(records) != 0 {
		t.Errorf("preparing a run has recorded %v, %v", records, err)
	}
	var started sync.WaitGroup
	errs := make(chan error, 5)
	for range cap(errs) {
		started.Go(func() {
			run, err := prepared.Start(context.Background())
			if err == nil {
				err = run.Wait(context.Background())
			} else if run != nil || !strings.HasPrefix(err.Error(), "starting a prepared run: it was started before") {
				t.Errorf("got %v, %v", run, err)
			}
			errs <- err
		})
	}
	started.Wait()
	close(errs)
	succeeded := 0
	for err := range errs {
		if err == nil {
			succeeded++
		}
	}
	if records, err := launcher.Store().Runs(t.Context(), history.RunQuery{}); err != nil || len(records) != 1 || succeeded != 1 {
		t.Errorf("%d starts succeeded, and the history has %v, %v", succeeded, records, err)
	}
}

func TestAFaultyPreparationDoesNotStart(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func() left { return 1 }))
	for name, request := range map[string]runs.Request{
		"nothing asked for": {},
		"unknown asset":     {Selection: "lfet"},
		"unknown resource":  {Selection: "left", Config: container.RunConfig{Resources: map[string]any{"io": container.Fields{}}}},
	} {
		prepared, err := launcher.Prepare(request)
		if !errors.Is(err, container.ErrInvalid) {
			t.Errorf("%s: got %v", name, err)
		}
		if preview := prepared.Preview(); (preview.Plan != nil) != (name == "unknown resource") {
			t.Errorf("%s: the preview is %+v", name, preview)
		}
		if run, again := prepared.Start(t.Context()); run != nil || !errors.Is(again, err) {
			t.Errorf("%s: got %v, %v", name, run, again)
		}
	}
}

func TestAPreparedRunDoesNotStartAfterClose(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("left", func() left { return 1 }))
	prepared, err := launcher.Prepare(runs.Request{Selection: "left"})
	if err != nil {
		t.Fatal(err)
	}
	if err := launcher.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := prepared.Start(t.Context()); !errors.Is(err, runs.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
