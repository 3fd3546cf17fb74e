package child

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// processScope holds the resources that live as long as the process. Each is
// started by itself, in a child of its own, so that nobody waits for one that he
// has no use for.
type processScope struct {
	mu       sync.Mutex
	closed   bool
	starts   map[*graph.Node]*processStart // under way, or successful
	underWay []*processStart
	opened   []*Child // in the order in which they started
}

// processStart is the start of one resource that lives per process. The start
// does not end with the context of the child that needs the resource: others may
// be waiting for the same one.
type processStart struct {
	node     *graph.Node
	child    *Child // nil for a supplied value, which nobody starts or stops
	instance *instance
	done     chan struct{}

	// With the mutex of the scope:
	ended   bool
	err     error
	waiting []*acquisition  // to be told when it ends
	needs   []*processStart // that its own hooks and constructor wait for
}

func newProcessScope() *processScope {
	return &processScope{starts: make(map[*graph.Node]*processStart)}
}

// running returns which of the nodes run already.
func (s *processScope) running(nodes []*graph.Node) map[*graph.Node]*instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instances(nodes)
}

// instances is running; the mutex is held.
func (s *processScope) instances(nodes []*graph.Node) map[*graph.Node]*instance {
	found := make(map[*graph.Node]*instance)
	for _, n := range nodes {
		if start := s.starts[n]; start != nil && start.ended {
			found[n] = start.instance
		}
	}
	return found
}

// begin begins to start a resource of which all that it needs runs. The mutex is
// held.
func (s *processScope) begin(p *preparation, n *graph.Node) (*processStart, error) {
	start := &processStart{node: n, done: make(chan struct{})}
	if n.Supplied {
		results, err := n.Function.Call(nil)
		if err != nil {
			return nil, &resource.ResourceError{Key: n.Key, Action: resource.ActionConstructing, Err: err}
		}
		start.instance, start.ended = &instance{node: n, results: results}, true
		close(start.done)
		s.starts[n] = start
		return start, nil
	}
	alone := &preparation{
		container: p.container, builder: childBuilderFor(nil),
		config: childConfig{logger: p.container.processLogger(), loggerOver: ofModule, observers: p.config.observers, maxStarts: 1},
		nodes:  []*graph.Node{n}, resolved: p.resolved,
	}
	start.child = newChild(context.Background(), alone, s.instances(n.Needs), newOpenChildren())
	start.instance = start.child.state.at[n]
	s.starts[n], s.underWay = start, append(s.underWay, start)
	go func() {
		_, err := start.child.start(alone)
		start.child.state.forgetObservers()
		start.child.state.calls.rest(0) // it will live for long
		s.end(start, err)
	}()
	return start, nil
}

// end tells everybody what has become of a start. After one that went wrong the
// next child that needs the resource tries anew.
func (s *processScope) end(start *processStart, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	start.ended, start.err = true, err
	s.underWay = slices.DeleteFunc(s.underWay, func(other *processStart) bool { return other == start })
	if err != nil {
		delete(s.starts, start.node)
	} else {
		s.opened = append(s.opened, start.child)
	}
	for _, a := range start.waiting {
		a.tell()
	}
	start.waiting = nil
	close(start.done)
}

// caller returns the start under way in one of whose functions the calling
// goroutine is, or nil.
func (s *processScope) caller() *processStart {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, start := range s.underWay {
		if start.child.calls() {
			return start
		}
	}
	return nil
}

// membersOfCaller returns the goroutines of the start that caller returns: it
// waits for the functions of a child that one of its own opens.
func (s *processScope) membersOfCaller() *goroutine.Set {
	if start := s.caller(); start != nil {
		return &start.child.state.members
	}
	return nil
}

// waitsFor reports whether a start waits for another, directly or by others.
func (start *processStart) waitsFor(other *processStart) bool {
	return start == other || slices.ContainsFunc(start.needs, func(need *processStart) bool { return !need.ended && need.waitsFor(other) })
}

// close lets nothing more be begun, and returns what is being started.
func (s *processScope) close() []*processStart {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, start := range s.underWay {
		start.child.state.nested.close()
	}
	return slices.Clone(s.underWay)
}

// stop stops everything in the reverse of the order in which it started.
func (s *processScope) stop() error {
	for _, start := range s.close() {
		<-start.done
	}
	var errs []error
	for _, child := range slices.Backward(s.takeOpened()) {
		errs = append(errs, child.Close(nil))
	}
	return errors.Join(errs...)
}

// takeOpened returns what has to be stopped, and forgets it all.
func (s *processScope) takeOpened() []*Child {
	s.mu.Lock()
	defer s.mu.Unlock()
	opened := s.opened
	s.starts = nil
	return opened
}

// calls reports whether the calling goroutine is in a function of one of the
// resources.
func (s *processScope) calls() bool {
	if s.caller() != nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.opened, (*Child).calls)
}

// hostLogger is the host application's logger, or nil.
func (c *Parent) hostLogger() *slog.Logger {
	return c.graph.Logger()
}

// processLogger is the host application's logger: a run's own would write into
// the history of a run that has ended.
func (c *Parent) processLogger() *slog.Logger {
	if logger := c.hostLogger(); logger != nil {
		return logger
	}
	return slog.New(slog.DiscardHandler)
}
