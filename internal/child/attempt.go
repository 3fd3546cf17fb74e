package child

import (
	"errors"
	"reflect"
	"time"

	"github.com/fxrun/fxrun/internal/resource"
)

// beginning tells that an attempt at starting an instance begins, and when.
func (s *childState) beginning(instance *instance) time.Time {
	began := time.Now()
	s.observe(resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarting, Time: began})
	return began
}

// construct calls the instance's constructor. Those of one child are called
// one at a time, as in Fx.
func (s *childState) construct(instance *instance, params []reflect.Value) error {
	s.constructing.Lock()
	defer s.constructing.Unlock()
	ctx, cancel := s.deadline(s.ctx, instance.node.StartTimeout)
	defer cancel()
	return instance.construct(ctx, s.arguments(instance, params))
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
		err = errors.Join(err, s.undo(instance, err))
		s.observe(resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarted, Time: time.Now(), Duration: time.Since(began), Err: err})
		before = append(before, err)
		instance.lifecycle, instance.results = new(lifecycle), nil
		if !s.pause(instance, attempt) {
			err = errors.Join(before...)
			break
		}
		began = s.beginning(instance)
		err = s.construct(instance, params)
	}
	s.finish(instance, began, err)
	return err
}

func (s *childState) start(instance *instance) error {
	ctx, cancel := s.deadline(s.ctx, instance.node.StartTimeout)
	defer cancel()
	return instance.start(ctx)
}

func (s *childState) mayRetry(instance *instance, attempt int) bool {
	return attempt <= instance.node.Retries && !s.ending()
}

// pause waits before the attempt after the given one, and returns false if the
// child ends meanwhile.
func (s *childState) pause(instance *instance, attempt int) bool {
	if instance.node.Backoff == nil {
		return true
	}
	wait := time.NewTimer(instance.node.Backoff(attempt))
	defer wait.Stop()
	select {
	case <-wait.C:
		return true
	case <-s.ctx.Done():
		return false
	}
}
