package child

import (
	"fmt"
	"reflect"
	"time"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
)

// buildOne is called by Fx if the caller has given fx.Options. It calls the
// constructor of a resource with the values that Fx found, because a decorator
// may have changed them, and starts the resource at once. It returns an error if Fx
// calls the constructor once more, as it does for a cycle through a decorator.
func (s *state) buildOne(n *graph.Node, params []reflect.Value) ([]reflect.Value, error) {
	instance := s.at[n]
	if instance.results != nil {
		return nil, fmt.Errorf("resource %s: Fx calls its constructor twice, since a decorator of what the resource needs asks for the resource", n.Key)
	}
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

// flushOptions starts the hooks that the fx.Options of the caller have appended
// until now, and the hooks that these hooks append.
func (s *state) flushOptions() {
	for !s.ending() {
		instance := s.takeOptions()
		if instance == nil {
			return
		}
		_ = s.complete(instance, s.beginning(instance), nil, nil) // the error is recorded, and the next step finds it
	}
}

// abandonOptions keeps those hooks of the caller's options that must not be
// started any more, because hooks without OnStart have something to release.
func (s *state) abandonOptions() {
	if instance := s.takeOptions(); instance != nil && instance.lifecycle.hasStops() {
		s.finish(instance, time.Now(), errEnding)
	}
}

// takeOptions returns an instance with the hooks that the caller's options have
// appended since the last call. It returns nil if there are none.
func (s *state) takeOptions() *instance {
	hooks := s.options.takeHooks()
	if len(hooks) == 0 {
		return nil
	}
	taken := newInstance(optionsNode, config.Resolved{}, &s.late)
	taken.lifecycle.hooks = hooks
	return taken
}
