package child

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/worker"
)

// beginning tells the observers that an attempt to start an instance begins,
// and returns the time.
func (s *state) beginning(instance *instance) time.Time {
	began := time.Now()
	s.observe(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarting, Time: began})
	return began
}

// construct calls the constructor of the instance. The constructors of one
// child are called one at a time, as in Fx.
func (s *state) construct(instance *instance, params []reflect.Value) error {
	s.constructing.Lock()
	defer s.constructing.Unlock()
	if s.ctx.Err() != nil {
		return errEnding // since the start could not be recorded, for instance
	}
	arguments := s.arguments(instance, params)
	var results []reflect.Value // a local variable, because a constructor that was given up may set it later
	err := instance.lifecycle.construct(s.ctx, &s.calls, func() (err error) {
		results, err = instance.node.Function.Call(arguments)
		return err
	})
	if err != nil {
		return &resource.ResourceError{Key: instance.node.Key, Action: resource.ActionConstructing, Err: err}
	}
	instance.results = results
	return nil
}

// complete continues the start of an instance after its constructor has
// returned err. It calls the start hooks, tries again if the resource has
// attempts left, and records the result.
func (s *state) complete(instance *instance, began time.Time, params []reflect.Value, err error) error {
	var before []error // errors of earlier attempts
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
		err = errors.Join(err, s.undo(afterwards(s.ctx, err), instance))
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
		instance.lifecycle, instance.results = newLifecycle(instance.node, &s.late), nil
		began = s.beginning(instance)
		err = s.construct(instance, params)
	}
	s.finish(instance, began, err)
	return err
}

// start calls the start hooks of an instance.
func (s *state) start(instance *instance) error {
	ctx, cancel := worker.WithLimit(s.ctx, instance.node.StartTimeout)
	defer cancel()
	if err := instance.lifecycle.start(ctx, &s.calls); err != nil {
		return &resource.ResourceError{Key: instance.node.Key, Action: resource.ActionStarting, Err: err}
	}
	return nil
}

func (s *state) mayRetry(instance *instance, attempt int) bool {
	return attempt <= instance.node.Retries && !s.ending()
}

// pause waits before the next attempt, or until the child ends. Its error is an
// error of the backoff function, which is the user's code.
func (s *state) pause(instance *instance, attempt int) error {
	if instance.node.Backoff == nil {
		return nil
	}
	var length time.Duration
	err := s.calls.Call(s.ctx, instance.node.StartTimeout, func() error {
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

// undo calls the stop hooks of those hooks of an instance that have started.
func (s *state) undo(ctx context.Context, instance *instance) error {
	if instance.lifecycle.endWithoutStops() {
		return nil
	}
	ctx, cancel := worker.WithLimit(ctx, instance.node.StopTimeout)
	defer cancel()
	return instance.lifecycle.stop(ctx, &s.calls)
}

// arguments puts the values that Fx found, and the values of the child, in the
// order of the parameters of the constructor.
func (s *state) arguments(instance *instance, params []reflect.Value) []reflect.Value {
	return graph.Arrange(instance.node.Inputs, params, func(kind graph.InputKind) reflect.Value {
		switch kind { //nolint:exhaustive // Own knows the rest
		case graph.ConfigInput:
			return instance.node.Config.Copy(instance.config)
		case graph.LifecycleInput:
			return reflect.ValueOf(fx.Lifecycle(instance.lifecycle))
		case graph.LoggerInput:
			return reflect.ValueOf(s.loggerOf(instance.node).With("resource", instance.node.Key))
		}
		return s.app.Own(kind)
	})
}

// loggerOf returns the logger of a resource, without its key.
func (s *state) loggerOf(n *graph.Node) *slog.Logger {
	module := s.preparation.Graph.ModuleLogger(n.Declaration)
	if module == nil || s.preparation.Settings.LoggerOver == nil {
		return s.app.Logger
	}
	return s.preparation.Settings.LoggerOver(module)
}
