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
	"sync/atomic"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks"
)

// Launcher launches runs and executes them. It must be closed by [Launcher.Close].
// It is safe for concurrent use.
type Launcher struct {
	config    LauncherConfig
	storage   map[string]*container.Target // what gives the IO manager of a key
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
	if config.IO == nil {
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

// Request asks for a run. Exactly one of Job and Selection is set.
type Request struct {
	// Job is the name of a job.
	Job string
	// Selection is a selection of assets, in the language of
	// [assets.Graph.Select].
	Selection string
	// Config is merged into the launch defaults of the job. Where both have a field,
	// the value of Config counts.
	Config container.RunConfig
	// Tags are the tags of the run, besides those of the job. Where both have a
	// key, the value of Tags counts. The history has them without the secrets of the
	// run; container.RunInfo has them as they are.
	Tags map[string]string
	// ID is the ID of the run, any text that is not empty. A launch with the ID of a run
	// that exists fails, and its error matches history.ErrTransition or
	// history.ErrConflict: so an ID that the caller derives from something makes a run of
	// it only once. The default is a new random ID.
	ID string
	// Priority decides which run begins first if several wait for a place: the one with
	// the higher priority, and of equal ones the one that was queued first. The default
	// is 0, and it may be negative. It is recorded as the tag [TagPriority].
	Priority int
	// Timeout limits the time of the run, from the start of its execution to the end of
	// its last step. After it the contexts of the running steps end, the resources are
	// stopped, and the run has failed with [ErrTimedOut]. 0 is the timeout of the job, if
	// it has one. A negative value is no limit.
	Timeout time.Duration
	// RetryRun says how often the run is repeated if it fails. Nil is the policy of the
	// job: see assets.RetryRun.
	RetryRun *RunRetry
	// OnCrash is the policy for the case that the process of the run ends without
	// recording the end of the run. "" is the policy of the job.
	OnCrash assets.CrashPolicy
	// Retry makes the run repeat an earlier one. Nil means that it does not.
	// [Launcher.RetryRequest] sets it.
	Retry *Retry
	// Options are given to the child container of the run, for instance fx.Replace
	// with a fake in a test.
	Options []fx.Option
	// Observe is called with every event of the run after the event is stored, in
	// order, and never twice at the same time. The end of the run waits for it. It
	// may call [Run.Cancel] and [Run.Status]. Nil observes nothing. A panic in
	// Observe, or the end of its goroutine, does not fail the run: the first one
	// becomes a line in the log of the run.
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
	retry   retryPolicy
	request *StepRequest // what requests of its steps have in common; nil for an executor that makes none
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

// ErrClosed is matched by the error of a launch or of a step after [Launcher.Close]
// was called.
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

// isIdle reports whether the launcher has no active run.
func (l *Launcher) isIdle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.active) == 0
}

// Close ends the work of the launcher. It refuses new launches and new steps, and
// waits for the active runs and for the active calls of [Launcher.ExecuteStep]. If
// ctx ends before them, Close cancels them, and waits until their resources are
// stopped. A run on a [Cluster] is then left to other processes instead, and so is a run that
// this launcher has adopted, without a wait. A run that is to be repeated after a wait is left
// to other processes if they can execute it. At last Close releases the lock that tells others
// that the launcher exists.
func (l *Launcher) Close(ctx context.Context) error {
	l.refuse()
	for _, run := range l.activeRuns() {
		if run.adopted.Load() > 0 {
			run.leaveRun("the launcher is closing")
		}
	}
	err := l.drain(ctx)
	l.line.served.Wait()
	l.pools.served.Wait()
	l.pruneAtClose()
	if released := l.ownership.release(); released != nil {
		err = errors.Join(err, fmt.Errorf("closing the launcher: releasing its lock: %w", released))
	}
	return err
}

// Drain is [Launcher.Close] for a process that is to end soon. The active runs start no
// more steps, and those that are running may go on until ctx ends: see [Run.Drain]. Runs on a
// [Cluster] are left to other processes at once. A ctx without a deadline lets the runs go on,
// as Close does.
func (l *Launcher) Drain(ctx context.Context) error {
	deadline, ok := ctx.Deadline()
	if !ok {
		return l.Close(ctx)
	}
	l.refuse()
	under := l.activeRuns()
	for _, run := range under {
		if !run.leaveRun("the launcher is closing") {
			run.Drain("the launcher is closing", time.Until(deadline))
		}
	}
	err := l.Close(ctx)
	cancelled := 0
	for _, run := range under {
		if run.drainEnded.Load() {
			cancelled++
		}
	}
	if err == nil && cancelled > 0 { // before Close saw the end of ctx, which is at the same moment
		return errUnderWay(cancelled, 0, context.DeadlineExceeded)
	}
	return err
}

// errUnderWay is the error of a launcher that had to cancel what it was executing.
func errUnderWay(runs, steps int, cause error) error {
	return fmt.Errorf("closing the launcher: cancelled runs under way: %d, and steps of other runs: %d: %w", runs, steps, cause)
}

// refuse has the launcher take no more launches, steps and queued runs.
func (l *Launcher) refuse() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
}

// drain waits for what is active, and cancels it when ctx has ended.
func (l *Launcher) drain(ctx context.Context) error {
	l.refuse()
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
	under := l.activeRuns()
	l.mu.Lock()
	steps := slices.Collect(maps.Values(l.steps))
	l.mu.Unlock()
	for _, cancel := range steps {
		cancel(cancelledBecause("the launcher is closing"))
	}
	under = slices.DeleteFunc(under, func(run *Run) bool { return run.leaveRun("the launcher is closing") })
	for _, run := range under {
		run.Cancel("the launcher is closing")
	}
	<-drained
	if len(under)+len(steps) == 0 {
		return nil
	}
	return errUnderWay(len(under), len(steps), context.Cause(ctx))
}

func (l *Launcher) activeRuns() []*Run {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.active))
}

// plan finds the steps of a request.
func (l *Launcher) plan(request Request) (assets.JobPlan, error) {
	job, err := l.wholePlan(request)
	if err == nil && request.Retry != nil && request.Retry.Steps != nil {
		job.Plan = job.Plan.Only(request.Retry.Steps)
	}
	return job, err
}

// wholePlan finds the steps of a request, also those that a retry leaves out.
func (l *Launcher) wholePlan(request Request) (assets.JobPlan, error) {
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
