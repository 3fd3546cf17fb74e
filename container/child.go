package container

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// Child is a child container: the resources that its targets need, started. It
// must be closed. It is safe for concurrent use.
type Child struct {
	state    *childState
	once     sync.Once
	closeErr error
}

// NewChild opens a child: a fresh Fx app that holds only what its targets need
// (see [Needs], [NeedsResources], [Populate]), values of the host application,
// and the plain fx.Options among opts, and starts it.
//
// A constructor is called only after everything that it depends on has
// started. Constructors are called one at a time; the start hooks of resources
// that don't depend on each other run at the same time, unless plain fx.Options
// are given, whose decorators may touch any value. After something went wrong
// nothing more is begun.
// With fx.Replace among them, the constructor that it stands in for is not
// called and its config is not asked for.
//
// Everything wrong with the launch (unknown resources and fields, wrong types,
// missing values) is found before anything starts, and reported at once as a
// *[Faults]. If starting goes wrong, everything that had started is stopped
// before NewChild returns, and the error joins all that happened, each as a
// *[ResourceError].
//
// When ctx ends during NewChild, starting is broken off. The context that
// constructors get ends with ctx, or when the child has been closed.
func (c *Container) NewChild(ctx context.Context, opts ...fx.Option) (*Child, error) {
	preparation, err := c.prepare(newChildConfig(opts))
	if err != nil {
		return nil, err
	}
	child := &Child{state: newChildState(ctx, preparation)}
	returned := false
	defer func() {
		if !returned { // one of opts ended the goroutine, as testing.T.FailNow does
			_ = child.Close(errGoexit)
		}
	}()
	err = child.open(preparation)
	returned = true
	if err != nil {
		return nil, errors.Join(err, child.Close(err))
	}
	return child, nil
}

// open builds and starts everything.
func (ch *Child) open(p *preparation) error {
	err := ch.build(p)
	if failures := ch.state.failures(); len(failures) > 0 {
		return errors.Join(failures...) // Fx's own error only says that it was told so
	}
	if ended := ch.state.ctx.Err(); ended != nil {
		if cause := context.Cause(ch.state.ctx); !errors.Is(cause, ended) {
			return fmt.Errorf("opening the child container: %w: %w", ended, cause)
		}
		return fmt.Errorf("opening the child container: %w", context.Cause(ch.state.ctx))
	}
	if err != nil {
		return fmt.Errorf("opening the child container: %w", err)
	}
	for _, populate := range p.populate {
		if err := ch.Call(populate); err != nil {
			return err
		}
	}
	return nil
}

// build constructs and starts what is needed, and binds the targets.
func (ch *Child) build(p *preparation) error {
	if ch.state.concurrent {
		ch.state.startAll(p.nodes)
		ch.state.starting.Wait()
		if ch.state.brokenOff() {
			return ch.state.whyBrokenOff()
		}
	}
	err := runApp(p, ch)
	if err != nil {
		ch.state.abandonOptions()
	} else {
		ch.state.flushOptions()
	}
	return err
}

// Arguments returns the values for the target's parameters, in order. It
// panics for a target that was not among those of [Needs].
func (ch *Child) Arguments(target *Target) []reflect.Value {
	arguments, ok := ch.state.bound[target]
	if !ok {
		panic("container: " + target.name + " was not among the child's targets")
	}
	return slices.Clone(arguments)
}

// Call calls the target's function and returns its error; a panic in it comes
// back as a *[PanicError]. It panics for a target that was not among those of
// [Needs].
func (ch *Child) Call(target *Target) error {
	arguments := ch.Arguments(target)
	// The function ends when it ends: unlike a hook it has no deadline.
	return guard(context.WithoutCancel(ch.state.ctx), func() error {
		_, err := target.function.Call(arguments)
		return err
	})
}

// Close stops everything that started, in the exact reverse of the order in
// which it started, and returns all that went wrong. outcome is what the child
// was used for came to: nil, or why it failed or was cancelled.
//
// Each resource has its own deadline, which does not depend on the child's
// context: a child whose context was cancelled is torn down like any other.
// The first call does the work; others wait for it and return the same error.
func (ch *Child) Close(outcome error) error {
	ch.once.Do(func() { ch.closeErr = ch.state.stop(outcome) })
	return ch.closeErr
}

// Invoke opens a child, calls fn with what it asks for once everything has
// started, and closes the child, whatever fn comes to: error, panic or
// cancellation. It returns fn's error joined with those of closing.
//
// fn's parameters are as for [Container.Target]; its context is the child's.
func (c *Container) Invoke(ctx context.Context, fn any, opts ...fx.Option) error {
	function, err := signature.Of(fn)
	if err != nil {
		return JoinFaults("checking the function to invoke", []error{err})
	}
	target, err := c.Target(function.Name, fn)
	if err != nil {
		return err
	}
	child, err := c.NewChild(ctx, append(slices.Clone(opts), Needs(target))...)
	if err != nil {
		return err
	}
	err = child.Call(target)
	return errors.Join(err, child.Close(err))
}

// childState is what the resources of one child share while it lives.
type childState struct {
	container *Container
	ctx       context.Context
	cancel    context.CancelCauseFunc
	config    childConfig
	values    map[*node]resolved
	at        map[*node]*instance // made before anything starts, then only read
	options   *instance           // hooks of the caller's fx.Options

	concurrent bool
	slots      chan struct{}
	bound      map[*Target][]reflect.Value // what Fx found for the targets
	starting   sync.WaitGroup

	mu      sync.Mutex
	started []*instance // in the order in which starting ended
	errs    []error

	outcome error // set before anything stops
}

