package runs

import (
	"context"
	"errors"
	"runtime"

	"github.com/fxrun/fxrun/assets"
)

// InProcessConfig says how [InProcess] executes steps.
type InProcessConfig struct {
	// MaxParallel is how many steps are executed at once. Defaults to four for
	// each processor: steps mostly wait for others.
	MaxParallel int
}

// InProcess executes each step in a goroutine of this process, as parallel as
// the graph and the config allow. A step that fails does not keep others from
// being executed, unless they need it.
func InProcess(config InProcessConfig) Executor {
	if config.MaxParallel < 1 {
		config.MaxParallel = 4 * runtime.GOMAXPROCS(0)
	}
	return inProcess{config}
}

type inProcess struct{ config InProcessConfig }

// schedule is the state of one execution; only Execute's own goroutine touches
// it.
type schedule struct {
	waiting map[string]int            // needs that have not ended, by step
	needed  map[string][]*assets.Step // the steps that need a step
	ready   []*assets.Step            // in the plan's order
	ended   map[string]bool           // whether a step that ended succeeded
	errs    []error
}

func newSchedule(plan *assets.Plan) *schedule {
	s := &schedule{waiting: make(map[string]int), needed: make(map[string][]*assets.Step), ended: make(map[string]bool)}
	for _, step := range plan.Steps {
		s.waiting[step.Key] = len(step.Needs)
		for _, need := range step.Needs {
			s.needed[need] = append(s.needed[need], step)
		}
		if len(step.Needs) == 0 {
			s.ready = append(s.ready, step)
		}
	}
	return s
}

// end notes how a step ended, and readies the steps that waited for it.
func (s *schedule) end(step *assets.Step, succeeded bool) {
	s.ended[step.Key] = succeeded
	for _, next := range s.needed[step.Key] {
		if s.waiting[next.Key]--; s.waiting[next.Key] == 0 {
			s.ready = append(s.ready, next)
		}
	}
}

// result is how a step ended.
type result struct {
	step *assets.Step
	err  error
}

func (x inProcess) Execute(ctx context.Context, execution *Execution) error {
	s := newSchedule(execution.Plan())
	results := make(chan result)
	executing := 0
	for {
		for len(s.ready) > 0 && executing < x.config.MaxParallel && ctx.Err() == nil {
			step := s.ready[0]
			s.ready = s.ready[1:]
			if upstream := upstreamOf(step, s.ended); len(upstream) > 0 {
				execution.Skip(step, upstream)
				s.end(step, false)
				continue
			}
			executing++
			go func() { results <- result{step, execution.Step(ctx, step)} }()
		}
		if executing == 0 {
			return errors.Join(s.errs...)
		}
		ended := <-results
		executing--
		if ended.err != nil {
			s.errs = append(s.errs, ended.err)
		}
		s.end(ended.step, ended.err == nil)
	}
}
