package executortest

import (
	"context"
	"errors"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/runs"
)

// leftByOwner has the owner of a run closed while a step is under way, and another launcher
// adopt the run.
func leftByOwner(t tester, subject Subject) {
	begun, release := make(chan struct{}), make(chan struct{})
	steps := []step{
		{key: "first", do: func(ctx context.Context) error {
			close(begun)
			select {
			case <-release:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}},
		{key: "second", needs: []string{"first"}},
	}
	if subject.capture != nil {
		execute(t, subject, "", steps...)
	}
	if !subject.Shared {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	values, config := t.TempDir(), subject.config()
	worker := newLauncher(t, config, values, steps)
	subject.Elsewhere(worker)
	config.Executor = subject.Executor
	owner, adopter := newLauncher(t, config, values, steps), newLauncher(t, config, values, steps)
	run, err := owner.Launch(ctx, runs.Request{Selection: "*"})
	if err != nil {
		t.Fatalf("launching a run: %v", err)
	}
	select {
	case <-begun:
	case <-ctx.Done():
		t.Errorf("no step begins")
	}
	if err := owner.Drain(ctx); err != nil {
		t.Errorf("closing the launcher of the run: %v", err)
	}
	if err := run.Wait(ctx); !errors.Is(err, runs.ErrLeft) {
		t.Errorf("the run was not left, but ended with %v", err)
	}
	adopting, stop := context.WithCancel(ctx)
	adopted := make(chan error, 1)
	go func() { adopted <- adopter.Adopt(adopting) }()
	close(release)
	record, err := awaitEnd(ctx, adopter.Store(), run.ID())
	if err != nil || record.Status != history.StatusSucceeded {
		t.Errorf("the run that was left has the status %q: %s, %v", record.Status, record.Error, err)
	}
	for _, step := range record.Steps {
		if step.Attempt != 1 {
			t.Errorf("%s was executed %d times", step.Key, step.Attempt)
		}
	}
	stop()
	for _, err := range []error{<-adopted, adopter.Close(ctx), worker.Close(ctx)} {
		if err != nil {
			t.Errorf("ending the launchers: %v", err)
		}
	}
}

// awaitEnd waits for the end of a run that another launcher executes.
func awaitEnd(ctx context.Context, store history.Store, id string) (history.Record, error) {
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		record, err := history.Find(ctx, store, id)
		if err != nil || record.Status.Finished() {
			return record, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return record, context.Cause(ctx)
		}
	}
}

// namesWorkers looks at what a worker records.
func namesWorkers(t tester, subject Subject) {
	got := execute(t, subject, "", step{key: "only", fn: func(*service) error { return nil }})
	if !subject.Shared {
		return
	}
	for _, event := range got.events {
		worker := "some worker"
		switch data := event.Data.(type) { //nolint:gochecksumtype // the others name no worker
		case history.StepStarted:
			worker = data.Worker
		case history.ResourceStarted:
			worker = data.Worker
		case history.ResourceStopped:
			worker = data.Worker
		}
		if worker == "" {
			t.Errorf("%s names no worker", event.Type())
		}
	}
}
