package child

import (
	"reflect"
	"time"

	"github.com/fxrun/fxrun/internal/config"
	"github.com/fxrun/fxrun/internal/graph"
)

// buildOne is called by Fx, where the caller has options of his own: it calls a
// resource's constructor with the values that Fx found, since a decorator may
// have changed them, and starts the resource there and then.
func (s *state) buildOne(n *graph.Node, params []reflect.Value) ([]reflect.Value, error) {
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

// flushOptions starts the hooks that the caller's own fx.Options have appended
// so far, and those that these append.
func (s *state) flushOptions() {
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
func (s *state) abandonOptions() {
	if instance := s.takeOptions(); instance != nil && instance.lifecycle.hasStops() {
		s.finish(instance, time.Now(), errEnding)
	}
}

// takeOptions returns an instance with the hooks that the caller's own options
// have appended since the last call, or nil without any.
func (s *state) takeOptions() *instance {
	hooks := s.options.takeHooks()
	if len(hooks) == 0 {
		return nil
	}
	taken := newInstance(optionsNode, config.Resolved{}, &s.late)
	taken.lifecycle.hooks = hooks
	return taken
}
