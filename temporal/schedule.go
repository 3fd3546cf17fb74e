package temporal

import (
	"slices"
	"time"
)

// schedule says which steps may begin. It is the state of one workflow, and knows nothing of
// Temporal.
type schedule struct {
	steps   []stepState
	ready   []int // steps that may begin, in the order in which they are to begin
	running int   // steps that have begun and not ended, and are not ready again
	open    int   // steps that have not ended
}

// stepState is what a schedule knows of a step.
type stepState struct {
	waits   int       // needs that have not ended
	lacks   bool      // one of its needs has not succeeded
	needed  []int     // the steps that need it
	attempt int       // the next one to make
	due     time.Time // when that may begin; zero for at once
	ended   bool
	failed  bool
}

func newSchedule(steps []planStep) *schedule {
	s := &schedule{steps: make([]stepState, len(steps)), open: len(steps)}
	for i, step := range steps {
		s.steps[i].waits, s.steps[i].attempt = len(step.Needs), 1
		for _, need := range step.Needs {
			s.steps[need].needed = append(s.steps[need].needed, i)
		}
	}
	for i := range s.steps {
		if s.steps[i].waits == 0 {
			s.ready = append(s.ready, i)
		}
	}
	return s
}

// begin takes the first step that is ready. It returns the step and the attempt to make.
func (s *schedule) begin() (step, attempt int) {
	step = s.ready[0]
	s.ready = s.ready[1:]
	s.running++
	return step, s.steps[step].attempt
}

// again readies a step that is running, before all others. attempt is the one to make.
func (s *schedule) again(step, attempt int) {
	s.running--
	s.steps[step].attempt, s.steps[step].due = attempt, time.Time{}
	s.ready = append([]int{step}, s.ready...)
}

// later notes that the next attempt at a step that is running may begin at a time. again then
// readies it.
func (s *schedule) later(step, attempt int, due time.Time) {
	s.steps[step].attempt, s.steps[step].due = attempt, due
}

// past returns what has become of the steps so far. No step is executing.
func (s *schedule) past(now time.Time) *past {
	p := new(past)
	for i, step := range s.steps {
		switch {
		case step.failed:
			p.Failed = append(p.Failed, i)
		case step.ended && !step.lacks:
			p.Succeeded = append(p.Succeeded, i)
		case !step.ended && step.attempt > 1:
			next := nextAttempt{Step: i, Attempt: step.attempt}
			if !step.due.IsZero() {
				next.Wait = max(0, step.due.Sub(now))
			}
			p.Attempts = append(p.Attempts, next)
		}
	}
	return p
}

// resume brings a new schedule to where another one has been. Steps whose next attempt has to wait
// are running: again readies them.
func (s *schedule) resume(p *past) {
	for _, step := range p.Succeeded { // in an order in which they may be executed
		s.over(step, true)
	}
	for _, step := range p.Failed {
		s.steps[step].failed = true
		s.over(step, false)
	}
	waits := make(map[int]bool)
	for _, next := range p.Attempts {
		s.steps[next.Step].attempt = next.Attempt
		if next.Wait > 0 {
			waits[next.Step] = true
			s.running++
		}
	}
	s.ready = slices.DeleteFunc(s.ready, func(step int) bool { return s.steps[step].ended || waits[step] })
}

// end notes how a step that is running has ended, and readies the steps that waited for it.
// A step that lacks one of its needs will not begin. It ends with the last of its needs.
func (s *schedule) end(step int, succeeded bool) {
	s.running--
	s.steps[step].failed = !succeeded
	s.over(step, succeeded)
}

func (s *schedule) over(step int, succeeded bool) {
	s.steps[step].ended = true
	s.open--
	for _, next := range s.steps[step].needed {
		state := &s.steps[next]
		state.waits--
		state.lacks = state.lacks || !succeeded
		switch {
		case state.waits > 0:
		case state.lacks:
			s.over(next, false)
		default:
			s.ready = append(s.ready, next)
		}
	}
}

// failed returns the steps that have failed. Those that did not begin are not among them.
func (s *schedule) failed() []int {
	var failed []int
	for i := range s.steps {
		if s.steps[i].failed {
			failed = append(failed, i)
		}
	}
	return failed
}
