package child

import (
	"context"
	"errors"
	"slices"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/worker"
)

// lifecycle is the fx.Lifecycle of one call of a constructor. Each call has its
// own, so that every hook has an owner.
type lifecycle struct {
	node *graph.Node
	late *lateStops

	mu           sync.Mutex
	phase        phase
	constructing bool // the constructor has not returned, though it may have been given up
	hooks        []*hook
	refused      bool // a hook came too late
}

// phase is the state of a lifecycle.
type phase int

const (
	phaseOpen    phase = iota // hooks are accepted, and started in their order
	phaseStarted              // all hooks have been started, or one of them has failed
	phaseStopped
)

type hook struct {
	fx.Hook
	started bool
}

// stops reports whether the hook has something to stop. A hook without OnStart
// counts as started, so that it releases what its constructor has acquired,
// even if the constructor itself has failed.
func (h *hook) stops() bool { return h.OnStop != nil && (h.started || h.OnStart == nil) }

// errLateHook is the error of a hook that comes too late to be started.
var errLateHook = errors.New("a hook with OnStart was appended after the start, and was not called: append it in the constructor or in another OnStart")

func newLifecycle(n *graph.Node, late *lateStops) *lifecycle {
	return &lifecycle{node: n, late: late}
}

// Append implements fx.Lifecycle. A hook may also be appended by another hook
// during its start. It is then started after the earlier hooks. After the
// start, a hook without OnStart is still accepted, and is stopped with the
// others. For a hook with OnStart, the stop returns an error.
func (l *lifecycle) Append(h fx.Hook) {
	if l.keep(h) {
		return
	}
	l.late.stop(l.node, func(ctx context.Context, calls *worker.Pool) error {
		if h.OnStart != nil {
			return errLateHook
		}
		return stopHook(ctx, calls, h)
	})
}

// keep keeps a hook. It returns false after the stop, when nothing would call
// the hook.
func (l *lifecycle) keep(h fx.Hook) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.phase == phaseOpen, h.OnStart == nil && (l.phase == phaseStarted || l.constructing):
		l.hooks = append(l.hooks, &hook{Hook: h})
	case l.constructing: // it was given up, so its hooks would not have been started
	case l.phase == phaseStarted:
		l.refused = true
	default:
		return false
	}
	return true
}

// construct calls the constructor by call. If the constructor was given up and
// returns later, its hooks release what it has acquired.
func (l *lifecycle) construct(ctx context.Context, calls *worker.Pool, call func() error) error {
	l.constructing = true // no lock is needed, because no other goroutine has the lifecycle yet
	return calls.Call(ctx, l.node.StartTimeout, func() error {
		defer l.constructed()
		return call()
	}, func(error) {
		if l.isLeft() {
			l.late.stop(l.node, l.stop)
		}
	})
}

func (l *lifecycle) constructed() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.constructing = false
}

// isLeft reports whether hooks are left after the stop.
func (l *lifecycle) isLeft() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.phase == phaseStopped && len(l.hooks) > 0
}

// start calls the start hooks in order, until one of them fails.
func (l *lifecycle) start(ctx context.Context, calls *worker.Pool) error {
	for at := 0; ; at++ {
		h := l.hookToStart(at)
		if h == nil {
			return nil
		}
		if h.OnStart == nil {
			continue
		}
		err := calls.Call(ctx, 0, func() error { return h.OnStart(ctx) }, func(err error) {
			if err == nil && !l.setStarted(h) {
				l.late.stop(l.node, func(ctx context.Context, calls *worker.Pool) error { return stopHook(ctx, calls, h.Hook) })
			}
		})
		if err != nil {
			l.endStart()
			return err
		}
		l.setStarted(h)
	}
}

// hookToStart returns a hook, or nil after the last one, which ends the start.
func (l *lifecycle) hookToStart(at int) *hook {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at == len(l.hooks) {
		l.phase = phaseStarted
		return nil
	}
	return l.hooks[at]
}

// setStarted notes that a hook has started. It returns false if the stop is
// over, so that the hook cannot be stopped with the others.
func (l *lifecycle) setStarted(h *hook) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	h.started = true
	return slices.Contains(l.hooks, h)
}

// endStart ends the start: no further hook is started.
func (l *lifecycle) endStart() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.phase = max(l.phase, phaseStarted)
}

// endWithoutStarts ends the start if there is no start hook to call.
func (l *lifecycle) endWithoutStarts() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if slices.ContainsFunc(l.hooks, func(h *hook) bool { return h.OnStart != nil }) {
		return false
	}
	l.phase = phaseStarted
	return true
}

// hasStops reports whether stop would call anything, or has an error to return.
func (l *lifecycle) hasStops() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.refused || slices.ContainsFunc(l.hooks, (*hook).stops)
}

// endWithoutStops ends the lifecycle if there is no stop hook to call.
func (l *lifecycle) endWithoutStops() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused || slices.ContainsFunc(l.hooks, (*hook).stops) {
		return false
	}
	l.phase, l.hooks = phaseStopped, nil
	return true
}

// stop calls the stop hooks of all hooks that have started, in reverse order.
// It calls each of them even if others fail. A stop hook may append further
// hooks.
func (l *lifecycle) stop(ctx context.Context, calls *worker.Pool) error {
	l.endStart()
	var errs []error
	for {
		h := l.hookToStop()
		if h == nil {
			break
		}
		if h.stops() {
			errs = append(errs, stopHook(ctx, calls, h.Hook))
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refused {
		errs = append(errs, errLateHook)
	}
	l.refused = false
	return l.named(errs)
}

// named adds the name of the resource to errors.
func (l *lifecycle) named(errs []error) error {
	var named []error
	for _, err := range errs {
		if err != nil {
			named = append(named, &resource.ResourceError{Key: l.node.Key, Action: resource.ActionStopping, Err: err})
		}
	}
	return errors.Join(named...)
}

// hookToStop removes the last hook and returns it. It returns nil if no hook is
// left, which ends the stop.
func (l *lifecycle) hookToStop() *hook {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := len(l.hooks) - 1
	if last < 0 {
		l.phase = phaseStopped
		return nil
	}
	h := l.hooks[last]
	l.hooks = l.hooks[:last]
	return h
}

func stopHook(ctx context.Context, calls *worker.Pool, h fx.Hook) error {
	if h.OnStop == nil {
		return nil
	}
	return calls.Call(ctx, 0, func() error { return h.OnStop(ctx) }, nil)
}

// takeHooks removes all hooks and returns them.
func (l *lifecycle) takeHooks() []*hook {
	l.mu.Lock()
	defer l.mu.Unlock()
	taken := l.hooks
	l.hooks = nil
	return taken
}
