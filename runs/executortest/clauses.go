package executortest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fxrun/fxrun/history"

	"github.com/fxrun/fxrun/container"
)

var (
	errFirst  = errors.New("the first failure")
	errSecond = errors.New("the second failure")
)

const (
	// aWhile is how long a slow step takes.
	aWhile = 20 * time.Millisecond
	// long is how long a step takes for which an executor might not wait: it has
	// then returned long before, also on a busy machine.
	long = 300 * time.Millisecond
)

func slow(context.Context) error { time.Sleep(aWhile); return nil }

func lasting(context.Context) error { time.Sleep(long); return nil }

// sleeping is lasting for a step that obeys its context.
func sleeping(ctx context.Context) error {
	select {
	case <-time.After(long):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func failing(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

// layers are steps in three layers, each of which needs all of the layer above.
func layers() []step {
	var steps []step
	var above []string
	for layer := range 3 {
		var keys []string
		for i := range 5 {
			key := fmt.Sprintf("layer%d/step%d", layer, i)
			keys = append(keys, key)
			do := func(context.Context) error { time.Sleep(time.Duration(5-i) * time.Millisecond); return nil }
			steps = append(steps, step{key: key, needs: above, do: do})
		}
		above = keys
	}
	return steps
}

func order(t tester, subject Subject) {
	steps := layers()
	needs := make(map[string][]string)
	for _, s := range steps {
		needs[s.key] = s.needs
	}
	succeeded := make(map[string]bool)
	for _, event := range execute(t, subject, "", steps...).events {
		switch data := event.Data.(type) { //nolint:gochecksumtype // the others say nothing of the order
		case history.StepStarted:
			for _, need := range needs[data.Step] {
				if !succeeded[need] {
					t.Errorf("%s started before %s, which it needs, had succeeded", data.Step, need)
				}
			}
		case history.StepSucceeded:
			succeeded[data.Step] = true
		}
	}
}

func once(t tester, subject Subject) {
	steps := layers()
	calls := make([]atomic.Int32, len(steps))
	for i := range steps {
		do := steps[i].do
		steps[i].do = func(ctx context.Context) error { calls[i].Add(1); return do(ctx) }
	}
	got := execute(t, subject, "", steps...)
	for i, s := range steps {
		if count := calls[i].Load(); subject.InProcesses == nil && count != 1 {
			t.Errorf("the function of %s was called %d times, want once", s.key, count)
		}
		if started, skipped := got.started()[s.key], got.skipped()[s.key]; started != 1 || skipped != 0 {
			t.Errorf("%s started %d times and was skipped %d times, want once and never", s.key, started, skipped)
		}
	}
	if got.run != nil { // the history takes no second start
		t.Errorf("the run failed: %v", got.run)
	}
}

func bound(t tester, subject Subject) {
	var steps []step
	for i := range 2*subject.MaxParallel + 2 {
		steps = append(steps, step{key: fmt.Sprintf("step%d", i), do: slow})
	}
	under := make(map[string]bool)
	for _, event := range execute(t, subject, "", steps...).events {
		if started, ok := event.Data.(history.StepStarted); ok {
			under[started.Step] = true
		}
		delete(under, endOf(event))
		if len(under) > subject.MaxParallel {
			t.Errorf("%d steps are executing at once, want at most %d", len(under), subject.MaxParallel)
			return
		}
	}
}

// forked has a step that fails, two that need it, one of which needs another
// too, and three that don't.
func forked() []step {
	return []step{
		{key: "fails", do: failing(errFirst)},
		{key: "below", needs: []string{"fails"}},
		{key: "further", needs: []string{"below", "beside"}},
		{key: "beside", do: slow},
		{key: "beside/below", needs: []string{"beside"}},
		{key: "alone"},
	}
}

func downstream(t tester, subject Subject) {
	got := execute(t, subject, "", forked()...)
	for _, key := range []string{"below", "further"} {
		if started, skipped := got.started()[key], got.skipped()[key]; started != 0 || skipped != 1 {
			t.Errorf("%s started %d times and was skipped %d times, want never and once", key, started, skipped)
		}
	}
}

func nothingElse(t tester, subject Subject) {
	got := execute(t, subject, "", forked()...)
	for _, key := range []string{"fails", "beside", "beside/below", "alone"} {
		if started, skipped := got.started()[key], got.skipped()[key]; started != 1 || skipped != 0 {
			t.Errorf("%s started %d times and was skipped %d times, want once and never", key, started, skipped)
		}
	}
}

func allErrors(t tester, subject Subject) {
	got := execute(t, subject, "", step{key: "one", do: failing(errFirst)}, step{key: "two", do: slow},
		step{key: "three", needs: []string{"two"}, do: failing(errSecond)})
	for _, want := range []error{errFirst, errSecond} {
		if !subject.returns(got.executed, want) {
			t.Errorf("the error is %v, and lacks %q", got.executed, want)
		}
	}
}

func panics(t tester, subject Subject) {
	got := execute(t, subject, "", step{key: "above", do: func(context.Context) error { panic("no way") }},
		step{key: "below", needs: []string{"above"}}, step{key: "beside", do: slow})
	if !subject.apart() {
		if _, ok := errors.AsType[*container.PanicError](got.executed); !ok {
			t.Errorf("the error is %v, want a *container.PanicError", got.executed)
		}
	} else if failed := got.failure("above"); got.executed == nil || failed.Stack == "" {
		t.Errorf("the error is %v, and the history has %+v, without the stack of the panic", got.executed, failed)
	}
	if started, skipped := got.started(), got.skipped(); started["above"] != 1 || started["beside"] != 1 || skipped["below"] != 1 {
		t.Errorf("steps started: %v, skipped: %v", started, skipped)
	}
}

func noError(t tester, subject Subject) {
	if got := execute(t, subject, "", layers()...); got.executed != nil {
		t.Errorf("the error is %v, want none", got.executed)
	}
}

// untilCancelled are a step during which the run is cancelled, which then takes
// some more time and succeeds nevertheless, and others that wait for it.
func untilCancelled(more time.Duration) []step {
	return []step{
		{key: "during", do: func(ctx context.Context) error { <-ctx.Done(); time.Sleep(more); return nil }},
		{key: "after", needs: []string{"during"}},
		{key: "last", needs: []string{"after"}},
	}
}

func cancellation(t tester, subject Subject) {
	got := execute(t, subject, "during", untilCancelled(aWhile)...)
	for _, key := range []string{"after", "last"} {
		if started, skipped := got.started()[key], got.skipped()[key]; started+skipped != 0 {
			t.Errorf("%s started %d times and was skipped %d times, want neither", key, started, skipped)
		}
	}
}

// drained has a step that takes a while, during which the run is told to drain.
func drained(t tester, subject Subject) {
	got := drain(t, subject, "during", step{key: "during", do: sleeping},
		step{key: "after", needs: []string{"during"}}, step{key: "last", needs: []string{"after"}})
	for _, key := range []string{"after", "last"} {
		if started, skipped := got.started()[key], got.skipped()[key]; started+skipped != 0 {
			t.Errorf("%s started %d times and was skipped %d times, want neither", key, started, skipped)
		}
	}
	for _, event := range got.events {
		if succeeded, ok := event.Data.(history.StepSucceeded); ok && succeeded.Step == "during" {
			return
		}
	}
	t.Errorf("the step during did not succeed: %v", got.run)
}

func nothingLeft(t tester, subject Subject) {
	ended(t, execute(t, subject, "", step{key: "one", do: slow}, step{key: "two", do: lasting}), "one", "two")
}

func nothingLeftAfterFailure(t tester, subject Subject) {
	got := execute(t, subject, "", step{key: "fails", do: failing(errFirst)}, step{key: "lasting", do: lasting})
	ended(t, got, "fails", "lasting")
}

func nothingLeftAfterCancellation(t tester, subject Subject) {
	ended(t, execute(t, subject, "during", untilCancelled(long)...), "during")
}

// ended complains of steps that were executing when Execute returned, and of
// those that it should have begun before.
func ended(t tester, got outcome, begun ...string) {
	t.Helper()
	for _, key := range begun {
		if got.started()[key] == 0 {
			t.Errorf("%s was not executed when Execute returned", key)
		}
	}
	for key := range executing(got.returned) {
		t.Errorf("%s was executing when Execute returned", key)
	}
	began := make(map[string]bool)
	for _, event := range got.returned {
		if started, ok := event.Data.(history.StepStarted); ok {
			began[started.Step] = true
		}
	}
	for key := range got.started() {
		if !began[key] {
			t.Errorf("%s started after Execute had returned", key)
		}
	}
}
