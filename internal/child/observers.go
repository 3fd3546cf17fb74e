package child

import (
	"context"
	"fmt"
	"time"

	"github.com/fxrun/fxrun/internal/resource"
)

func (s *state) observe(of *instance, event resource.Event) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.tell(of, event)
}

// tell calls the observers. The caller holds s.telling, so that they see one
// event at a time. It does not hold s.mu, so that they may use the child. An
// error of an observer is an error of the child.
func (s *state) tell(of *instance, event resource.Event) {
	if of.node.Supplied { // a supplied value is not started or stopped
		return
	}
	event.Step = s.app.Info.Step
	for _, observer := range s.observers {
		err := s.calls.Call(context.Background(), 0, func() error { observer(event); return nil }, nil)
		if err != nil {
			s.fail(fmt.Errorf("observing that resource %s is %s: %w", event.Resource, event.Phase, err))
		}
	}
}

// forgetObservers removes the observers, so that they get no more events.
func (s *state) forgetObservers() {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.observers = nil
}

// finish records that a resource has started, or the error of its start.
// Resources stop in the reverse order of these events.
func (s *state) finish(instance *instance, began time.Time, err error) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.ended(instance, err)
	now := time.Now()
	s.tell(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarted, Time: now, Duration: now.Sub(began), Err: err})
}
