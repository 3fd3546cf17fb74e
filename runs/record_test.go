package runs_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/runs"
)

func at(n int) time.Time { return time.Date(2026, 1, 2, 3, 4, n, 0, time.UTC) }

// fold applies the data as events of run r1, one a second.
func fold(t *testing.T, data ...runs.EventData) runs.Record {
	t.Helper()
	var record runs.Record
	for i, one := range data {
		if err := record.Apply(runs.Event{RunID: "r1", Time: at(i), Data: one}); err != nil {
			t.Fatal(err)
		}
	}
	return record
}

func up(steps ...string) []runs.EventData {
	return []runs.EventData{runs.RunQueued{Job: "nightly", Steps: steps}, runs.RunStarting{Owner: "me"}, runs.RunStarted{}}
}

func TestRecordApply(t *testing.T) {
	t.Parallel()
	refused := runs.Failure{Message: "refused"}
	t.Run("sums up a run with a retry, a failure and a skipped step", func(t *testing.T) {
		t.Parallel()
		got := fold(t, append(up("orders", "revenue", "report"),
			runs.StepStarted{Step: "orders", Attempt: 1},
			runs.StepFailed{Step: "orders", Attempt: 1, Error: refused, Duration: 1, Retry: true},
			runs.StepStarted{Step: "orders", Attempt: 2},
			runs.StepSucceeded{Step: "orders", Duration: 2},
			runs.StepStarted{Step: "revenue", Attempt: 1},
			runs.StepFailed{Step: "revenue", Attempt: 1, Error: refused, Duration: 3},
			runs.StepSkipped{Step: "report", Because: "revenue failed", Upstream: []string{"revenue"}},
			runs.RunFinished{Status: runs.StatusFailed, Error: refused, Duration: 9},
		)...)
		want := runs.Record{
			ID: "r1", Seq: 11, Job: "nightly", Status: runs.StatusFailed, Owner: "me",
			Queued: at(0), Started: at(1), Finished: at(10), Duration: 9, Error: refused,
			Steps: []runs.StepRecord{
				{Key: "orders", Status: runs.StepStatusSucceeded, Attempt: 2, Started: at(5), Duration: 2},
				{Key: "revenue", Status: runs.StepStatusFailed, Attempt: 1, Started: at(7), Duration: 3, Error: refused},
				{Key: "report", Status: runs.StepStatusSkipped, Because: "revenue failed"},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("record differs (-want +got):\n%s", diff)
		}
	})
	t.Run("shows why the last attempt failed while the next is awaited", func(t *testing.T) {
		t.Parallel()
		got := fold(t, append(up("orders"), runs.StepStarted{Step: "orders", Attempt: 1},
			runs.StepFailed{Step: "orders", Attempt: 1, Error: refused, Duration: 1, Retry: true})...)
		want := runs.StepRecord{Key: "orders", Status: runs.StepStatusPending, Attempt: 1, Started: at(3), Duration: 1, Error: refused}
		if diff := cmp.Diff([]runs.StepRecord{want}, got.Steps); diff != "" {
			t.Errorf("steps differ (-want +got):\n%s", diff)
		}
	})
	t.Run("settles open steps with the run", func(t *testing.T) {
		t.Parallel()
		for status, pending := range map[runs.Status]runs.StepRecord{
			runs.StatusFailed:    {Key: "b", Status: runs.StepStatusSkipped, Because: "the run ended before the step could start"},
			runs.StatusCancelled: {Key: "b", Status: runs.StepStatusCancelled, Because: "the run was cancelled before the step could start"},
		} {
			got := fold(t, append(up("a", "b"), runs.StepStarted{Step: "a", Attempt: 1}, runs.RunFinished{Status: status})...)
			want := []runs.StepRecord{
				{
					Key: "a", Status: runs.StepStatusCancelled, Attempt: 1, Started: at(3), Duration: time.Second,
					Because: "the run ended while the step was running",
				},
				pending,
			}
			if diff := cmp.Diff(want, got.Steps); diff != "" {
				t.Errorf("steps of a run that has %s differ (-want +got):\n%s", status, diff)
			}
		}
	})
	t.Run("keeps the time of the first cancel request", func(t *testing.T) {
		t.Parallel()
		got := fold(t, runs.RunQueued{}, runs.RunCancelRequested{}, runs.RunCancelRequested{}, runs.RunFinished{Status: runs.StatusCancelled})
		if got.CancelRequested != at(1) {
			t.Errorf("the cancel request is of %s, want %s", got.CancelRequested, at(1))
		}
	})
	t.Run("shares nothing with the event", func(t *testing.T) {
		t.Parallel()
		queued := runs.RunQueued{Tags: map[string]string{"a": "b"}, Config: json.RawMessage(`{}`)}
		got := fold(t, queued)
		queued.Tags["a"], queued.Config[0] = "x", 'x'
		if got.Tags["a"] != "b" || string(got.Config) != "{}" {
			t.Errorf("the record has changed with the event: %+v", got)
		}
	})
}

func TestRecordApplyRefuses(t *testing.T) {
	t.Parallel()
	running := append(up("orders"), runs.StepStarted{Step: "orders", Attempt: 1})
	done := append(running, runs.StepSucceeded{Step: "orders"}, runs.RunFinished{Status: runs.StatusSucceeded})
	for name, c := range map[string]struct {
		after []runs.EventData
		event runs.Event
		match []error
		text  string
	}{
		"the start of a run that was never queued": {
			nil,
			runs.Event{RunID: "r1", Time: at(0), Data: runs.RunStarting{}},
			[]error{runs.ErrTransition, runs.ErrNotFound},
			"run_starting of run r1, which was never queued: illegal transition, no such run",
		},
		"news of a finished run": {
			done,
			runs.Event{RunID: "r1", Time: at(0), Data: runs.RunCancelRequested{}},
			[]error{runs.ErrTransition},
			"run_cancel_requested of run r1, which has succeeded: illegal transition",
		},
		"starting twice": {
			running,
			runs.Event{RunID: "r1", Time: at(0), Data: runs.RunStarting{}},
			[]error{runs.ErrTransition},
			"run_starting of run r1, which is running: illegal transition",
		},
		"success with a step under way": {
			running,
			runs.Event{RunID: "r1", Time: at(0), Data: runs.RunFinished{Status: runs.StatusSucceeded}},
			[]error{runs.ErrTransition},
			"success of run r1, whose step orders is running: illegal transition",
		},
		"a step that is not in the run": {
			running,
			runs.Event{RunID: "r1", Time: at(0), Data: runs.StepStarted{Step: "order", Attempt: 1}},
			[]error{runs.ErrTransition},
			`step_started of step "order", which run r1 does not have: illegal transition`,
		},
		"an attempt out of order": {
			running,
			runs.Event{RunID: "r1", Time: at(0), Data: runs.StepFailed{Step: "orders", Attempt: 3}},
			[]error{runs.ErrTransition},
			"failure of attempt 3 at step orders of run r1, in attempt 1: illegal transition",
		},
		"a gap": {
			running,
			runs.Event{RunID: "r1", Seq: 7, Time: at(0), Data: runs.StepSucceeded{Step: "orders"}},
			[]error{runs.ErrConflict},
			"event 7 of run r1 (step_succeeded), after event 4: the run's log goes on differently",
		},
		"another run's event": {
			running,
			runs.Event{RunID: "r2", Time: at(0), Data: runs.StepSucceeded{Step: "orders"}},
			[]error{runs.ErrInvalid},
			"invalid event: step_succeeded of run r2 in the log of run r1",
		},
		"data by pointer": {
			running,
			runs.Event{RunID: "r1", Time: at(0), Data: &runs.StepSucceeded{Step: "orders"}},
			[]error{runs.ErrInvalid},
			"invalid event: its data is a *runs.StepSucceeded, want one of this package's structs as a value",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			record := fold(t, c.after...)
			before := record.Clone()
			err := record.Apply(c.event)
			for _, match := range c.match {
				if !errors.Is(err, match) {
					t.Errorf("the error %v does not match %v", err, match)
				}
			}
			if err != nil && err.Error() != c.text {
				t.Errorf("the error is\n%s, want\n%s", err, c.text)
			}
			if diff := cmp.Diff(before, record); diff != "" {
				t.Errorf("the refused event left a trace (-before +after):\n%s", diff)
			}
		})
	}
}
