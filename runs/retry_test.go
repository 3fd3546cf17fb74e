package runs_test

import (
	"errors"
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
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

type (
	rawSum    int
	cleanSum  int
	reportSum int
	sideSum   int
)

// chain are assets of which the functions count their calls; report fails as long as
// its error says so. side depends on nothing.
type chain struct {
	failed error

	mu    sync.Mutex
	calls map[string]int
}

func (c *chain) call(step string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[step]++
	return c.calls[step]
}

func (c *chain) definitions() []assets.Definition {
	return []assets.Definition{
		assets.New("raw", func() rawSum { return rawSum(c.call("raw")) }),
		assets.New("clean", func(r rawSum) cleanSum { c.call("clean"); return cleanSum(r) * 10 }),
		assets.New("report", func(r cleanSum) (reportSum, error) { c.call("report"); return reportSum(r) + 1, c.failed }),
		assets.New("side", func() sideSum { c.call("side"); return 5 }),
		assets.NewJob("nightly", assets.Select("+report or side"), assets.JobTag("team", "data")),
	}
}

// repeat launches what RetryRequest answers, and waits.
func repeat(t *testing.T, launcher *runs.Launcher, id string, options runs.RetryOptions) (history.Record, error) {
	t.Helper()
	request, err := launcher.RetryRequest(t.Context(), id, options)
	if err != nil {
		t.Fatal(err)
	}
	return run(t, launcher, request)
}

func TestARetryExecutesWhatDidNotSucceed(t *testing.T) {
	t.Parallel()
	c := &chain{calls: map[string]int{}, failed: errBoom}
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), c.definitions()...)
	first, err := run(t, launcher, runs.Request{Job: "nightly", Tags: map[string]string{"why": "test"}})
	if !errors.Is(err, errBoom) {
		t.Fatal(err)
	}
	second, err := repeat(t, launcher, first.ID, runs.RetryOptions{})
	if !errors.Is(err, errBoom) {
		t.Fatal(err)
	}
	c.failed = nil
	third, err := repeat(t, launcher, second.ID, runs.RetryOptions{})
	if err != nil {
		t.Fatal(err)
	}

	t.Run("finished steps are not executed again, also by the retry of a retry", func(t *testing.T) {
		if diff := cmp.Diff(map[string]int{"raw": 1, "clean": 1, "side": 1, "report": 3}, c.calls); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]history.StepStatus{"report": "succeeded"}, statuses(third)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the value is computed from what the first run has stored", func(t *testing.T) {
		if value, err := runs.Value[reportSum](t.Context(), launcher, "report"); err != nil || value != 11 {
			t.Errorf("got %v, %v", value, err)
		}
	})
	t.Run("the runs are linked, and keep job and tags", func(t *testing.T) {
		want := map[string]string{"why": "test", "team": "data", runs.TagRetryOf: second.ID, runs.TagFirstRun: first.ID}
		if diff := cmp.Diff(want, third.Tags); diff != "" || third.Job != "nightly" {
			t.Errorf("job %q\n%s", third.Job, diff)
		}
	})
	t.Run("after a success there is nothing to repeat but everything", func(t *testing.T) {
		_, err := launcher.RetryRequest(t.Context(), third.ID, runs.RetryOptions{})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "nothing to repeat") {
			t.Error(err)
		}
		whole, err := repeat(t, launcher, third.ID, runs.RetryOptions{All: true})
		if err != nil || len(whole.Steps) != 4 || c.calls["raw"] != 2 {
			t.Errorf("%v: %d steps, %v", err, len(whole.Steps), c.calls)
		}
	})
}

