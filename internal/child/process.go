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
// started by itself, in a child of its own, so that nobody waits for one that he
// has no use for.
type processScope struct {
	mu       sync.Mutex
	closed   bool
	starts   map[*graph.Node]*processStart // under way, or successful
	underWay []*processStart
	opened   []*liveChild // in the order in which they started
}

// processStart is the start of one resource that lives per process. The start
// does not end with the context of the child that needs the resource: others may
// be waiting for the same one.
type processStart struct {
	node     *graph.Node
	child    *liveChild // nil for a supplied value, which nobody starts or stops
	instance *instance
	done     chan struct{}

	// With the mutex of the scope:
	ended   bool
	err     error
	waiting []wakeUp        // of those who wait for its end
	needs   []*processStart // that its own hooks and constructor wait for
}

// wakeUp tells somebody who waits for starts that one has ended.
type wakeUp chan struct{}

func (w wakeUp) tell() {
	select {
	case w <- struct{}{}:
	default: // it has been told, and looks at everything
	}
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

// configs returns the configs of those of the nodes that run already.
func (s *processScope) configs(nodes []*graph.Node) map[*graph.Node]config.Resolved {
	configs := make(map[*graph.Node]config.Resolved)
	for n, instance := range s.running(nodes) {
		configs[n] = instance.config
	}
	return configs
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
		start.child.state.calls.Rest(0) // it will live for long
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
	for _, waiting := range start.waiting {
		waiting.tell()
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

// takeOpened returns what has to be stopped, and forgets it all.
func (s *processScope) takeOpened() []*liveChild {
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
	return slices.ContainsFunc(s.opened, (*liveChild).calls)
}
