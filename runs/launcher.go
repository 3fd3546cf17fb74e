package runs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/fxrun/fxrun/internal/binding"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/iomanagers"
)

// Launcher launches runs and executes them. It is safe for concurrent use, and
// must be closed.
type Launcher struct {
	config  LauncherConfig
	storage map[string]*container.Target // what gives the IO manager of a key
	owner   string
	settled once // lost runs

	mu     sync.Mutex
	closed bool
	active map[string]*Run
	steps  map[*site]context.CancelCauseFunc // of runs of other processes
	ended  sync.WaitGroup
}

// LauncherConfig is what a [Launcher] works with.
type LauncherConfig struct {
	// Container opens a child for each run. Required.
	Container *container.Container
	// Graph is the asset graph over that container. Required.
	Graph *assets.Graph
	// IOBinding is for package fxrun, which has found the IO managers of the graph
	// before. Leave it nil.
	IOBinding *binding.Binding
	// Store keeps the history. Defaults to a history.MemoryStore of its own.
	// Whoever made it closes it, after the launcher. Before the first run, the
	// launcher records there as failed what history.SettleLost does.
	Store history.Store
	// Executor executes the steps. Defaults to [InProcess].
	Executor Executor
	// IO, if not nil, stores and loads all values in place of the IO managers
	// that definitions name, and these are not started: for tests, and for
	// trying something out.
	IO iomanagers.IOManager
	// Logger gets what steps and resources log, besides the history. Defaults
	// to one that discards.
	Logger *slog.Logger
	// LogLevel is the lowest level of the lines that the history keeps.
	// Defaults to slog.LevelInfo.
	LogLevel slog.Level
}

// NewLauncher returns a launcher. The error is that of [BindIO]. An IO manager
// whose definition does not tell what it can store is asked when a run has
// started its resources, before its first step.
func NewLauncher(config LauncherConfig) (*Launcher, error) {
	if config.Container == nil || config.Graph == nil {
		return nil, errors.New("making a launcher: it needs a container and an asset graph")
	}
	if config.Store == nil {
		config.Store = history.NewMemoryStore()
	}
	if config.Executor == nil {
		config.Executor = InProcess(InProcessConfig{})
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.IOBinding == nil {
		bound, err := binding.New(config.Container, config.Graph)
		if err != nil {
			return nil, err
		}
		config.IOBinding = bound
	}
	if config.IOBinding.Graph() != config.Graph {
		return nil, errors.New("making a launcher: the IO binding is of another graph")
	}
	return &Launcher{config: config, storage: config.IOBinding.Targets(), owner: history.Owner(), active: make(map[string]*Run), steps: make(map[*site]context.CancelCauseFunc)}, nil
}

// Request asks for a run. Either Job or Selection is set.
type Request struct {
	// Job is the name of a job.
	Job string
	// Selection is a selection of assets, in the language of
	// [assets.Graph.Select].
	Selection string
	// Config is laid over the job's own launch defaults, field by field.
	Config container.RunConfig
	// Tags are put on the run, over those of the job.
	Tags map[string]string
	// Options are given to the run's child container, as fx.Replace with a
	// fake in a test.
	Options []fx.Option
	// Observe, if not nil, is called with every event of the run once it is
	// stored, in order, one at a time. The end of the run waits for it. It may call
	// [Run.Cancel] and [Run.Status]. A panic in it, or an end of its goroutine,
	// does not touch the run: the first one is a line of the run's log.
	Observe func(history.Event)
}

// launch is a request, checked.
type launch struct {
	id      string
	plan    *assets.Plan
	tags    map[string]string
	child   *container.Prepared
	record  history.RunQueued
	observe func(history.Event)
	asked   Request
}

// Launch checks the request, records the run as queued, and begins to execute
// it: it is [Launcher.Prepare] and [Prepared.Start] in one. Where the request is
// wrong no run exists afterwards; the error, which matches
// container.ErrInvalid, has everything that is wrong with it.
//
// The run does not end with ctx, which bounds the launch only: see
// [Run.Cancel] and [Launcher.Close].
func (l *Launcher) Launch(ctx context.Context, request Request) (*Run, error) {
	prepared, err := l.Prepare(request)
	if err != nil {
		return nil, err
	}
	return prepared.Start(ctx)
}

// settleLost records the lost runs of the store as failed, before the first run
// of this launcher. A launcher that executes no run changes nothing, and what
// goes wrong here is no fault of the run.
func (l *Launcher) settleLost(ctx context.Context) {
	l.settled.do(func() {
		err := panics.Guard(func() error {
			_, err := history.SettleLost(ctx, l.config.Store)
			return err
		})
		if err != nil {
			_ = panics.Guard(func() error {
				l.config.Logger.WarnContext(ctx, "lost runs could not be recorded as failed", "error", err)
				return nil
			})
		}
	})
}

// ErrClosed is matched by a launch after [Launcher.Close].
var ErrClosed = errors.New("the launcher is closed")

func (l *Launcher) enter(run *Run) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("launching a run: %w", ErrClosed)
	}
	l.active[run.launch.id] = run
	l.ended.Add(1)
	return nil
}

func (l *Launcher) leave(run *Run) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.active, run.launch.id)
	l.ended.Done()
}

// Close takes no more launches and steps, and waits for the runs under way, and
// for the steps of [Launcher.ExecuteStep]. When ctx ends before they do, they are
// cancelled, and waited for until they are torn down.
func (l *Launcher) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	drained := make(chan struct{})
	go func() {
		l.ended.Wait()
		close(drained)
	}()
	select {
	case <-drained:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	under := slices.Collect(maps.Values(l.active))
	steps := slices.Collect(maps.Values(l.steps))
	l.mu.Unlock()
	for _, cancel := range steps {
		cancel(cancelledBecause("the launcher is closing"))
	}
	for _, run := range under {
		run.Cancel("the launcher is closing")
	}
	<-drained
	if len(under)+len(steps) == 0 {
		return nil
	}
	return fmt.Errorf("closing the launcher: cancelled runs under way: %d, and steps of other runs: %d: %w", len(under), len(steps), context.Cause(ctx))
}

// plan finds the steps of a request.
func (l *Launcher) plan(request Request) (assets.JobPlan, error) {
	var wrong error
	switch {
	case request.Job != "" && request.Selection != "":
		wrong = errors.New("it names a job and a selection: give one of them")
	case request.Job != "":
		return l.config.Graph.Job(request.Job)
	case request.Selection != "":
		plan, err := l.config.Graph.Plan(request.Selection)
		if err == nil && len(plan.Steps) == 0 {
			err = fault.Join("launching a run", []error{fmt.Errorf("the selection %q holds no asset", request.Selection)})
		}
		return assets.JobPlan{Plan: plan}, err
	default:
		wrong = errors.New("it names neither a job nor a selection")
	}
	return assets.JobPlan{}, fault.Join("launching a run", []error{wrong})
}

// newID returns a run ID: 12 letters and digits, of which no two are alike in
// practice.
func newID() string { return strings.ToLower(rand.Text()[:12]) }

// Active returns the handle of a run that this launcher is executing.
func (l *Launcher) Active(id string) (*Run, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run, ok := l.active[id]
	return run, ok
}

// Store returns the store that keeps the launcher's history.
func (l *Launcher) Store() history.Store { return l.config.Store }
