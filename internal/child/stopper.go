package child

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/fxrun/fxrun/internal/resource"
)

// stop stops everything that has started, the last first, with new contexts. It
// first closes the nested children that are still open.
func (s *state) stop(outcome error) error {
	ctx := afterwards(s.ctx, outcome)
	known := len(s.failures()) // the opening has returned these errors already
	var errs []error
	for _, child := range s.nested.close() {
		errs = append(errs, child.Close(outcome))
	}
	options := &instance{node: optionsNode, lifecycle: s.options, err: errEnding} // for hooks that options have appended after their start
	for _, instance := range slices.Backward(append(s.started, options)) {
		if err := s.stopOne(ctx, instance); !s.preparation.Settings.AllowStopErrors {
			errs = append(errs, err)
		}
	}
	s.calls.Rest(0)
	s.cancel(errChildClosed)
	return errors.Join(append(errs, s.failures()[known:]...)...)
}

func (s *state) stopOne(ctx context.Context, instance *instance) error {
	if instance.err != nil && instance.lifecycle.endWithoutStops() {
		return nil // it has not started, and has left nothing to stop
	}
	began := time.Now()
	s.observe(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStopping, Time: began})
	err := s.undo(ctx, instance)
	now := time.Now()
	s.observe(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStopped, Time: now, Duration: now.Sub(began), Err: err})
	return err
}
