package clustertest

import (
	"context"
	"errors"
	"sync"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/locks"
	"github.com/fxrun/fxrun/runs"
)

// Process is the store and the locks as one process has them, which can be killed. It
// implements both.
type Process struct {
	history.Store
	locks.Locker

	mu   sync.Mutex
	dead bool
	away bool // it cannot take locks
	held map[*processLock]bool

	killed context.Context // ends when it is killed
	kill   context.CancelFunc
}

var (
	// ErrKilled is the error of all that a killed process still tries.
	ErrKilled = errors.New("the process was killed")
	// ErrAway is the error of a lock while the process is disconnected.
	ErrAway = errors.New("the locks cannot be reached")
)

// NewProcess returns a process with a store and locks that others have too.
func NewProcess(store history.Store, locker locks.Locker) *Process {
	p := &Process{Store: store, Locker: locker, held: make(map[*processLock]bool)}
	p.killed, p.kill = context.WithCancel(context.Background())
	return p
}

// Kill ends the process: its locks are free, and it stores and reads nothing more.
func (p *Process) Kill() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.kill()
	p.LoseLocks()
}

// Executor returns an executor of the process, which tells its cluster nothing more when the
// process is killed.
func (p *Process) Executor(of runs.Cluster) runs.Cluster { return processExecutor{of, p} }

type processExecutor struct {
	runs.Cluster
	of *Process
}

func (x processExecutor) Execute(ctx context.Context, execution *runs.Execution) error {
	own, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(ctx, func() {
		if !x.of.isDead() {
			cancel(context.Cause(ctx))
		}
	})()
	defer context.AfterFunc(x.of.killed, func() { cancel(runs.ErrLeft) })()
	return x.Cluster.Execute(own, execution)
}

// LoseLocks frees the locks of the process without its knowledge, as it may happen while the
// connection to a database is lost. It can store events as before.
func (p *Process) LoseLocks() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for lock := range p.held {
		_ = lock.Lock.Unlock()
	}
	clear(p.held)
}

// Disconnect frees the locks of the process, which is told of it, and lets it take none until
// Reconnect, as the loss of a connection to a database does.
func (p *Process) Disconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = true
	for lock := range p.held {
		_ = lock.Lock.Unlock()
		close(lock.lost)
	}
	clear(p.held)
}

// Reconnect lets the process take locks again.
func (p *Process) Reconnect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
}

func (p *Process) isDead() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dead
}

// Append stores events, unless the process was killed.
func (p *Process) Append(ctx context.Context, events ...history.Event) ([]history.Event, error) {
	if p.isDead() {
		return nil, ErrKilled
	}
	return p.Store.Append(ctx, events...)
}

// Runs reads records, unless the process was killed.
func (p *Process) Runs(ctx context.Context, query history.RunQuery) ([]history.Record, error) {
	if p.isDead() {
		return nil, ErrKilled
	}
	return p.Store.Runs(ctx, query)
}

// Events reads events, unless the process was killed.
func (p *Process) Events(ctx context.Context, query history.EventQuery) ([]history.Event, error) {
	if p.isDead() {
		return nil, ErrKilled
	}
	return p.Store.Events(ctx, query)
}

// TryLock takes a lock, unless the process was killed.
func (p *Process) TryLock(ctx context.Context, name string) (locks.Lock, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.dead:
		return nil, ErrKilled
	case p.away:
		return nil, ErrAway
	}
	lock, err := p.Locker.TryLock(ctx, name)
	if err != nil {
		return nil, err
	}
	held := &processLock{Lock: lock, of: p, lost: make(chan struct{})}
	p.held[held] = true
	return held, nil
}

// Place returns the place of the locks.
func (p *Process) Place(ctx context.Context) (string, error) {
	if placed, ok := p.Locker.(locks.Placed); ok {
		return placed.Place(ctx)
	}
	return "", nil
}

type processLock struct {
	locks.Lock
	of   *Process
	lost chan struct{} // closed when the process is told that the lock is lost
}

func (l *processLock) Lost() <-chan struct{} { return l.lost }

func (l *processLock) Unlock() error {
	l.of.mu.Lock()
	defer l.of.mu.Unlock()
	if !l.of.held[l] {
		return nil // it was lost
	}
	delete(l.of.held, l)
	return l.Lock.Unlock()
}
