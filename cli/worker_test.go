package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/cli"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

// crew is a cluster whose workers execute one run after another, each with all of its steps.
type crew struct {
	place string
	asked chan string // IDs of runs
	done  chan error  // a value for each run
	work  func(context.Context) error
}

func newCrew() *crew {
	return &crew{place: "here", asked: make(chan string), done: make(chan error)}
}

func (*crew) SecretsApart() bool { return false }

func (c *crew) Place(string) history.Cluster {
	if c.place == "" {
		return history.Cluster{}
	}
	return history.Cluster{Name: "crew", Place: c.place}
}

func (c *crew) Execute(ctx context.Context, execution *runs.Execution) error {
	if err := execution.Begin(ctx); err != nil {
		return err
	}
	c.asked <- execution.RunID()
	return execution.Settle(ctx, <-c.done)
}

func (c *crew) Work(ctx context.Context, launcher *runs.Launcher) error {
	if c.work != nil {
		return c.work(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case id := <-c.asked:
			request, err := launcher.RecordedRequest(ctx, id)
			if err == nil {
				err = launcher.ExecuteRun(ctx, request, nil, runs.RunOptions{Executor: attempts{}})
			}
			c.done <- err
		}
	}
}

// attempts makes the attempts at all steps, one after another.
type attempts struct{}

func (attempts) Execute(ctx context.Context, execution *runs.Execution) error {
	for _, step := range execution.Plan().Steps {
		for attempt := 1; ; {
			got, err := execution.Attempt(ctx, step.Key, attempt)
			if err != nil {
				return err
			}
			if got.Status != history.StepStatusPending {
				break
			}
			attempt = got.Attempt + 1
		}
	}
	return nil
}

// workerHere is the command worker in this process.
type workerHere struct {
	end      context.CancelFunc
	out, err lockedBuffer
	code     chan int
}

// lockedBuffer is a buffer that a command writes and a test reads.
type lockedBuffer struct {
	mu    sync.Mutex
	text  bytes.Buffer
	told  chan struct{} // gets a value after a write, if there is room
	ended chan struct{} // closed when the command has ended
}

func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case b.told <- struct{}{}:
	default:
	}
	return b.text.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// until waits until the buffer holds a text.
func (b *lockedBuffer) until(text string) {
	for !strings.Contains(b.String(), text) {
		select {
		case <-b.told:
		case <-b.ended:
			if written := b.String(); !strings.Contains(written, text) {
				panic(fmt.Sprintf("the command has ended, and has not written %q: %s", text, written))
			}
		}
	}
}

func startWorker(t *testing.T, definitions []fx.Option, args ...string) *workerHere {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &workerHere{end: cancel, code: make(chan int, 1)}
	w.out.told, w.err.told = make(chan struct{}, 1), make(chan struct{}, 1)
	ended := make(chan struct{})
	w.out.ended, w.err.ended = ended, ended
	go func() {
		defer close(ended)
		w.code <- cli.Run(ctx, append([]string{"worker"}, args...), cli.Streams{Out: &w.out, Err: &w.err}, definitions...)
	}()
	t.Cleanup(cancel)
	return w
}