func TestARetryOfASelection(t *testing.T) {
	t.Parallel()
	c := &chain{calls: map[string]int{}, failed: errBoom}
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), c.definitions()...)
	first, _ := run(t, launcher, runs.Request{Selection: "+report"})
	c.failed = nil
	record, err := repeat(t, launcher, first.ID, runs.RetryOptions{Selection: "clean+"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]history.StepStatus{"clean": "succeeded", "report": "succeeded"}, statuses(record)); diff != "" {
		t.Error(diff)
	}
	for selection, want := range map[string]string{"side": "holds no step of the run", "clen": `"clen"`} {
		if _, err := launcher.RetryRequest(t.Context(), first.ID, runs.RetryOptions{Selection: selection}); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", selection, err)
		}
	}
	t.Run("it needs the values that it takes", func(t *testing.T) {
		launcher := newLauncher(t, runs.LauncherConfig{}, memory(),
			assets.New("raw", func() (rawSum, error) { return 0, errBoom }),
			assets.New("clean", func(r rawSum) cleanSum { return cleanSum(r) }))
		first, _ := run(t, launcher, runs.Request{Selection: "*"})
		_, err := launcher.RetryRequest(t.Context(), first.ID, runs.RetryOptions{Selection: "clean"})
		if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "step clean needs the value of raw, which has not succeeded") {
			t.Error(err)
		}
	})
}

func TestARetryGetsTheValuesOfItsRunOrFails(t *testing.T) {
	t.Parallel()
	c := &chain{calls: map[string]int{}, failed: errBoom}
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), c.definitions()...)
	first, _ := run(t, launcher, runs.Request{Selection: "+report"})
	if _, err := run(t, launcher, runs.Request{Selection: "+clean"}); err != nil { // which replaces clean
		t.Fatal(err)
	}
	c.failed = nil
	if _, err := repeat(t, launcher, first.ID, runs.RetryOptions{}); !errors.Is(err, iomanagers.ErrReplaced) {
		t.Errorf("got %v, want iomanagers.ErrReplaced", err)
	}
}

func TestARetryOfOpsLoadsTheValuesOfTheirRun(t *testing.T) {
	t.Parallel()
	calls, failed := 0, errBoom
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.NewJob("cleanup",
		assets.NewOp("find", func() []string { calls++; return []string{"a", "b"} }),
		assets.NewOp("delete", func(names []string) (int, error) { return len(names), failed })))
	first, _ := run(t, launcher, runs.Request{Job: "cleanup"})
	second, _ := repeat(t, launcher, first.ID, runs.RetryOptions{})
	failed = nil
	third, err := repeat(t, launcher, second.ID, runs.RetryOptions{})
	if err != nil || calls != 1 {
		t.Errorf("%v, %d calls", err, calls)
	}
	if diff := cmp.Diff(map[string]history.StepStatus{"delete": "succeeded"}, statuses(third)); diff != "" {
		t.Error(diff)
	}
}

type secretiveConfig struct {
	Table    string                   `envconfig:"table"`
	Password container.Secret[string] `envconfig:"password"`
}