func newChildState(ctx context.Context, p *preparation) *childState {
	ctx, cancel := context.WithCancelCause(ctx)
	state := &childState{
		container: p.container, ctx: ctx, cancel: cancel, config: p.config, values: p.resolved,
		at:         make(map[*node]*instance, len(p.nodes)),
		bound:      make(map[*Target][]reflect.Value, len(p.targets)),
		concurrent: len(p.config.options) == 0,
		slots:      make(chan struct{}, p.config.maxStarts),
		options:    &instance{node: &node{resourceDefinition: optionsDefinition}},
	}
	for _, n := range p.nodes {
		state.at[n] = &instance{node: n}
	}
	return state
}

// build is called by Fx, where the caller has options of his own: it calls a
// resource's constructor with the values that Fx found, since a decorator may
// have changed them, and starts the resource there and then.
func (s *childState) build(n *node, params []reflect.Value) ([]reflect.Value, error) {
	instance := s.at[n]
	s.flushOptions()
	if s.brokenOff() {
		return nil, s.whyBrokenOff()
	}
	began := time.Now()
	s.observe(Event{Resource: n.key, Phase: Starting, Time: began})
	if err := s.construct(instance, params); err != nil {
		s.finish(instance, began, err)
		return nil, err
	}
	return instance.results, s.start(instance, began)
}

func (s *childState) construct(instance *instance, params []reflect.Value) error {
	ctx, cancel := s.deadline(s.ctx, instance.node.startTimeout)
	defer cancel()
	return instance.construct(ctx, s.arguments(instance, params))
}

func (s *childState) start(instance *instance, began time.Time) error {
	ctx, cancel := s.deadline(s.ctx, instance.node.startTimeout)
	defer cancel()
	err := instance.start(ctx)
	s.finish(instance, began, err)
	return err
}

func (s *childState) deadline(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, tookLonger(limit))
}

func tookLonger(limit time.Duration) error {
	return fmt.Errorf("it took longer than %s: %w", limit, context.DeadlineExceeded)
}

// errBrokenOff ends the opening of a child in which something went wrong.
var errBrokenOff = errors.New("broken off")

// finish records that a resource has started, or why not. The order of the
// events is the order that teardown reverses.
func (s *childState) finish(instance *instance, began time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	instance.err = err
	s.started = append(s.started, instance)
	if err != nil && !errors.Is(err, errBrokenOff) {
		s.errs = append(s.errs, err)
	}
	now := time.Now()
	s.tell(Event{Resource: instance.node.key, Phase: Started, Time: now, Duration: now.Sub(began), Err: err})
}

func (s *childState) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.errs) > 0
}

func (s *childState) failures() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errs)
}

func (s *childState) observe(event Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tell(event)
}

// tell calls the observers. s.mu is held: they see one event at a time.
func (s *childState) tell(event Event) {
	for _, observer := range s.config.observers {
		observer(event)
	}
}

// arguments puts the values that Fx found and the child's own in the order of
// the constructor's parameters.
func (s *childState) arguments(instance *instance, params []reflect.Value) []reflect.Value {
	return arrange(instance.node.inputs, params, func(kind inputKind) reflect.Value {
		switch kind { //nolint:exhaustive // own knows the rest
		case configInput:
			return s.values[instance.node].value
		case lifecycleInput:
			return reflect.ValueOf(fx.Lifecycle(instance))
		case loggerInput:
			return reflect.ValueOf(s.config.logger.With("resource", instance.node.key))
		}
		return s.own(kind)
	})
}

// own returns what every function of the child may have.
func (s *childState) own(kind inputKind) reflect.Value {
	switch kind {
	case contextInput:
		return reflect.ValueOf(s.ctx)
	case loggerInput:
		return reflect.ValueOf(s.config.logger)
	default:
		return reflect.ValueOf(s.config.info)
	}
}

// flushOptions starts the hooks that the caller's own fx.Options have appended
// so far.
func (s *childState) flushOptions() {
	instance := s.takeOptions()
	if instance == nil {
		return
	}
	began := time.Now()
	s.observe(Event{Resource: instance.node.key, Phase: Starting, Time: began})
	_ = s.start(instance, began) // recorded, and found by whoever comes next
}

// abandonOptions keeps hooks of the caller's own options that are not to be
// started any more: those without OnStart have something to release.
func (s *childState) abandonOptions() {
	if instance := s.takeOptions(); instance != nil && instance.hasStops() {
		s.finish(instance, time.Now(), errBrokenOff)
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
	taken := &instance{node: s.options.node, hooks: s.options.hooks}
	s.options.hooks = nil
	return taken
}

// optionsDefinition names the hooks that belong to no resource.
var optionsDefinition = &resourceDefinition{key: "(fx options)", startTimeout: DefaultTimeout, stopTimeout: DefaultTimeout}

// stop stops what started, last first, with fresh contexts.
func (s *childState) stop(outcome error) error {
	s.outcome = outcome
	var errs []error
	for _, instance := range slices.Backward(s.started) {
		errs = append(errs, s.stopOne(instance))
	}
	s.cancel(errChildClosed)
	return errors.Join(errs...)
}

// errChildClosed is the cause of the end of a closed child's context.
var errChildClosed = errors.New("the child container was closed")

func (s *childState) stopOne(instance *instance) error {
	if instance.err != nil && !instance.hasStops() {
		return nil // it never started, and left nothing to stop
	}
	ctx, cancel := s.deadline(withOutcome(context.WithoutCancel(s.ctx), s.outcome), instance.node.stopTimeout)
	defer cancel()
	began := time.Now()
	s.observe(Event{Resource: instance.node.key, Phase: Stopping, Time: began})
	err := instance.stop(ctx)
	now := time.Now()
	s.observe(Event{Resource: instance.node.key, Phase: Stopped, Time: now, Duration: now.Sub(began), Err: err})
	return err
}