func TestAWorkerExecutesTheStepsOfRunsOfOthers(t *testing.T) {
	newHome(t)
	store, lockers, values := history.NewMemoryStore(), locks.NewMemory(), t.TempDir()
	tried, started := 0, 0
	definitions := func(c *crew) []fx.Option {
		return []fx.Option{
			fx.Provide(func() runs.Executor { return c }, func() history.Store { return store }, func() locks.Locker { return lockers }),
			iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: values, Shared: true}),
			fx.Invoke(func(lc fx.Lifecycle) { lc.Append(fx.StartHook(func() { started++ })) }),
			assets.New("orders", func() (queuedReport, error) {
				if tried++; tried < 2 {
					return 0, errors.New("the server is away")
				}
				return 1, nil
			}, assets.Retry(2, nil)),
		}
	}
	for _, asJSON := range []bool{false, true} {
		c, args := newCrew(), []string(nil)
		if asJSON {
			args = append(args, "--json")
		}
		tried, started = 0, 0
		worker := startWorker(t, definitions(c), args...)
		worker.err.until("the worker has started, and executes steps of runs in crew at here; press Ctrl-C to stop\n")
		if started != 1 {
			t.Errorf("the application was started %d times", started)
		}
		shown := succeed(t, definitions(c), "run", "--json")
		worker.end()
		if code := <-worker.code; code != 0 || strings.Contains(worker.err.String(), "warning") {
			t.Errorf("exit code %d\n%s", code, worker.err.String())
		}
		var record struct{ Record history.Record }
		last := shown[strings.LastIndex(strings.TrimSpace(shown), "\n")+1:]
		if err := json.Unmarshal([]byte(last), &record); err != nil {
			t.Fatal(err)
		}
		run := record.Record
		if run.Status != history.StatusSucceeded || run.Steps[0].Worker == "" || run.Cluster.Name != "crew" {
			t.Errorf("the run is %+v", run)
		}
		if !asJSON {
			got := strings.Split(normal(worker.out.String()), "\n")
			want := []string{
				"run RUN_ID, step orders begins", "run RUN_ID, step orders failed after SPAN: the server is away",
				"run RUN_ID, step orders, attempt 2 begins", "run RUN_ID, step orders, attempt 2 succeeded after SPAN", "",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			continue
		}
		type line struct {
			Run, Step, Status, Error string
			Attempt                  int
			Duration                 int64 `json:"duration_ns"`
		}
		var lines []line
		for text := range strings.Lines(worker.out.String()) {
			var one line
			if err := json.Unmarshal([]byte(text), &one); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			one.Duration = min(one.Duration, 1)
			lines = append(lines, one)
		}
		want := []line{
			{run.ID, "orders", "running", "", 1, 0},
			{run.ID, "orders", "failed", "the server is away", 1, 1},
			{run.ID, "orders", "running", "", 2, 0},
			{run.ID, "orders", "succeeded", "", 2, 1},
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWhoTakesQueuedRunsNeedNotExecuteThem(t *testing.T) {
	newHome(t)
	store, lockers, c := history.NewMemoryStore(), locks.NewMemory(), newCrew()
	definitions := []fx.Option{
		fx.Provide(func() runs.Executor { return c }, func() history.Store { return store }, func() locks.Locker { return lockers }),
		assets.New("orders", func() error { return nil }),
	}
	id := strings.TrimSpace(succeed(t, definitions, "run", "--queue"))
	worker := startWorker(t, definitions)
	worker.err.until("the worker has started")
	if got := worker.out.String(); got != "" {
		t.Errorf("the worker has taken the queued run: %s", got)
	}
	out := succeed(t, definitions, "runs", "work", "--until-empty")
	worker.end()
	if code := <-worker.code; code != 0 || !strings.HasPrefix(out, "run "+id+" begins\nrun "+id+" succeeded after ") {
		t.Errorf("exit code of the worker %d, the output of the other command is\n%s", code, out)
	}
	if got := normal(worker.out.String()); got != "run RUN_ID, step orders begins\nrun RUN_ID, step orders succeeded after SPAN\n" {
		t.Errorf("the worker has written\n%s", got)
	}
	record, err := history.Find(t.Context(), store, id)
	if err != nil || record.Steps[0].Worker == "" || record.Steps[0].Worker == record.Owner {
		t.Errorf("the run is %+v, %v", record, err)
	}
}

func TestFlagsForTheBuiltInExecutorFitAProgramThatProvidesIt(t *testing.T) {
	newHome(t)
	provide := func(executor runs.Executor) []fx.Option {
		return []fx.Option{fx.Provide(func() runs.Executor { return executor }), assets.New("orders", func() error { return nil })}
	}
	succeed(t, provide(runs.InProcess(runs.InProcessConfig{})), "run", "--parallel", "1")
	got := execute(t, provide(afar{newCrew()}), "run", "--parallel", "1")
	if got.code != 64 || !strings.Contains(got.err, "--parallel works only with the built-in executor") {
		t.Errorf("exit code %d\n%s", got.code, got.err)
	}
}

func TestAWorkerThatCannotWork(t *testing.T) {
	newHome(t)
	definition := assets.New("orders", func() queuedReport { return 1 })
	alone := newCrew()
	alone.place = ""
	broken := newCrew()
	broken.work = func(context.Context) error { return errors.New("the cluster does not answer") }
	panics := newCrew()
	panics.work = func(context.Context) error { panic("oh") }
	provide := func(executor runs.Executor) fx.Option {
		return fx.Provide(func() runs.Executor { return executor })
	}
	for name, c := range map[string]struct {
		options []fx.Option
		args    []string
		code    int
		want    []string
	}{
		"without an executor it says what to add": {
			code: 64, want: []string{"making a worker: the runs of this program are executed in the process that launches them", "its definitions need an executor with a cluster; temporal.Executor of the Go module github.com/fxrun/fxrun/temporal has one if FXRUN_TEMPORAL_ADDRESS has the address of the Temporal server"},
		},
		"with an executor of one machine it says what to add": {
			options: []fx.Option{provide(runs.InProcess(runs.InProcessConfig{}))}, code: 64, want: []string{"the runs of this program are executed in the process that launches them"},
		},
		"with an executor whose cluster is not configured it says what to set": {
			options: []fx.Option{provide(alone)}, code: 64, want: []string{"a *cli_test.crew, has no cluster", "configure its cluster; temporal.Executor of the Go module github.com/fxrun/fxrun/temporal has one if FXRUN_TEMPORAL_ADDRESS has the address of the Temporal server"},
		},
		"the error of the executor is told": {options: []fx.Option{provide(broken)}, code: 1, want: []string{"error: the cluster does not answer"}},
		"a panic of the executor is told":   {options: []fx.Option{provide(panics)}, code: 2, want: []string{"oh"}},
		"arguments are refused":             {args: []string{"orders"}, code: 64, want: []string{"takes no arguments"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := execute(t, append(slices.Clone(c.options), definition), append([]string{"worker"}, c.args...)...)
			if got.code != c.code || got.out != "" {
				t.Errorf("exit code %d, want %d\n%s", got.code, c.code, got.out)
			}
			for _, want := range c.want {
				if !strings.Contains(got.err, want) {
					t.Errorf("standard error has no %q:\n%s", want, got.err)
				}
			}
		})
	}
	t.Run("a history in the home is warned of", func(t *testing.T) {
		worker := startWorker(t, []fx.Option{provide(newCrew()), definition})
		worker.err.until("the worker has started")
		worker.end()
		if code := <-worker.code; code != 0 || !strings.Contains(worker.err.String(), "warning: the history is in the home folder, so all workers and launchers must be on this machine; FXRUN_STORE names") {
			t.Errorf("exit code %d\n%s", code, worker.err.String())
		}
	})
}

// unattended are the definitions of a program whose runs go on without it. Its executor says
// why its context has ended.
func unattended() []fx.Option {
	return []fx.Option{
		fx.Provide(func() runs.Executor { return afar{newCrew()} }),
		assets.New("orders", func() error { return nil }),
	}
}

// afar is a cluster whose runs do not end by themselves.
type afar struct{ *crew }

func (afar) Execute(ctx context.Context, execution *runs.Execution) error {
	if err := execution.Begin(ctx); err != nil {
		return err
	}
	_, _ = os.Stdout.WriteString("executes\n")
	<-ctx.Done()
	if errors.Is(context.Cause(ctx), runs.ErrLeft) {
		return context.Cause(ctx)
	}
	return execution.Settle(ctx, context.Cause(ctx))
}

func TestSignalsToACommandWhoseRunGoesOnWithoutIt(t *testing.T) {
	newHome(t)
	t.Run("SIGTERM leaves the run to others", func(t *testing.T) {
		p := start(t, "unattended", "run")
		p.until(t, "executes")
		p.signal(t, syscall.SIGTERM)
		out, code := p.rest(t)
		text := p.err.String()
		if code != 130 || !strings.Contains(out, " was left running") || !strings.Contains(text, "leaving: the run goes on in crew without this command") ||
			!strings.Contains(text, "goes on in its cluster, and a worker or another launcher takes it over") {
			t.Errorf("exit code %d\n%s%s", code, out, text)
		}
		if listed := succeed(t, unattended(), "runs"); !strings.Contains(listed, "running (launcher gone)") {
			t.Errorf("the run is listed as\n%s", listed)
		}
	})
	var found []history.Record
	if err := json.Unmarshal([]byte(succeed(t, unattended(), "runs", "--json")), &found); err != nil {
		t.Fatal(err)
	}
	t.Run("a repetition of the run is refused, since it goes on", func(t *testing.T) {
		got := execute(t, unattended(), "runs", "retry", found[0].ID)
		if got.code != 64 || !strings.Contains(got.err, "it is running: wait for its end, or cancel it") {
			t.Errorf("exit code %d\n%s", got.code, got.err)
		}
	})
	t.Run("its cancellation is recorded, and said to come later", func(t *testing.T) {
		out := execute(t, unattended(), "runs", "cancel", found[0].ID, "--wait", "1ms")
		if want := "is still running: its cancellation is requested; its launcher is gone, and the next process that takes the run over cancels it\n"; out.code != 1 || !strings.HasSuffix(out.out, want) {
			t.Errorf("exit code %d, got %q, want %q at the end", out.code, out.out, want)
		}
	})
	t.Run("an interrupt cancels the run", func(t *testing.T) {
		p := start(t, "unattended", "run")
		p.until(t, "executes")
		p.signal(t, os.Interrupt)
		if out, code := p.rest(t); code != 130 || !strings.Contains(out, "was cancelled") {
			t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
		}
	})
}

// idle are the definitions of a worker that says when its context has ended, and goes on if it
// is stubborn.
func idle(stubborn bool) []fx.Option {
	c := newCrew()
	c.work = func(ctx context.Context) error {
		_, _ = os.Stdout.WriteString("works\n")
		<-ctx.Done()
		_, _ = os.Stdout.WriteString("drains\n")
		if stubborn {
			select {}
		}
		return nil
	}
	return []fx.Option{fx.Provide(func() runs.Executor { return c }), assets.New("orders", func() queuedReport { return 1 })}
}

func TestSignalsToAWorker(t *testing.T) {
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(s.String()+" lets it drain", func(t *testing.T) {
			newHome(t)
			p := start(t, "worker", "worker")
			p.until(t, "works")
			p.signal(t, s)
			out, code := p.rest(t)
			if code != 0 || out != "drains\n" || !strings.Contains(p.err.String(), "stopping: no more steps begin; press Ctrl-C again to quit at once") {
				t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
			}
		})
	}
	t.Run("a second one quits at once", func(t *testing.T) {
		newHome(t)
		p := start(t, "stubborn worker", "worker")
		p.until(t, "works")
		p.signal(t, os.Interrupt)
		p.until(t, "drains")
		p.signal(t, os.Interrupt)
		if out, code := p.rest(t); code != 130 {
			t.Errorf("exit code %d\n%s%s", code, out, p.err.String())
		}
	})
}