func TestARetryAsksForSecrets(t *testing.T) {
	t.Parallel()
	var got []string
	failed := errBoom
	resources := append(memory(), container.Provide("warehouse", func(c secretiveConfig) *secretiveConfig {
		got = append(got, c.Table+" "+c.Password.Reveal())
		return &c
	}, container.Config(secretiveConfig{})))
	launcher := newLauncher(t, runs.LauncherConfig{}, resources,
		assets.New("load", func(*secretiveConfig) (int, error) { return 1, failed }))
	given := func(table, password string) container.RunConfig {
		config, err := container.ParseRunConfig([]byte(`{"resources": {"warehouse": {"config": {"table": "` + table + `", "password": "` + password + `"}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		return config
	}
	first, _ := run(t, launcher, runs.Request{Selection: "load", Config: given("orders", "hunter2hunter2")})
	failed = nil
	request, err := launcher.RetryRequest(t.Context(), first.ID, runs.RetryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = launcher.Launch(t.Context(), request)
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "resources.warehouse.config.password: run "+first.ID+" was given a secret here") {
		t.Errorf("a launch without the secret gives %v", err)
	}
	password, err := container.RunConfig{}.Set("resources.warehouse.config.password", "hunter3hunter3")
	if err != nil {
		t.Fatal(err)
	}
	request.Config = request.Config.Merge(password)
	if _, err := run(t, launcher, request); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"orders hunter2hunter2", "orders hunter3hunter3"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestARetryRefusesWhatCannotBeRepeated(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.New("slow", func() error { <-release; return nil }))
	handle, err := launcher.Launch(t.Context(), runs.Request{Selection: "slow"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := launcher.RetryRequest(t.Context(), handle.ID(), runs.RetryOptions{}); !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "wait for its end") {
		t.Errorf("a run under way: %v", err)
	}
	close(release)
	if _, err := launcher.RetryRequest(t.Context(), "unknown", runs.RetryOptions{}); !errors.Is(err, history.ErrNotFound) {
		t.Errorf("an unknown run: %v", err)
	}
	_, err = launcher.Prepare(runs.Request{Selection: "slow", Tags: map[string]string{runs.TagRetryOf: "x"}})
	if !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), "only the launcher sets") {
		t.Errorf("a tag of the launcher: %v", err)
	}
}

func TestARetryOfALostRunRecordsItsEndFirst(t *testing.T) {
	t.Parallel()
	c := &chain{calls: map[string]int{}}
	lockers, store := locks.NewMemory(), history.NewMemoryStore()
	launcher := newLauncher(t, runs.LauncherConfig{Store: store, Locks: lockers}, memory(), c.definitions()...)
	dead := "host/1/dead@" + placeOf(t, lockers)
	record(t, store, "lost", history.RunQueued{Owner: dead, Selection: "raw", Steps: []string{"raw"}})
	record(t, store, "other", history.RunQueued{Owner: dead})
	request, err := launcher.RetryRequest(t.Context(), "lost", runs.RetryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if lost, other := find(t, store, "lost").Status, find(t, store, "other").Status; lost != history.StatusFailed || other != history.StatusQueued {
		t.Errorf("the lost run is %s, and another one %s", lost, other)
	}
	if again, err := run(t, launcher, request); err != nil || again.Tags[runs.TagRetryOf] != "lost" {
		t.Errorf("%v, %v", again.Tags, err)
	}
}

func TestARetryOfARunWithoutATimeoutHasNone(t *testing.T) {
	t.Parallel()
	launcher := newLauncher(t, runs.LauncherConfig{}, memory(), assets.NewJob("limited", assets.Timeout(time.Hour),
		assets.NewOp("fails", func() error { return errBoom })))
	for name, c := range map[string]struct{ launched, want time.Duration }{
		"if the launch wanted none":     {-5, -1},
		"if the job had one":            {0, time.Hour},
		"if the launch had another one": {time.Minute, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			record, err := run(t, launcher, runs.Request{Job: "limited", Timeout: c.launched})
			if err == nil {
				t.Fatal("the run has not failed")
			}
			request, err := launcher.RetryRequest(t.Context(), record.ID, runs.RetryOptions{})
			if err != nil || request.Timeout != c.want {
				t.Errorf("the retry has the timeout %s, want %s, %v", request.Timeout, c.want, err)
			}
		})
	}
}

func TestARepetitionOfARunWithOptionsNeedsOptions(t *testing.T) {
	t.Parallel()
	type service struct{ works bool }
	var used []bool
	launcher := newLauncher(t, runs.LauncherConfig{}, append(memory(), container.Provide("service", func() *service { return &service{true} })),
		assets.New("left", func(s *service) (left, error) {
			if used = append(used, s.works); !s.works {
				return 0, errBoom
			}
			return 1, nil
		}))
	fake := []fx.Option{fx.Replace(&service{false})}
	first, _ := run(t, launcher, runs.Request{Selection: "left", Options: fake})
	request, err := launcher.RetryRequest(t.Context(), first.ID, runs.RetryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = launcher.Launch(t.Context(), request)
	if want := "run " + first.ID + " was launched with Options of Fx, which the history does not keep"; !errors.Is(err, container.ErrInvalid) || !strings.Contains(err.Error(), want) {
		t.Errorf("without options: got %v, want %s", err, want)
	}
	request.Options = fake
	if _, err := run(t, launcher, request); !errors.Is(err, errBoom) {
		t.Errorf("with options: got %v", err)
	}
	if diff := cmp.Diff([]bool{false, false}, used); diff != "" {
		t.Error(diff)
	}
}
