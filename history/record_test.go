package history_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

func at(n int) time.Time { return time.Date(2026, 1, 2, 3, 4, n, 0, time.UTC) }

// fold applies the data as events of run r1, one a second.
func fold(t *testing.T, data ...history.EventData) history.Record {
	t.Helper()
	var record history.Record
	for i, one := range data {
		if err := record.Apply(history.Event{RunID: "r1", Time: at(i), Data: one}); err != nil {
			t.Fatal(err)
		}
	}
	return record
}

func up(steps ...string) []history.EventData {
	return []history.EventData{history.RunQueued{Job: "nightly", Steps: steps}, history.RunStarting{Owner: "me"}, history.RunStarted{}}
}

func TestRecordApply(t *testing.T) {
	t.Parallel()
	refused := history.Failure{Message: "refused"}
	t.Run("sums up a run with a retry, a failure and a skipped step", func(t *testing.T) {
		t.Parallel()
		got := fold(t, append(up("orders", "revenue", "report"),
			history.StepStarted{Step: "orders", Attempt: 1},
			history.StepFailed{Step: "orders", Attempt: 1, Error: refused, Duration: 1, Retry: true},
			history.StepStarted{Step: "orders", Attempt: 2},
			history.StepSucceeded{Step: "orders", Duration: 2},
			history.StepStarted{Step: "revenue", Attempt: 1},
			history.StepFailed{Step: "revenue", Attempt: 1, Error: refused, Duration: 3},
			history.StepSkipped{Step: "report", Because: "revenue failed", Upstream: []string{"revenue"}},
			history.RunFinished{Status: history.StatusFailed, Error: refused, Duration: 9},
		)...)
		want := history.Record{
			ID: "r1", Seq: 11, Job: "nightly", Status: history.StatusFailed, Owner: "me",
			Queued: at(0), Started: at(1), Finished: at(10), Duration: 9, Error: refused,
			Steps: []history.StepRecord{
				{Key: "orders", Status: history.StepStatusSucceeded, Attempt: 2, Started: at(5), Duration: 2},
				{Key: "revenue", Status: history.StepStatusFailed, Attempt: 1, Started: at(7), Duration: 3, Error: refused},
				{Key: "report", Status: history.StepStatusSkipped, Because: "revenue failed"},
			},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("record differs (-want +got):\n%s", diff)
		}
	})
	t.Run("shows why the last attempt failed while the next is awaited", func(t *testing.T) {
		t.Parallel()
		got := fold(t, append(up("orders"), history.StepStarted{Step: "orders", Attempt: 1},
			history.StepFailed{Step: "orders", Attempt: 1, Error: refused, Duration: 1, Retry: true})...)
		want := history.StepRecord{Key: "orders", Status: history.StepStatusPending, Attempt: 1, Started: at(3), Duration: 1, Error: refused}
		if diff := cmp.Diff([]history.StepRecord{want}, got.Steps); diff != "" {
			t.Errorf("steps differ (-want +got):\n%s", diff)
		}
	})
	t.Run("settles open steps with the run", func(t *testing.T) {
		t.Parallel()
		for status, pending := range map[history.Status]history.StepRecord{
			history.StatusFailed:    {Key: "b", Status: history.StepStatusSkipped, Because: "the run ended before the step could start"},
			history.StatusCancelled: {Key: "b", Status: history.StepStatusCancelled, Because: "the run was cancelled before the step could start"},
		} {
			got := fold(t, append(up("a", "b"), history.StepStarted{Step: "a", Attempt: 1}, history.RunFinished{Status: status})...)
			want := []history.StepRecord{
				{
					Key: "a", Status: history.StepStatusCancelled, Attempt: 1, Started: at(3), Duration: time.Second,
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
		got := fold(t, history.RunQueued{}, history.RunCancelRequested{}, history.RunCancelRequested{}, history.RunFinished{Status: history.StatusCancelled})
		if got.CancelRequested != at(1) {
			t.Errorf("the cancel request is of %s, want %s", got.CancelRequested, at(1))
		}
	})
	t.Run("shares nothing with the event", func(t *testing.T) {
		t.Parallel()
		queued := history.RunQueued{Tags: map[string]string{"a": "b"}, Config: json.RawMessage(`{}`)}
		got := fold(t, queued)
		queued.Tags["a"], queued.Config[0] = "x", 'x'
		if got.Tags["a"] != "b" || string(got.Config) != "{}" {
			t.Errorf("the record has changed with the event: %+v", got)
		}
	})
}

func TestRecordApplyRefuses(t *testing.T) {
	t.Parallel()
	running := append(up("orders"), history.StepStarted{Step: "orders", Attempt: 1})
	done := append(running, history.StepSucceeded{Step: "orders"}, history.RunFinished{Status: history.StatusSucceeded})
	for name, c := range map[string]struct {
		after []history.EventData
		event history.Event
		match []error
		text  string
	}{
		"the start of a run that was never queued": {
			nil,
			history.Event{RunID: "r1", Time: at(0), Data: history.RunStarting{}},
			[]error{history.ErrTransition, history.ErrNotFound},
			"run_starting of run r1, which was never queued: illegal transition, no such run",
		},
		"news of a finished run": {
			done,
			history.Event{RunID: "r1", Time: at(0), Data: history.RunCancelRequested{}},
			[]error{history.ErrTransition},
			"run_cancel_requested of run r1, which has succeeded: illegal transition",
		},
		"starting twice": {
			running,
			history.Event{RunID: "r1", Time: at(0), Data: history.RunStarting{}},
			[]error{history.ErrTransition},
			"run_starting of run r1, which is running: illegal transition",
		},
		"success with a step under way": {
			running,
			history.Event{RunID: "r1", Time: at(0), Data: history.RunFinished{Status: history.StatusSucceeded}},
			[]error{history.ErrTransition},
			"success of run r1, whose step orders is running: illegal transition",
		},
		"a step that is not in the run": {
			running,
			history.Event{RunID: "r1", Time: at(0), Data: history.StepStarted{Step: "order", Attempt: 1}},
			[]error{history.ErrTransition},
			`step_started of step "order", which run r1 does not have: illegal transition`,
		},
		"an attempt out of order": {
			running,
			history.Event{RunID: "r1", Time: at(0), Data: history.StepFailed{Step: "orders", Attempt: 3}},
			[]error{history.ErrTransition},
			"failure of attempt 3 at step orders of run r1, in attempt 1: illegal transition",
		},
		"a gap": {
			running,
			history.Event{RunID: "r1", Seq: 7, Time: at(0), Data: history.StepSucceeded{Step: "orders"}},
			[]error{history.ErrConflict},
			"event 7 of run r1 (step_succeeded), after event 4: the event does not continue the log of its run",
		},
		"another run's event": {
			running,
			history.Event{RunID: "r2", Time: at(0), Data: history.StepSucceeded{Step: "orders"}},
			[]error{history.ErrInvalid},
			"invalid event: step_succeeded of run r2 does not belong in the log of run r1",
		},
		"data by pointer": {
			running,
			history.Event{RunID: "r1", Time: at(0), Data: &history.StepSucceeded{Step: "orders"}},
			[]error{history.ErrInvalid},
			"invalid event: its data is a *history.StepSucceeded, want one of this package's structs as a value",
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
