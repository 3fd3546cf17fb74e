package historytest

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/history"
)

// at is a moment that is n seconds after the first.
func at(n int) time.Time {
	return time.Date(2026, 1, 2, 3, 4, 5, 678000, time.UTC).Add(time.Duration(n) * time.Second)
}

// event is something that happened in a run n seconds after its beginning.
func event(run string, n int, data history.EventData) history.Event {
	return history.Event{RunID: run, Time: at(n), Data: data}
}

// queued is a run's first event.
func queued(run string, steps ...string) history.Event {
	return event(run, 0, history.RunQueued{Job: "nightly", Steps: steps})
}

// running are the events of a run up to the start of its only step.
func running(run, step string) []history.Event {
	return []history.Event{
		queued(run, step),
		event(run, 1, history.RunStarting{Owner: "worker-1"}),
		event(run, 2, history.RunStarted{}),
		event(run, 3, history.StepStarted{Step: step, Attempt: 1}),
	}
}

// finished are the events of a run that succeeds.
func finished(run, step string) []history.Event {
	return append(running(run, step),
		event(run, 4, history.StepSucceeded{Step: step, Duration: time.Second}),
		event(run, 5, history.RunFinished{Status: history.StatusSucceeded, Duration: 4 * time.Second}))
}

func logged(run string, n int, message string) history.Event {
	return event(run, n, history.LogWritten{Message: message})
}

func add(t tester, store history.Store, events ...history.Event) []history.Event {
	t.Helper()
	stored, err := store.Append(t.Context(), events...)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	if len(stored) != len(events) {
		t.Fatalf("Append of %d events returned %d", len(events), len(stored))
	}
	return stored
}

// refuse appends events that the store must not take.
func refuse(t tester, store history.Store, want error, events ...history.Event) {
	t.Helper()
	stored, err := store.Append(t.Context(), events...)
	if !errors.Is(err, want) {
		t.Errorf("Append of %s returned the error %v, want one that matches %v", describe(events), err, want)
	}
	if len(stored) != 0 {
		t.Errorf("Append of %s returned events beside its error", describe(events))
	}
}

func describe(events []history.Event) string {
	if len(events) == 0 {
		return "nothing"
	}
	last := events[len(events)-1]
	return fmt.Sprintf("%d events up to %s of run %q", len(events), last.Type(), last.RunID)
}

func readLog(t tester, store history.Store, run string) []history.Event {
	t.Helper()
	return readEvents(t, store, history.EventQuery{RunID: run})
}

func readEvents(t tester, store history.Store, query history.EventQuery) []history.Event {
	t.Helper()
	events, err := store.Events(t.Context(), query)
	if err != nil {
		t.Fatalf("Events(%+v): %v", query, err)
	}
	return events
}

func readRuns(t tester, store history.Store, query history.RunQuery) []history.Record {
	t.Helper()
	records, err := store.Runs(t.Context(), query)
	if err != nil {
		t.Fatalf("Runs(%+v): %v", query, err)
	}
	return records
}

func readRun(t tester, store history.Store, id string) history.Record {
	t.Helper()
	record, err := history.Find(t.Context(), store, id)
	if err != nil {
		t.Fatalf("%v", err)
	}
	return record
}

// sum is the record of a log.
func sum(t tester, log []history.Event) history.Record {
	t.Helper()
	var record history.Record
	for _, event := range log {
		if err := record.Apply(event); err != nil {
			t.Fatalf("the stored log does not apply: %v", err)
		}
	}
	return record
}

func same(t tester, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s differ (-want +got):\n%s", what, diff)
	}
}

// gapless checks that a log is numbered from 1.
func gapless(t tester, log []history.Event) {
	t.Helper()
	for i, event := range log {
		if event.Seq != int64(i+1) {
			t.Fatalf("event %d of the log has the sequence number %d", i+1, event.Seq)
		}
	}
}

func ids(records []history.Record) []string {
	found := []string{}
	for _, record := range records {
		found = append(found, record.ID)
	}
	return found
}

func places(events []history.Event) []history.Place {
	found := []history.Place{}
	for _, event := range events {
		found = append(found, event.Place())
	}
	return found
}
