package temporal

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
	waits   int   // needs that have not ended
	lacks   bool  // one of its needs has not succeeded
	needed  []int // the steps that need it
	attempt int   // the next one to make
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
	s.steps[step].attempt = attempt
	s.ready = append([]int{step}, s.ready...)
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
