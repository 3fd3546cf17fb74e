package child

import (
	"context"
	"fmt"

	"github.com/fxrun/fxrun/internal/resource"
)

func (s *childState) observe(of *instance, event resource.Event) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.tell(of, event)
}

// tell calls the observers. s.telling is held, so that they see one event at a
// time; s.mu is not, so that they may use the child. What goes wrong in one of
// them is an error of the child.
func (s *childState) tell(of *instance, event resource.Event) {
	if of.node.Supplied { // nobody starts or stops it
		return
	}
	event.Step = s.config.info.Step
	for _, observer := range s.config.observers {
		err := s.calls.call(context.Background(), 0, func() error { observer(event); return nil }, nil)
		if err != nil {
			s.fail(fmt.Errorf("observing that resource %s is %s: %w", event.Resource, event.Phase, err))
		}
	}
}

func (s *childState) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.errs = append(s.errs, err)
}

// forgetObservers lets no more events be seen.
func (s *childState) forgetObservers() {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.config.observers = nil
}
