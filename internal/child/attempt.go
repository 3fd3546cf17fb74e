package child

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
)

// beginning tells that an attempt at starting an instance begins, and when.
func (s *childState) beginning(instance *instance) time.Time {
	began := time.Now()
	s.observe(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarting, Time: began})
	return began
}

// construct calls the instance's constructor. Those of one child are called
// one at a time, as in Fx.
func (s *childState) construct(instance *instance, params []reflect.Value) error {
	s.constructing.Lock()
	defer s.constructing.Unlock()
	arguments := s.arguments(instance, params)
	var results []reflect.Value // not the instance's: a constructor that was given up may set it later
	err := instance.lifecycle.construct(&s.calls, func() (err error) {
		results, err = instance.node.Function.Call(arguments)
		return err
	})
	if err != nil {
		return &resource.ResourceError{Key: instance.node.Key, Action: resource.ActionConstructing, Err: err}
	}
	instance.results = results
	return nil
}

// complete takes an instance on from its constructor, which returned err: it
// calls the start hooks, tries again where the resource has attempts left, and
// records what came of it.
func (s *childState) complete(instance *instance, began time.Time, params []reflect.Value, err error) error {
	var before []error // of earlier attempts
	for attempt := 1; ; attempt++ {
		if err == nil {
			err = s.start(instance)
		}
		if err == nil {
			break
		}
		if !s.mayRetry(instance, attempt) {
			err = errors.Join(append(before, err)...)
			break
		}
		err = errors.Join(err, s.undo(s.afterwards(err), instance))
		s.observe(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarted, Time: time.Now(), Duration: time.Since(began), Err: err})
		before = append(before, err)
		if err = s.pause(instance, attempt); err != nil {
			err = errors.Join(append(before, err)...)
			break
		}
		if s.ending() {
			err = errors.Join(before...)
			break
		}
		instance.lifecycle, instance.results = newLifecycle(s, instance.node), nil
		began = s.beginning(instance)
		err = s.construct(instance, params)
	}
	s.finish(instance, began, err)
	return err
}

// start calls the start hooks of an instance.
func (s *childState) start(instance *instance) error {
	ctx, cancel := s.deadline(s.ctx, instance.node.StartTimeout)
	defer cancel()
	if err := instance.lifecycle.start(ctx, &s.calls); err != nil {
		return &resource.ResourceError{Key: instance.node.Key, Action: resource.ActionStarting, Err: err}
	}
	return nil
}

func (s *childState) mayRetry(instance *instance, attempt int) bool {
	return attempt <= instance.node.Retries && !s.ending()
}

// pause waits before the attempt after the given one, or until the child ends.
// Its error is that of the backoff function, which is the user's.
func (s *childState) pause(instance *instance, attempt int) error {
	if instance.node.Backoff == nil {
		return nil
	}
	var length time.Duration
	err := s.calls.call(s.ctx, instance.node.StartTimeout, func() error {
		length = instance.node.Backoff(attempt)
		return nil
	}, nil)
	if err != nil {
		err = fmt.Errorf("asking its backoff for the wait before attempt %d: %w", attempt+1, err)
		return &resource.ResourceError{Key: instance.node.Key, Action: resource.ActionStarting, Err: err}
	}
	wait := time.NewTimer(length)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-s.ctx.Done():
	case <-s.nested.closed:
	}
	return nil
}

// afterwards is the context of stop hooks: it has the outcome, and does not end
// with the child's own.
func (s *childState) afterwards(outcome error) context.Context {
	return resource.WithOutcome(context.WithoutCancel(s.ctx), outcome)
}

// undo calls the stop hooks of what has started of an instance.
func (s *childState) undo(ctx context.Context, instance *instance) error {
	ctx, cancel := s.deadline(ctx, instance.node.StopTimeout)
	defer cancel()
	return instance.lifecycle.stop(ctx, &s.calls)
}

// stopLate stops what has come to life after nobody waited for it any more: of
// a function that was given up and returned after all. It can only log what goes
// wrong.
func (s *childState) stopLate(n *graph.Node, stop func(ctx context.Context, calls *workerPool) error) {
	calls := &workerPool{members: &s.members}
	defer calls.rest(0)
	ctx, cancel := s.deadline(s.afterwards(errGivenUp), n.StopTimeout)
	defer cancel()
	if err := stop(ctx, calls); err != nil {
		s.lateLogger().ErrorContext(ctx, "a resource went wrong after it had been given up", "resource", n.Key, "error", err)
	}
}
