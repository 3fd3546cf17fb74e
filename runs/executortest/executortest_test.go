package executortest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/internal/suitetest"
	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/executortest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func inProcess(maxParallel int) executortest.Subject {
	return executortest.Subject{
		Executor: runs.InProcess(runs.InProcessConfig{MaxParallel: maxParallel}), MaxParallel: maxParallel,
	}
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	for _, maxParallel := range []int{1, 3, 100} {
		t.Run(fmt.Sprintf("%d at once", maxParallel), func(t *testing.T) {
			t.Parallel()
			executortest.Run(t, func(*testing.T) executortest.Subject { return inProcess(maxParallel) })
		})
	}
}

func TestOneStepAfterTheOther(t *testing.T) {
	t.Parallel()
	executortest.Run(t, func(*testing.T) executortest.Subject {
		return executortest.Subject{MaxParallel: 1, Executor: executorFunc(func(ctx context.Context, execution *runs.Execution) error {
			return inOrder(ctx, execution, execution.Plan().Steps, nil)
		})}
	})
}

type executorFunc func(ctx context.Context, execution *runs.Execution) error

func (f executorFunc) Execute(ctx context.Context, execution *runs.Execution) error {
	return f(ctx, execution)
}

// faults are what inOrder does wrong.
type faults struct {
	stops          bool // at the first failure
	skipsAll       bool // after a failure
	ignoresNeeds   bool // that failed
	ignoresEnd     bool // of the context
	skipsCancelled bool // what it does not begin
	ignoresDrain   bool
	firstError     bool // returns no other
	errorText      bool // returns only the text
	noError        bool // returns none
	repeats        bool // the last step
	forgets        bool // the last step
}

// inOrder executes steps one after the other.
func inOrder(ctx context.Context, execution *runs.Execution, steps []*assets.Step, wrong *faults) error {
	if wrong == nil {
		wrong = new(faults)
	}
	var errs []error
	failed := make(map[string]bool)
	for i, step := range steps {
		if ctx.Err() != nil && !wrong.ignoresEnd {
			if wrong.skipsCancelled {
				execution.Skip(step, step.Needs)
			}
			continue
		}
		if closed(execution.Draining()) && !wrong.ignoresDrain {
			continue
		}
		last := i == len(steps)-1
		if last && wrong.forgets || len(errs) > 0 && wrong.stops {
			break
		}
		upstream := slices.DeleteFunc(slices.Clone(step.Needs), func(key string) bool { return !failed[key] })
		if len(upstream) > 0 && !wrong.ignoresNeeds || len(errs) > 0 && wrong.skipsAll {
			failed[step.Key] = true
			execution.Skip(step, upstream)
			continue
		}
		for range 1 + bit(last && wrong.repeats) {
			if err := execution.Step(ctx, step); err != nil {
				failed[step.Key] = true
				errs = append(errs, err)
			}
		}
	}
	switch {
	case len(errs) == 0 || wrong.noError:
		return nil
	case wrong.firstError:
		return errs[0]
	case wrong.errorText:
		return errors.New(errors.Join(errs...).Error())
	}
	return errors.Join(errs...)
}

func closed(channel <-chan struct{}) bool {
	select {
	case <-channel:
		return true
	default:
		return false
	}
}

// impatient cancels its steps when the run drains.
func impatient(ctx context.Context, execution *runs.Execution) error {
	own, cancel := context.WithCancel(ctx)
	defer cancel()
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-execution.Draining():
			cancel()
		case <-over:
		}
	}()
	return inOrder(own, execution, execution.Plan().Steps, nil)
}

func bit(set bool) int {
	if set {
		return 1
	}
	return 0
}

func broken(wrong faults) runs.Executor {
	return executorFunc(func(ctx context.Context, execution *runs.Execution) error {
		return inOrder(ctx, execution, execution.Plan().Steps, &wrong)
	})
}

