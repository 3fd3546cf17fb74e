package child

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/worker"
)

// state is shared by the resources of one child during its life.
type state struct {
	ctx         context.Context
	cancel      context.CancelCauseFunc
	preparation *prepare.Preparation      // only read
	at          map[*graph.Node]*instance // is made before anything starts, and is only read after that
	borrowed    map[*graph.Node]*instance // instances that live longer than the child; only read
	app         fxapp.Child               // the values that Fx gets, and the values that it has found
	options     *lifecycle                // hooks of the caller's fx.Options
	calls       worker.Pool               // calls the users' functions while the child is opened or closed
	members     goroutine.Set             // goroutines that call a user's function for this child
	nested      *openChildren             // nested children
	late        lateStops                 // stops what functions that were given up have started

	slots    chan struct{}
	starting sync.WaitGroup

	constructing sync.Mutex // held while a constructor is called

	telling   sync.Mutex // held while observers are called; locked before mu
	observers []func(resource.Event)

	mu      sync.Mutex
	started []*instance // in the order in which starting ended
	errs    []error
}

// newState makes the state of a child that will be opened, with borrowed instances
// of resources that live longer. outer is the state of the child that it is nested
// in, or nil.
func newState(ctx context.Context, p *prepare.Preparation, outer *state, borrowed map[*graph.Node]*instance) *state {
	ctx, cancel := context.WithCancelCause(ctx)
	s := &state{
		cancel: cancel, preparation: p, borrowed: borrowed, observers: p.Settings.Observers,
		at:     make(map[*graph.Node]*instance, len(p.Nodes)),
		slots:  make(chan struct{}, p.Settings.MaxStarts),
		nested: newOpenChildren(),
	}
	s.ctx = s.members.In(ctx)
	s.calls.Members = &s.members
	s.late = lateStops{ctx: s.ctx, members: &s.members, logger: p.Settings.Logger}
	if host := p.Graph.Logger(); host != nil { // only the logger of the host application is left for such errors
		s.late.logger = host
	}
	s.app = fxapp.Child{
		Context: s.ctx, Logger: p.Settings.Logger, Info: p.Settings.Info, Results: s.results,
		Bound: make(map[*graph.Target][]reflect.Value, len(p.Targets)),
		Lends: make(map[signature.Key]reflect.Value),
	}
	if outer != nil {
		s.app.FromParent, s.app.Lends, s.app.Events = outer.app.Lends, outer.app.Lends, outer.app.Events
	}
	s.options = newLifecycle(optionsNode, &s.late)
	for _, n := range p.Nodes {
		s.at[n] = newInstance(n, p.Resolved[n], &s.late)
	}
	return s
}

// outer returns the values of the child for its nested children.
func (s *state) outer() *prepare.Outer {
	return &prepare.Outer{
		Preparation: s.preparation, Lends: s.app.Lends,
		Started: func(n *graph.Node) bool { return s.at[n] != nil && s.at[n].results != nil },
	}
}

// errEnding ends the opening of a child after an error in it.
var errEnding = errors.New("not started, since the child container is ending")

func (s *state) ended(instance *instance, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	instance.err = err
	s.started = append(s.started, instance)
	if err != nil && !errors.Is(err, errEnding) {
		s.errs = append(s.errs, err)
	}
}

func (s *state) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.errs) > 0
}

// failures returns the errors until now.
func (s *state) failures() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.errs)
}

// optionsNode names the hooks that belong to no resource.
var optionsNode = &graph.Node{Declaration: &resource.Declaration{
	Key: "(fx options)", StartTimeout: resource.DefaultTimeout, StopTimeout: resource.DefaultTimeout,
}}

// instanceOf returns the instance of a resource: that of the child itself, or
// one that lives longer.
func (s *state) instanceOf(n *graph.Node) *instance {
	if instance, ok := s.at[n]; ok {
		return instance
	}
	return s.borrowed[n]
}

func (s *state) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err)
}

// ending reports whether no further start may begin.
func (s *state) ending() bool { return s.failed() || s.ctx.Err() != nil || s.nested.isClosed() }

// whyEnding returns the error that Fx gets in place of the results of a
// constructor that is not called.
func (s *state) whyEnding() error {
	switch {
	case s.failed():
		return errEnding
	case s.nested.isClosed():
		return errChildClosed
	}
	return context.Cause(s.ctx)
}

// results returns the results of the constructor of a resource, or nil if it was
// not called.
func (s *state) results(n *graph.Node) []reflect.Value {
	if instance := s.instanceOf(n); instance != nil {
		return instance.results
	}
	return nil
}
