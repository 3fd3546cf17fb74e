package child

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/prepare"
	"github.com/fxrun/fxrun/internal/resource"
)

// acquisition is the wait of one child for the resources that it needs and that
// live per process. It begins the starts that nobody has begun.
type acquisition struct {
	scope   *processScope
	p       *prepare.Preparation
	nodes   []*graph.Node // with the resources that they need, in an order in which they may start
	caller  *processStart // the start with a function that opens the child, or nil
	changed wakeUp        // receives a value when a start has ended

	waiting map[*graph.Node]*processStart
	begun   []*processStart // by this acquisition
	errs    []error
}

// errOwnStart is the error of a start that would wait for itself.
var errOwnStart = errors.New("it is asked for by its own start, which would wait for itself")

// acquire returns instances of the resources that a child needs and that live per
// process, when all of them have started. ctx limits the wait.
func (s *processScope) acquire(ctx context.Context, p *prepare.Preparation) (map[*graph.Node]*instance, error) {
	nodes := p.PerProcess()
	found := s.running(nodes)
	if len(found) == len(nodes) {
		return found, nil
	}
	a := &acquisition{
		scope: s, p: p, nodes: nodes, caller: s.caller(), changed: make(wakeUp, 1), waiting: make(map[*graph.Node]*processStart),
	}
	for !a.advance() {
		select {
		case <-a.changed:
		case <-ctx.Done():
			return nil, a.giveUp(context.Cause(ctx))
		}
	}
	if len(a.errs) > 0 {
		return nil, errors.Join(a.errs...)
	}
	return s.running(nodes), nil
}

// advance notes the starts that have ended, and begins the starts that can
// begin. It returns true if there is nothing left to wait for.
func (a *acquisition) advance() bool {
	a.scope.mu.Lock()
	defer a.scope.mu.Unlock()
	a.note()
	for _, n := range a.nodes {
		start := a.scope.starts[n]
		switch {
		case len(a.errs) > 0 || a.waiting[n] != nil || start != nil && start.ended:
		case start != nil:
			a.await(start)
		case a.scope.closed:
			a.errs = append(a.errs, fmt.Errorf("starting resource %s: %w", n.Key, ErrClosed))
		case a.mayBegin(n):
			a.begin(n)
		}
	}
	if len(a.errs) > 0 { // the starts that others have begun do not matter after an error
		for _, start := range a.waiting {
			if !slices.Contains(a.begun, start) {
				a.leave(start)
			}
		}
	}
	return len(a.waiting) == 0
}

// note notes the starts that have ended.
func (a *acquisition) note() {
	for _, n := range a.nodes {
		start := a.waiting[n]
		if start == nil || !start.ended {
			continue
		}
		a.leave(start)
		switch {
		case errors.Is(start.err, ErrClosed):
			a.errs = append(a.errs, fmt.Errorf("starting resource %s: %w", n.Key, ErrClosed))
		case start.err != nil:
			a.errs = append(a.errs, start.err)
		}
	}
}

// await waits for a start that somebody has begun, unless that start waits for
// this acquisition.
func (a *acquisition) await(start *processStart) {
	if a.caller != nil {
		if start.waitsFor(a.caller) {
			a.errs = append(a.errs, &resource.ResourceError{Key: start.node.Key, Action: resource.ActionStarting, Err: errOwnStart})
			return
		}
		a.caller.needs = append(a.caller.needs, start)
	}
	a.waiting[start.node] = start
	start.waiting = append(start.waiting, a.changed)
}

// leave ends the wait for one start.
func (a *acquisition) leave(start *processStart) {
	delete(a.waiting, start.node)
	start.waiting = slices.DeleteFunc(start.waiting, func(other wakeUp) bool { return other == a.changed })
	if a.caller != nil {
		a.caller.needs = slices.DeleteFunc(a.caller.needs, func(need *processStart) bool { return need == start })
	}
}

// mayBegin reports whether all resources that a resource needs have started, and
// whether the child may start one more at the same time.
func (a *acquisition) mayBegin(n *graph.Node) bool {
	for _, need := range n.Needs {
		if start := a.scope.starts[need]; start == nil || !start.ended {
			return false
		}
	}
	own := 0
	for _, start := range a.begun {
		if !start.ended {
			own++
		}
	}
	return own < a.p.Settings.MaxStarts
}

func (a *acquisition) begin(n *graph.Node) {
	start, err := a.scope.begin(a.p, n)
	switch {
	case err != nil:
		a.errs = append(a.errs, err)
	case !start.ended:
		a.begun = append(a.begun, start)
		a.await(start)
	}
}

// giveUp ends the wait. The starts that this acquisition has begun continue for
// others, but the observers of its child get no further events of them.
func (a *acquisition) giveUp(cause error) error {
	keys := a.leaveAll()
	for _, start := range a.begun {
		start.child.state.forgetObservers()
	}
	what := "resource " + keys[0] + ", which lives per process"
	if len(keys) > 1 {
		what = "resources " + strings.Join(keys, ", ") + ", which live per process"
	}
	return errors.Join(append(a.errs, fmt.Errorf("waiting for %s: %w", what, cause))...)
}

// leaveAll ends all waits, and returns the names of the resources that it has
// waited for.
func (a *acquisition) leaveAll() []string {
	a.scope.mu.Lock()
	defer a.scope.mu.Unlock()
	var keys []string
	for _, n := range a.nodes {
		if start := a.waiting[n]; start != nil {
			keys = append(keys, n.Key)
			a.leave(start)
		}
	}
	return keys
}
