package child

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// processScope holds the resources that live as long as the process.
type processScope struct {
	turn   chan struct{} // holds one token, for whoever starts or stops resources
	closed bool          // with the turn
	opened []*Child      // one for each time that some had to be started; with the turn

	mu        sync.Mutex
	instances map[*graph.Node]*instance
}

func newProcessScope() *processScope {
	scope := &processScope{turn: make(chan struct{}, 1), instances: make(map[*graph.Node]*instance)}
	scope.turn <- struct{}{}
	return scope
}

// take waits for the turn, and returns what gives it back.
func (s *processScope) take() (giveBack func()) {
	token := <-s.turn
	return func() { s.turn <- token }
}

// ErrClosed is matched by the error of opening a child, after Container.Close,
// that needs resources which live per process.
var ErrClosed = errors.New("the container is closed")

// running returns which of the nodes run already.
func (s *processScope) running(nodes []*graph.Node) map[*graph.Node]*instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := make(map[*graph.Node]*instance)
	for _, n := range nodes {
		if instance, ok := s.instances[n]; ok {
			found[n] = instance
		}
	}
	return found
}

// acquire returns instances of nodes, all of which live per process; it starts
// those that don't run yet. The start does not end with ctx, which only bounds
// the wait: others may be waiting for the same resource.
func (s *processScope) acquire(ctx context.Context, p *preparation, nodes []*graph.Node) (map[*graph.Node]*instance, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	type acquisition struct {
		instances map[*graph.Node]*instance
		err       error
	}
	acquired := make(chan acquisition, 1)
	go func() {
		defer s.take()()
		err := s.start(p, nodes)
		acquired <- acquisition{s.running(nodes), err}
	}()
	select {
	case given := <-acquired:
		return given.instances, given.err
	case <-ctx.Done():
		return nil, fmt.Errorf("waiting for resources that live per process: %w", context.Cause(ctx))
	}
}

// start starts those of the nodes that don't run, in a child of their own. If
// that goes wrong they are stopped again, and the next call tries anew.
func (s *processScope) start(p *preparation, nodes []*graph.Node) error {
	running := s.running(nodes)
	missing := slices.DeleteFunc(slices.Clone(nodes), func(n *graph.Node) bool { return running[n] != nil })
	if len(missing) == 0 {
		return nil
	}
	if s.closed {
		return fmt.Errorf("starting resource %s: %w", missing[0].Key, ErrClosed)
	}
	batch := &preparation{
		container: p.container, builder: childBuilderFor(nil),
		config: childConfig{logger: p.container.processLogger(), observers: p.config.observers, maxStarts: p.config.maxStarts},
		nodes:  missing, resolved: p.resolved,
	}
	child, err := openChild(context.Background(), batch, running)
	if err != nil {
		return err
	}
	child.state.forgetObservers()
	s.opened = append(s.opened, child)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range missing {
		s.instances[n] = child.state.at[n]
	}
	return nil
}

// processLogger is the host application's logger: a run's own would write into
// the history of a run that has ended.
func (c *Parent) processLogger() *slog.Logger {
	for key, value := range c.graph.Host {
		if logger, ok := value.Interface().(*slog.Logger); ok && key.Type == resource.LoggerType && key.Name == "" {
			return logger
		}
	}
	return slog.New(slog.DiscardHandler)
}

// Start starts the resources that are Eager and live per process. Without it
// they start with the first child.
func (c *Parent) Start(ctx context.Context, opts []Option) error {
	var options []fx.Option
	for _, opt := range opts {
		options = append(options, opt)
	}
	for _, n := range c.graph.Eager {
		if n.Lifetime == resource.LifetimeProcess {
			options = append(options, NeedsResources([]string{n.Key}))
		}
	}
	child, err := c.NewChild(ctx, options)
	if err != nil {
		return err
	}
	return child.Close(nil)
}

// Close stops the resources that live per process, in the reverse of the order
// in which they started, and returns all that went wrong. Children that use them
// must have been closed before. Further calls do nothing.
func (c *Parent) Close() error {
	s := c.process
	defer s.take()()
	s.closed = true
	var errs []error
	for _, child := range slices.Backward(s.opened) {
		errs = append(errs, child.Close(nil))
	}
	s.opened = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instances = nil
	return errors.Join(errs...)
}
