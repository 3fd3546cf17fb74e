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

// tell calls the observers. s.telling is held, so that they see one event at a
// time; s.mu is not, so that they may use the child. What goes wrong in one of
// them is an error of the child.
func (s *state) tell(of *instance, event resource.Event) {
	if of.node.Supplied { // nobody starts or stops it
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

// forgetObservers lets no more events be seen.
func (s *state) forgetObservers() {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.observers = nil
}

// finish records that a resource has started, or why not. The order of the
// events is the order that teardown reverses.
func (s *state) finish(instance *instance, began time.Time, err error) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.ended(instance, err)
	now := time.Now()
	s.tell(instance, resource.Event{Resource: instance.node.Key, Phase: resource.PhaseStarted, Time: now, Duration: now.Sub(began), Err: err})
}
