package child

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
)

// childState is what the resources of one child share while it lives.
type childState struct {
	container *Parent
	ctx       context.Context
	cancel    context.CancelCauseFunc
	config    childConfig
	values    map[*graph.Node]config.Resolved // with those of nested children; shared, only read
	steps     map[*graph.Target]config.Resolved
	at        map[*graph.Node]*instance       // made before anything starts, then only read
	borrowed  map[*graph.Node]*instance       // that live longer than the child; only read
	options   *lifecycle                      // hooks of the caller's fx.Options
	lending   *lending                        // what the options mean for nested children; nil without any
	lends     map[signature.Key]reflect.Value // to nested children
	lent      map[signature.Key]reflect.Value // by the parent
	events    fxevent.Logger                  // among the options; nil without one
	calls     workerPool                      // of the users' functions, while the child is opened and while it is closed
	members   goroutine.Set                   // that call a function of the user's for this child
	nested    *openChildren                   // nested children

	slots    chan struct{}
	bound    map[*graph.Target][]reflect.Value // what Fx found for the targets
	starting sync.WaitGroup

	constructing sync.Mutex // held while a constructor is called

	telling sync.Mutex // held while observers are called; taken before mu

	mu      sync.Mutex
	started []*instance // in the order in which starting ended
	errs    []error
}

func newChildState(ctx context.Context, p *preparation, borrowed map[*graph.Node]*instance) *childState {
	ctx, cancel := context.WithCancelCause(ctx)
	state := &childState{
		container: p.container, ctx: ctx, cancel: cancel, config: p.config, values: p.resolved, steps: p.steps,
		at:       make(map[*graph.Node]*instance, len(p.nodes)),
		bound:    make(map[*graph.Target][]reflect.Value, len(p.targets)),
		slots:    make(chan struct{}, p.config.maxStarts),
		nested:   newOpenChildren(),
		borrowed: borrowed,
		lending:  p.lending,
		lends:    make(map[signature.Key]reflect.Value),
	}
	if p.parent != nil {
		state.lent, state.lends, state.events = p.parent.lends, p.parent.lends, p.parent.events
	}
	state.ctx = state.members.In(ctx)
	state.calls.members = &state.members
	state.options = newLifecycle(state, optionsNode)
	for _, n := range p.nodes {
		state.at[n] = newInstance(state, n, p.resolved[n])
	}
	return state
}

// build is called by Fx, where the caller has options of his own: it calls a
// resource's constructor with the values that Fx found, since a decorator may
// have changed them, and starts the resource there and then.
func (s *childState) build(n *graph.Node, params []reflect.Value) ([]reflect.Value, error) {
	instance := s.at[n]
	s.flushOptions()
	if s.ending() {
		return nil, s.whyEnding()
	}
	began := s.beginning(instance)
	err := s.construct(instance, params)
	if err := s.complete(instance, began, params, err); err != nil {
		return nil, err
	}
	return instance.results, nil
}

func (s *childState) deadline(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, tookLonger(limit))
}

// tookLonger is the cause of a deadline's end. It is made for every call and
// seldom read, so its text waits until somebody asks.
type tookLonger time.Duration //nolint:errname // it reads as a cause

func (limit tookLonger) Error() string {
	return fmt.Sprintf("it took longer than %s: %v", time.Duration(limit), context.DeadlineExceeded)
}

func (limit tookLonger) Unwrap() error { return context.DeadlineExceeded }

// errEnding ends the opening of a child in which something went wrong.
var errEnding = errors.New("not started, since the child container is ending")

// finish records that a resource has started, or why not. The order of the
// events is the order that teardown reverses.
func (s *childState) finish(instance *instance, began time.Time, err error) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.ended(instance, err)
	now := time.Now()
	s.tell(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarted, Time: now, Duration: now.Sub(began), Err: err})
}

func (s *childState) ended(instance *instance, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	instance.err = err
	s.started = append(s.started, instance)
	if err != nil && !errors.Is(err, errEnding) {
		s.errs = append(s.errs, err)
	}
}

func (s *childState) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.errs) > 0
}

// failures takes the errors that have come up so far.
func (s *childState) failures() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errs)
}

