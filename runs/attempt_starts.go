package runs

import "sync"

// attemptStarts is what a worker knows of its own attempts that the history does not tell: an append of
// a start may have failed although the store has taken it, and of an attempt that was executed the end
// may be missing. The first can still be made here, and the second is lost. Its zero value is ready for
// use, and safe for concurrent use.
type attemptStarts struct {
	mu     sync.Mutex
	starts map[string]attemptStart // by the name of the lock of the step
}

type attemptStart struct {
	attempt  int
	executed bool
}

// unknown notes that the start of an attempt may be in the history.
func (s *attemptStarts) unknown(step string, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.starts[step].attempt != attempt {
		s.note(step, attemptStart{attempt: attempt})
	}
}

// executes notes that an attempt is executed here.
func (s *attemptStarts) executes(step string, attempt int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.note(step, attemptStart{attempt, true})
}

func (s *attemptStarts) note(step string, start attemptStart) {
	if s.starts == nil {
		s.starts = make(map[string]attemptStart)
	}
	s.starts[step] = start
}

// forget notes that the history tells all about the attempts at a step.
func (s *attemptStarts) forget(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.starts, step)
}

// isUnmade reports whether the start of an attempt may be in the history although the attempt was never
// executed.
func (s *attemptStarts) isUnmade(step string, attempt int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.starts[step] == attemptStart{attempt: attempt}
}
