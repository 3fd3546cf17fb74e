package automation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/fxrun/fxrun/backoff"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

// LockName is the name of the lock that the daemon holds which ticks.
const LockName = "daemon"

// DaemonConfig is the configuration of a [Daemon].
type DaemonConfig struct {
	// Automations are the schedules and sensors to tick. Required.
	Automations *Automations
	// Launcher queues the runs that they ask for, and executes them. Required. Its store
	// must keep history.Journals, and be a history.Feed, as those of fxrun are.
	Launcher *runs.Launcher
	// Locks are by default those of the launcher. All daemons with the same history need the
	// same locks: of these daemons one ticks, and the others wait until it is gone.
	Locks locks.Locker
	// Logger gets what goes wrong, and the log lines of ticks. The default discards them.
	Logger *slog.Logger
	// MaxParallel is how many ticks are evaluated at the same time. The default is 64,
	// since most functions wait for other systems.
	MaxParallel int
	// MaxRuns is how many queued runs the daemon executes at the same time: see
	// runs.WorkOptions. Below 0 it executes none, and leaves them to others.
	MaxRuns int
	// Ticked is called after each tick that was recorded, with what ticked, and how it
	// ended. Ticks wait for it, and several may call it at the same time. Nil is not called.
	Ticked func(kind Kind, name string, status TickStatus)
	// Drain is how long ticks may go on after the daemon was asked to stop. The default is
	// ten seconds.
	Drain time.Duration
}

// Daemon ticks schedules and sensors, and executes the runs that they ask for. [NewDaemon]
// makes it. It is safe for concurrent use, but [Daemon.Run] must not be called again before
// it has returned.
type Daemon struct {
	config   DaemonConfig
	launcher *runs.Launcher
	logger   *slog.Logger
	store    history.Store
	journals history.Journals
	feed     history.Feed
	clock    clock

	mu      sync.Mutex
	ticking *ticking // while it holds the lock
	problem error    // why it does not tick, and does not wait for another daemon
}

// clock is what the daemon knows of the time.
type clock struct {
	now  func() time.Time // what the clock on the wall shows
	look time.Duration    // how often it looks for what other processes have written
	most time.Duration    // how long it sleeps at most before it looks at the clock again
	late time.Duration    // how late what nobody waits for may be written
}

// NewDaemon returns a daemon that does nothing before [Daemon.Run].
func NewDaemon(config DaemonConfig) (*Daemon, error) {
	if config.Automations == nil || config.Launcher == nil {
		return nil, errors.New("making a daemon: it needs automations and a launcher")
	}
	if config.Locks == nil {
		config.Locks = config.Launcher.Locks()
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.MaxParallel < 1 {
		config.MaxParallel = 64
	}
	if config.Drain <= 0 {
		config.Drain = 10 * time.Second
	}
	store := config.Launcher.Store()
	journals, keeps := store.(history.Journals)
	feed, feeds := store.(history.Feed)
	if !keeps || !feeds {
		return nil, fmt.Errorf("making a daemon: the history is a %T, which does not implement both history.Journals and history.Feed, so it cannot keep the ticks of schedules and sensors", store)
	}
	return &Daemon{
		config: config, problem: errNotRun, launcher: config.Launcher, logger: config.Logger, store: store, journals: journals, feed: feed,
		clock: clock{now: time.Now, look: time.Second, most: 10 * time.Second, late: time.Second},
	}, nil
}

// Run ticks until ctx ends. If another daemon ticks for the same history, Run waits until
// that one is gone. When ctx ends, no more ticks begin, and those that are evaluated get
// the time of DaemonConfig.Drain to end. Then Run returns. Runs that were begun go on until
// the launcher is closed.
//
// What goes wrong with the history or the locks is logged, and tried again: Run returns an
// error only for evaluations that did not end in time. After its return Run may be called
// again.
func (d *Daemon) Run(ctx context.Context) error {
	defer d.setProblem(errNotRun)
	for {
		d.setProblem(nil)
		lock, err := locks.Wait(ctx, d.config.Locks, LockName)
		switch {
		case ctx.Err() != nil:
			if lock != nil {
				return lock.Unlock()
			}
			return nil
		case err != nil:
			d.setProblem(err)
			d.warn("the daemon cannot take its lock", err)
			backoff.Wait(ctx, time.Second)
			continue
		}
		err = d.tickWith(ctx, lock)
		if unlocked := lock.Unlock(); unlocked != nil {
			d.warn("the daemon cannot release its lock", unlocked)
		}
		if ctx.Err() != nil || errors.Is(err, runs.ErrClosed) {
			return err
		}
		if err != nil {
			d.setProblem(err)
			d.warn("the daemon stops ticking for a moment", err)
		}
		backoff.Wait(ctx, time.Second)
	}
}

// tickWith ticks until a context ends or the lock is lost.
func (d *Daemon) tickWith(outside context.Context, lock locks.Lock) error {
	ctx, cancel := context.WithCancelCause(outside)
	defer cancel(nil)
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() {
		select {
		case <-lock.Lost():
			cancel(errors.New("the lock of the daemon was lost"))
		case <-ctx.Done():
		}
	})
	t := newTicking(d)
	if err := t.begin(ctx); err != nil {
		cancel(nil)
		if outside.Err() != nil {
			return nil // it was asked to stop before it ticked
		}
		return err
	}
	if d.config.MaxRuns >= 0 {
		beside.Go(func() {
			err := panics.Guard(func() error {
				return d.launcher.Work(ctx, runs.WorkOptions{MaxRuns: d.config.MaxRuns})
			})
			if err != nil && ctx.Err() == nil {
				cancel(err)
			}
		})
	}
	d.set(t)
	defer d.set(nil)
	d.tell("the daemon ticks", "definitions", len(t.units))
	err := t.run(ctx)
	if outside.Err() == nil {
		err = errors.Join(context.Cause(ctx), err)
	}
	return err
}

func (d *Daemon) set(t *ticking) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ticking = t
}

// errNotRun is the problem of a daemon outside of Run.
var errNotRun = errors.New("the daemon does not run")

func (d *Daemon) setProblem(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.problem = err
}

// Err returns nil while the daemon ticks, and while it waits for another one that does. Else
// it returns why it can do neither, for instance that the history cannot be reached.
func (d *Daemon) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.problem
}

// ticked tells of a tick that was recorded. The function is the code of users.
func (d *Daemon) ticked(a *automation, status TickStatus) {
	if d.config.Ticked != nil {
		_ = panics.Guard(func() error {
			d.config.Ticked(a.kind, a.name, status)
			return nil
		})
	}
}

// Ticks reports whether this daemon is the one that ticks.
func (d *Daemon) Ticks() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ticking != nil
}

// warn logs what went wrong. The logger is the code of users.
func (d *Daemon) warn(message string, err error, attrs ...any) {
	_ = panics.Guard(func() error {
		d.logger.Warn(message, append([]any{"error", err}, attrs...)...)
		return nil
	})
}

// tell logs what was done.
func (d *Daemon) tell(message string, attrs ...any) {
	_ = panics.Guard(func() error {
		d.logger.Info(message, attrs...)
		return nil
	})
}