// arguments puts the values that Fx found and the child's own in the order of
// the constructor's parameters.
func (s *childState) arguments(instance *instance, params []reflect.Value) []reflect.Value {
	return graph.Arrange(instance.node.Inputs, params, func(kind graph.InputKind) reflect.Value {
		switch kind { //nolint:exhaustive // own knows the rest
		case graph.ConfigInput:
			return instance.node.Config.Copy(instance.config)
		case graph.LifecycleInput:
			return reflect.ValueOf(fx.Lifecycle(instance.lifecycle))
		case graph.LoggerInput:
			return reflect.ValueOf(s.loggerOf(instance.node).With("resource", instance.node.Key))
		}
		return s.own(kind)
	})
}

// loggerOf returns the logger of a resource, without its key.
func (s *childState) loggerOf(n *graph.Node) *slog.Logger {
	module := s.container.graph.ModuleLogger(n.Declaration)
	if module == nil || s.config.loggerOver == nil {
		return s.config.logger
	}
	return s.config.loggerOver(module)
}

// own returns what every function of the child may have.
func (s *childState) own(kind graph.InputKind) reflect.Value {
	switch kind {
	case graph.ContextInput:
		return reflect.ValueOf(s.ctx)
	case graph.LoggerInput:
		return reflect.ValueOf(s.config.logger)
	default:
		return reflect.ValueOf(s.config.info)
	}
}

// flushOptions starts the hooks that the caller's own fx.Options have appended
// so far, and those that these append.
func (s *childState) flushOptions() {
	for !s.ending() {
		instance := s.takeOptions()
		if instance == nil {
			return
		}
		_ = s.complete(instance, s.beginning(instance), nil, nil) // recorded, and found by whoever comes next
	}
}

// abandonOptions keeps hooks of the caller's own options that are not to be
// started any more: those without OnStart have something to release.
func (s *childState) abandonOptions() {
	if instance := s.takeOptions(); instance != nil && instance.lifecycle.hasStops() {
		s.finish(instance, time.Now(), errEnding)
	}
}

// takeOptions returns an instance with the hooks that the caller's own options
// have appended since the last call, or nil without any.
func (s *childState) takeOptions() *instance {
	s.options.mu.Lock()
	defer s.options.mu.Unlock()
	if len(s.options.hooks) == 0 {
		return nil
	}
	taken := newInstance(s, optionsNode, config.Resolved{})
	taken.lifecycle.hooks, s.options.hooks = s.options.hooks, nil
	return taken
}

// optionsNode names the hooks that belong to no resource.
var optionsNode = &graph.Node{Declaration: &resource.Declaration{
	Key: "(fx options)", StartTimeout: resource.DefaultTimeout, StopTimeout: resource.DefaultTimeout,
}}

// stop stops what started, last first, with fresh contexts; nested children
// that are still open before anything else.
func (s *childState) stop(outcome error) error {
	ctx := s.afterwards(outcome)
	known := len(s.failures()) // which the opening has returned
	var errs []error
	for _, child := range s.nested.close() {
		errs = append(errs, child.Close(outcome))
	}
	late := &instance{node: optionsNode, lifecycle: s.options, err: errEnding} // hooks that options have appended after their start
	for _, instance := range slices.Backward(append(s.started, late)) {
		if err := s.stopOne(ctx, instance); !s.config.allowStopErrors {
			errs = append(errs, err)
		}
	}
	s.calls.rest(0)
	s.cancel(errChildClosed)
	return errors.Join(append(errs, s.failures()[known:]...)...)
}

func (s *childState) stopOne(ctx context.Context, instance *instance) error {
	if instance.err != nil && instance.lifecycle.endWithoutStops() {
		return nil // it never started, and left nothing to stop
	}
	began := time.Now()
	s.observe(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStopping, Time: began})
	err := s.undo(ctx, instance)
	now := time.Now()
	s.observe(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStopped, Time: now, Duration: now.Sub(began), Err: err})
	return err
}

// instanceOf returns the instance of a resource, the child's own or one that
// lives longer.
func (s *childState) instanceOf(n *graph.Node) *instance {
	if instance, ok := s.at[n]; ok {
		return instance
	}
	return s.borrowed[n]
}

// lateLogger is for what goes wrong when nobody can be told any more: the host
// application's logger, else the child's.
func (s *childState) lateLogger() *slog.Logger {
	if logger := s.container.hostLogger(); logger != nil {
		return logger
	}
	return s.config.logger
}
