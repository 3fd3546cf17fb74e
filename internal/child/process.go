package child

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/goroutine"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/resource"
)

// processScope holds the resources that live as long as the process. Each is
// started in a child of its own, so that a child waits only for the resources
// that it needs.
type processScope struct {
	mu       sync.Mutex
	closed   bool
	starts   map[*graph.Node]*processStart // under way, or successful
	underWay []*processStart
	opened   []*liveChild // in the order in which they started
}

// processStart is the start of one resource that lives per process. The start
// does not end with the context of the child that needs the resource, because
// others may wait for the same start.
type processStart struct {
	node     *graph.Node
	child    *liveChild // nil for a supplied value, which is not started or stopped
	instance *instance
	done     chan struct{}

	// These fields are used with the mutex of the scope:
	ended   bool
	err     error
	waiting []wakeUp        // channels of those who wait for its end
	needs   []*processStart // the starts that its own hooks and constructor wait for
}

// wakeUp is a channel that tells its owner, who waits for starts, that one of
// them has ended.
type wakeUp chan struct{}

func (w wakeUp) tell() {
	select {
	case w <- struct{}{}:
	default: // the owner was told already, and will look at everything
	}
}

func newProcessScope() *processScope {
	return &processScope{starts: make(map[*graph.Node]*processStart)}
}

// running returns those of the nodes that run already, with their instances.
func (s *processScope) running(nodes []*graph.Node) map[*graph.Node]*instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.instances(nodes)
}

// configs returns the configs of those nodes that run already.
func (s *processScope) configs(nodes []*graph.Node) map[*graph.Node]config.Resolved {
	configs := make(map[*graph.Node]config.Resolved)
	for n, instance := range s.running(nodes) {
		configs[n] = instance.config
	}
	return configs
}

// instances does the work of running. The caller holds the mutex.
func (s *processScope) instances(nodes []*graph.Node) map[*graph.Node]*instance {
	found := make(map[*graph.Node]*instance)
	for _, n := range nodes {
		if start := s.starts[n]; start != nil && start.ended {
			found[n] = start.instance
		}
	}
	return found
}

// begin begins the start of a resource after all that it needs has started. The
// caller holds the mutex.
func (s *processScope) begin(p *prepare.Preparation, n *graph.Node) (*processStart, error) {
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
	start.child = newLiveChild(context.Background(), p.Alone(n), nil, s.instances(n.Needs), newOpenChildren())
	start.instance = start.child.state.at[n]
	s.starts[n], s.underWay = start, append(s.underWay, start)
	go func() {
		err := start.child.start()
		start.child.state.forgetObservers()
		start.child.state.calls.Rest(0) // the child will live for a long time
		s.end(start, err)
	}()
	return start, nil
}

// end tells all that wait how a start has ended. If it has failed, the next
// child that needs the resource starts it again.
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
	for _, waiting := range start.waiting {
		waiting.tell()
	}
	start.waiting = nil
	close(start.done)
}

// caller returns the current start with a function that the calling goroutine
// executes, or nil.
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

// membersOfCaller returns the goroutines of the start that caller returns. If
// one of its functions opens a child, the start also waits for the functions of
// that child.
func (s *processScope) membersOfCaller() *goroutine.Set {
	if start := s.caller(); start != nil {
		return &start.child.state.members
	}
	return nil
}

// waitsFor reports whether a start waits for another one, directly or through
// others.
func (start *processStart) waitsFor(other *processStart) bool {
	return start == other || slices.ContainsFunc(start.needs, func(need *processStart) bool { return !need.ended && need.waitsFor(other) })
}

// close prevents further starts, and returns the current ones.
func (s *processScope) close() []*processStart {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, start := range s.underWay {
		start.child.beginNothing()
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

// takeOpened returns the children that have to be closed, and removes them.
func (s *processScope) takeOpened() []*liveChild {
	s.mu.Lock()
	defer s.mu.Unlock()
	opened := s.opened
	s.starts = nil
	return opened
}

// calls reports whether the calling goroutine executes a function of one of the
// resources.
func (s *processScope) calls() bool {
	if s.caller() != nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.opened, (*liveChild).calls)
}
