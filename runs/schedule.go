package runs

import (
	"context"
	"errors"
	"slices"

	"github.com/fxrun/fxrun/internal/panics"

	"github.com/fxrun/fxrun/assets"
)

// Schedule does the work that all executors have in common. It calls execute with
// each step of the plan after everything that the step needs has succeeded. It skips
// a step if a step upstream of it did not succeed. At most maxParallel calls of
// execute run at the same time, each in its own goroutine. A value below 1 counts as
// 1.
//
// execute executes one step in any place. In this process it is [Execution.Step].
// For another process it sends the result of [Execution.Request], and gives the
// events that come back to [Execution.Record]. Its error is the error of the step. A
// panic in execute also becomes the error of the step, as a *container.PanicError,
// and so does the end of its goroutine. After ctx has ended, or after the run was told to
// drain (see [Run.Drain]), no more steps begin.
//
// If the end of a step is not recorded when execute returns, the step is recorded as
// failed. This happens if the process of the step was killed or was never started. A
// step that is recorded as succeeded has succeeded, even if execute returns an
// error: this is then an error of the run, and the steps that need the step are
// executed.
//
// A step in pools waits for its places before execute is called: see assets.Pool. Such a
// step does not count as one of maxParallel while it waits. It keeps its places until
// execute has returned.
//
// Schedule returns after all calls of execute have returned. Its error joins the
// errors of all failed steps.
func (e *Execution) Schedule(ctx context.Context, maxParallel int, execute func(ctx context.Context, step *assets.Step) error) error {
	s := newSchedule(e.Plan())
	results, entered := make(chan result), make(chan result)
	executing, entering := 0, 0
	for {
		for len(s.ready) > 0 && executing < max(maxParallel, 1) && ctx.Err() == nil && e.drained.cause() == nil {
			step := s.ready[0]
			s.ready = s.ready[1:]
			if upstream := upstreamOf(step, s.succeeded); len(upstream) > 0 {
				e.Skip(step, upstream)
				s.end(step, false)
				continue
			}
			if e.needsPools(step) {
				entering++
				go func() { entered <- result{step, e.hold(ctx, step)} }()
				continue
			}
			executing++
			go panics.Call(
				func() error { return execute(ctx, step) },
				func(err error) { results <- result{step, err} })
		}
		if executing+entering == 0 {
			e.leavePools(s.ready) // of steps that will not begin any more
			return errors.Join(s.errs...)
		}
		var ended result
		select {
		case in := <-entered:
			entering--
			switch {
			case ctx.Err() != nil: // it has waited until the run ended
				e.leavePools([]*assets.Step{in.step})
				continue
			case in.err == nil:
				s.ready = slices.Insert(s.ready, 0, in.step) // first, since it holds places
				continue
			}
			ended = in
		case ended = <-results:
			executing--
			e.leavePools([]*assets.Step{ended.step})
		}
		succeeded, err := e.settle(ctx, ended.step, ended.err)
		if err != nil {
			s.errs = append(s.errs, err)
		}
		s.end(ended.step, succeeded)
	}
}

// schedule is the state of one execution; only the goroutine that called
// Schedule touches it.
type schedule struct {
	waiting   map[string]int            // needs that have not ended, by step
	needed    map[string][]*assets.Step // the steps that need a step
	ready     []*assets.Step            // in the plan's order
	succeeded map[string]bool
	errs      []error
}

func newSchedule(plan *assets.Plan) *schedule {
	s := &schedule{waiting: make(map[string]int), needed: make(map[string][]*assets.Step), succeeded: make(map[string]bool)}
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
	s.succeeded[step.Key] = succeeded
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

// upstreamOf returns those of a step's needs that did not succeed.
func upstreamOf(step *assets.Step, succeeded map[string]bool) []string {
	return slices.DeleteFunc(slices.Clone(step.Needs), func(key string) bool { return succeeded[key] })
}