// reversed executes the steps from last to first.
func reversed(ctx context.Context, execution *runs.Execution) error {
	steps := slices.Clone(execution.Plan().Steps)
	slices.Reverse(steps)
	return inOrder(ctx, execution, steps, nil)
}

// complaining returns an error though nothing failed.
func complaining(ctx context.Context, execution *runs.Execution) error {
	return errors.Join(inOrder(ctx, execution, execution.Plan().Steps, nil), errors.New("something is wrong"))
}

// hasty makes an executor that does not wait for steps under way when hurry says
// so.
func hasty(hurry func(ctx context.Context, err error) bool) executorFunc {
	return func(ctx context.Context, execution *runs.Execution) error {
		steps := execution.Plan().Steps
		errs := make(chan error, len(steps))
		executing := 0
		for _, step := range steps {
			if len(step.Needs) == 0 {
				executing++
				go func() { errs <- execution.Step(ctx, step) }()
			}
		}
		for range executing {
			select {
			case err := <-errs:
				if hurry(ctx, err) {
					return err
				}
			case <-ctx.Done():
				if hurry(ctx, nil) {
					return context.Cause(ctx)
				}
				<-errs
			}
		}
		return nil
	}
}

// brokenExecutors has executors for each clause that must be found out by it.
func brokenExecutors() map[string][]executortest.Subject {
	one := func(executors ...runs.Executor) []executortest.Subject {
		var subjects []executortest.Subject
		for _, executor := range executors {
			subjects = append(subjects, executortest.Subject{Executor: executor, MaxParallel: 1})
		}
		return subjects
	}
	unbounded := inProcess(100)
	unbounded.MaxParallel = 2
	all := map[string][]executortest.Subject{
		"a step is executed after everything that it needs":    one(executorFunc(reversed)),
		"every step is executed once":                          one(broken(faults{repeats: true}), broken(faults{forgets: true})),
		"no more steps than the bound are executed at once":    {unbounded},
		"a failure skips what is downstream of it":             one(broken(faults{ignoresNeeds: true}), broken(faults{stops: true})),
		"a failure skips nothing else":                         one(broken(faults{skipsAll: true}), broken(faults{stops: true})),
		"the errors of all steps that failed are returned":     one(broken(faults{firstError: true}), broken(faults{noError: true}), broken(faults{errorText: true})),
		"a panic is the failure of its step":                   one(broken(faults{errorText: true}), broken(faults{skipsAll: true}), broken(faults{stops: true})),
		"a run without failures returns no error":              one(executorFunc(complaining)),
		"after a cancellation no step begins or is skipped":    one(broken(faults{ignoresEnd: true}), broken(faults{skipsCancelled: true})),
		"after a drain no step begins, and a running one ends": one(broken(faults{ignoresDrain: true}), executorFunc(impatient)),
		"nothing is executing when it returns":                 one(hasty(func(context.Context, error) bool { return true })),
		"nothing is executing when it returns after a failure": one(hasty(func(_ context.Context, err error) bool {
			return err != nil
		})),
		"nothing is executing when it returns after a cancellation": one(hasty(func(ctx context.Context, _ error) bool {
			return ctx.Err() != nil
		})),
	}
	for _, more := range []map[string][]executortest.Subject{brokenElsewhere(), brokenClusters()} {
		for name, subjects := range more {
			all[name] = append(all[name], subjects...)
		}
	}
	return all
}

func TestBrokenExecutorsFailTheirClause(t *testing.T) {
	t.Parallel()
	clauses := make(map[string]executortest.Clause)
	for _, clause := range executortest.Clauses() {
		clauses[clause.Name] = clause
	}
	suitetest.EachClauseFails(t, slices.Collect(maps.Keys(clauses)), brokenExecutors(),
		func(t *testing.T, clause string, subject executortest.Subject) []string {
			return suitetest.Complaints(t.Context(), t.TempDir(), func(r *suitetest.Recorder) { clauses[clause].Check(r, subject) })
		})
}
