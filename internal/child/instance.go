package child

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/resource"
)

// instance is one resource of one child: its hooks, and how far it has come.
type instance struct {
	node      *graph.Node
	config    config.Resolved // copied for each call of the constructor
	lifecycle *lifecycle      // of the attempt at starting it that is under way
	results   []reflect.Value // of the constructor
	err       error           // why it did not start
}

func newInstance(n *graph.Node, resolved config.Resolved) *instance {
	return &instance{node: n, config: resolved, lifecycle: new(lifecycle)}
}

// lifecycle is the fx.Lifecycle of one call of a constructor: each has one of
// its own, so that every hook has an owner.
type lifecycle struct {
	mu     sync.Mutex
	closed bool // hooks are no longer taken
	hooks  []hook
}

type hook struct {
	fx.Hook
	started bool
}

// Append is fx.Lifecycle's. As in Fx, hooks come too late once starting has
// begun.
func (l *lifecycle) Append(h fx.Hook) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.hooks = append(l.hooks, hook{Hook: h})
	}
}

// take ends the appending of hooks and returns them. A hook without OnStart
// counts as started from here on: what its constructor acquired is released,
// even if the constructor itself went wrong.
func (l *lifecycle) take() []hook {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for at := range l.hooks {
		l.hooks[at].started = l.hooks[at].started || l.hooks[at].OnStart == nil
	}
	return l.hooks
}

// construct calls the constructor.
func (i *instance) construct(ctx context.Context, args []reflect.Value) error {
	var results []reflect.Value // not i.results: a constructor that was given up may set it later
	err := guard(ctx, func() (err error) {
		results, err = i.node.Function.Call(args)
		return err
	})
	if err != nil {
		return &resource.ResourceError{Key: i.node.Key, Action: resource.ActionConstructing, Err: err}
	}
	i.results = results
	return nil
}

// start calls the start hooks in order, up to the first that goes wrong.
func (i *instance) start(ctx context.Context) error {
	hooks := i.lifecycle.take()
	for at := range hooks {
		if hooks[at].OnStart == nil {
			continue
		}
		if err := guard(ctx, func() error { return hooks[at].OnStart(ctx) }); err != nil {
			return &resource.ResourceError{Key: i.node.Key, Action: resource.ActionStarting, Err: err}
		}
		hooks[at].started = true
	}
	return nil
}

// stop calls the stop hooks of all hooks that started, in reverse order, each
// whatever became of the others.
func (i *instance) stop(ctx context.Context) error {
	hooks := i.lifecycle.take()
	var errs []error
	for at := range slices.Backward(hooks) {
		if !hooks[at].started || hooks[at].OnStop == nil {
			continue
		}
		if err := guard(ctx, func() error { return hooks[at].OnStop(ctx) }); err != nil {
			errs = append(errs, &resource.ResourceError{Key: i.node.Key, Action: resource.ActionStopping, Err: err})
		}
	}
	return errors.Join(errs...)
}

// hasStops reports whether stop would call anything.
func (i *instance) hasStops() bool {
	return slices.ContainsFunc(i.lifecycle.take(), func(h hook) bool { return h.started && h.OnStop != nil })
}

// hasStarts reports whether start would call anything.
func (i *instance) hasStarts() bool {
	return slices.ContainsFunc(i.lifecycle.take(), func(h hook) bool { return h.OnStart != nil })
}

// guard calls a user's function in a goroutine of its own: its panic becomes
// an error with the stack, and it is given up when it goes on for longer than
// [resource.Grace] after ctx has ended. A context that has ended already does not keep it
// from being called: a stop hook must run whatever time is left.
func guard(ctx context.Context, call func() error) error {
	returned := make(chan error, 1)
	go panics.Call(call, func(err error) { returned <- err })
	select {
	case err := <-returned:
		return timedOut(ctx, err)
	case <-ctx.Done():
	}
	patience := time.NewTimer(resource.Grace)
	defer patience.Stop()
	select {
	case err := <-returned:
		return timedOut(ctx, err)
	case <-patience.C:
		return fmt.Errorf("it ignores its context and was given up: %w", context.Cause(ctx))
	}
}

// timedOut says which limit was passed, where a function returns its context's
// bare error.
func timedOut(ctx context.Context, err error) error {
	if err == context.DeadlineExceeded && errors.Is(ctx.Err(), err) { //nolint:errorlint // bare: what the user wrapped says more
		return context.Cause(ctx)
	}
	return err
}
