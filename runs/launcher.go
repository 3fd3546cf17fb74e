package runs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
)

// Launcher launches runs and executes them. It must be closed by [Launcher.Close].
// It is safe for concurrent use.
type Launcher struct {
	config    LauncherConfig
	storage   map[string]*container.Target // what gives the IO manager of a key; nil with config.IO
	alone     bool                         // nobody else has the store
	ownership ownership
	settled   once // lost runs
	pruning   pruning
	stores    storings
	line      line // of runs that wait
	pools     poolLine

	starts     attemptStarts
	adopters   atomic.Int64 // calls that take over lost runs
	notAdopted sync.Map     // the IDs of lost runs of which the log says why they are not taken over here

	observerFailed atomic.Bool

	mu      sync.Mutex
	closed  bool
	closing chan struct{} // closed with it
	active  map[string]*Run
	steps   map[*site]context.CancelCauseFunc // of runs of other processes
	ended   sync.WaitGroup
}

// LauncherConfig is the configuration of a [Launcher].
type LauncherConfig struct {
	// Container opens a child for each run. Required.
	Container *container.Container
	// Graph is the asset graph over that container. Required.
	Graph *assets.Graph
	// Store keeps the history. The default is a history.MemoryStore that belongs to
	// the launcher. The program that opens another store closes it, after it has
	// closed the launcher.
	//
	// Before its first run, and then every few seconds, the launcher records as failed
	// the runs of the store whose process has ended without recording their end.
	Store history.Store
	// Locks tell launchers with the same store which of them still exist. All launchers
	// with a store, in all processes, need the same locks. From its first run until it is
	// closed, a launcher holds a lock with a name of its own. The default are locks in
	// memory that belong to the launcher. With these, nobody else finds out that the
	// process of the launcher has ended, and its unfinished runs stay unfinished.
	Locks locks.Locker
	// Retention says how long runs are kept that have ended. From its first run until it is
	// closed, the launcher removes older runs from time to time, if the store is a
	// history.Pruner that others use too. The zero Retention is 90 days, and 10,000 runs of
	// each job; [KeepAll] removes nothing.
	Retention Retention
	// Executor executes the steps. Defaults to [InProcess].
	Executor Executor
	// Limits say how many runs and steps are executed at the same time by all launchers
	// with the same Locks. The zero Limits limit only pools.
	Limits Limits
	// IO stores and loads all values if it is not nil. The IO managers that the
	// definitions name are then not started. It is for tests and experiments.
	IO iomanagers.IOManager
	// Logger gets the log lines of steps and resources, besides the history. The
	// default discards them.
	Logger *slog.Logger
	// Observer is told what the launcher does, for traces and metrics. Nil observes nothing.
	Observer Observer
	// LogLevel is the lowest level of the lines that the history keeps. The default
	// is slog.LevelInfo.
	LogLevel slog.Level
}

// NewLauncher returns a launcher. The error contains all faults that are found with
// the IO managers of the graph, for instance that one cannot store the type of an
// asset.
//
// The definition of an IO manager may tell which types it can store. If the
// definition does not tell it, the IO manager itself is asked in each run, after the
// resources of the run have started and before the first step.
func NewLauncher(config LauncherConfig) (*Launcher, error) {
	if config.Container == nil || config.Graph == nil {
		return nil, errors.New("making a launcher: it needs a container and an asset graph")
	}
	alone := config.Store == nil
	if alone {
		config.Store = history.NewMemoryStore()
	}
	if config.Locks == nil {
		config.Locks = locks.NewMemory()
	}
	if config.Executor == nil {
		config.Executor = InProcess(InProcessConfig{})
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	storage, err := binding.New(config.Container, config.Graph)
	if err := errors.Join(err, config.Limits.check(config.Graph)); err != nil {
		return nil, err
	}
	if config.IO != nil {
		storage = nil // its IO managers are not started
	} else {
		for _, warning := range binding.Apart(config.Container, binding.Steps(config.Graph)) {
			_ = panics.Guard(func() error { config.Logger.Warn(warning); return nil })
		}
	}
	launcher := &Launcher{
		config: config, storage: storage, alone: alone, ownership: ownership{locker: config.Locks, name: newOwnerName()},
		active: make(map[string]*Run), steps: make(map[*site]context.CancelCauseFunc), closing: make(chan struct{}),
	}
	launcher.line.init(launcher)
	launcher.pools.init(launcher)
	return launcher, nil
}

// Launch checks the request, records the run as queued, and begins to execute it. It
// does the work of [Launcher.Prepare] and [Prepared.Start] in one call. If the
// request is wrong, no run is recorded. The error then contains all faults of the
// request, and matches container.ErrInvalid.
//
// ctx limits the time of the launch only. The run goes on after ctx has ended. It is
// ended by [Run.Cancel], [Run.Drain] or [Launcher.Close].
func (l *Launcher) Launch(ctx context.Context, request Request) (*Run, error) {
	prepared, err := l.Prepare(request)
	if err != nil {
		return nil, err
	}
	return prepared.Start(ctx)
}

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

// isIdle reports whether the launcher has no active run.
func (l *Launcher) isIdle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.active) == 0
}

// Active returns the handle of a run that this launcher executes now. It returns
// false if this launcher executes no run with this ID.
func (l *Launcher) Active(id string) (*Run, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	run, ok := l.active[id]
	return run, ok
}

// Retention returns how long the launcher keeps runs that have ended.
func (l *Launcher) Retention() Retention { return l.config.Retention }

// Locks returns the locks of the launcher.
func (l *Launcher) Locks() locks.Locker { return l.config.Locks }

// Name returns the name of the launcher, HOST/PROCESS/RANDOM, which no other launcher has.
// history.Record.Owner begins with the name of the launcher that executes the run.
func (l *Launcher) Name() string { return l.ownership.name }

// Store returns the store that keeps the launcher's history.
func (l *Launcher) Store() history.Store { return l.config.Store }
