package runstest

import (
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/runs"
)

func transitionClauses() []clause {
	return []clause{
		{name: "a record is the sum of its events at every moment", check: recordIsSum},
		{name: "what the status does not allow is refused", check: illegal},
		{name: "a run that was never queued takes no events", check: neverQueued},
		{name: "a finished run takes nothing but log lines", check: lateEvents},
	}
}

func recordIsSum(t tester, subject Subject) {
	var log []runs.Event
	for i, one := range allKinds("r1") {
		log = append(log, add(t, subject.Store, one)...)
		same(t, fmt.Sprintf("records after event %d", i+1), readRun(t, subject.Store, "r1"), sum(t, log))
	}
	// The end of a run settles the steps that have not finished.
	log = add(t, subject.Store, queued("r2", "a", "b"), event("r2", 1, runs.RunStarting{}), event("r2", 2, runs.RunStarted{}),
		event("r2", 3, runs.StepStarted{Step: "a", Attempt: 1}))
	log = append(log, add(t, subject.Store, event("r2", 4, runs.RunFinished{Status: runs.StatusFailed}))...)
	got := readRun(t, subject.Store, "r2")
	same(t, "records after the end", got, sum(t, log))
	for _, step := range got.Steps {
		if !step.Status.Finished() {
			t.Errorf("step %s of a finished run is %s", step.Key, step.Status)
		}
	}
}

func illegal(t tester, subject Subject) {
	add(t, subject.Store, queued("r1", "a", "b"))
	bad := func(events ...runs.EventData) {
		t.Helper()
		for _, data := range events {
			refuse(t, subject.Store, runs.ErrTransition, event("r1", 9, data))
		}
	}
	success := runs.RunFinished{Status: runs.StatusSucceeded}
	start := runs.StepStarted{Step: "a", Attempt: 1}
	bad(runs.RunQueued{}, runs.RunStarted{}, success, start, runs.StepSucceeded{Step: "a"})
	add(t, subject.Store, event("r1", 1, runs.RunStarting{}))
	bad(runs.RunQueued{}, runs.RunStarting{}, success, start)
	add(t, subject.Store, event("r1", 2, runs.RunStarted{}))
	bad(runs.RunStarting{}, runs.RunStarted{}, success,
		runs.StepStarted{Step: "nobody", Attempt: 1}, runs.StepStarted{Step: "a", Attempt: 2},
		runs.StepFailed{Step: "a"}, runs.AssetMaterialized{Asset: "a", Step: "a"})
	add(t, subject.Store, event("r1", 3, start))
	bad(start, success, runs.StepSkipped{Step: "a"}, runs.StepFailed{Step: "a", Attempt: 2})
	add(t, subject.Store, event("r1", 4, runs.StepSucceeded{Step: "a"}))
	bad(start, runs.StepSucceeded{Step: "a"}, runs.StepCancelled{Step: "a"}, success)
	log := readLog(t, subject.Store, "r1")
	gapless(t, log)
	same(t, "records", readRun(t, subject.Store, "r1"), sum(t, log))
	same(t, "length of the log", len(log), 5)
}

func neverQueued(t tester, subject Subject) {
	for _, data := range []runs.EventData{
		runs.RunStarting{}, runs.RunCancelRequested{}, runs.LogWritten{Message: "x"}, runs.UnknownEvent{Kind: "new"},
	} {
		_, err := subject.Store.Append(t.Context(), event("ghost", 1, data))
		if !errors.Is(err, runs.ErrTransition) || !errors.Is(err, runs.ErrNotFound) {
			t.Errorf("Append of %T to a run that was never queued returned the error %v, want one that matches ErrTransition and ErrNotFound", data, err)
		}
	}
	same(t, "runs", ids(readRuns(t, subject.Store, runs.RunQuery{})), []string{})
}

func lateEvents(t tester, subject Subject) {
	for _, status := range []runs.Status{runs.StatusFailed, runs.StatusCancelled} {
		id := string(status)
		log := add(t, subject.Store, queued(id), event(id, 1, runs.RunFinished{Status: status}))
		for _, data := range []runs.EventData{
			runs.RunStarting{},
			runs.RunFinished{Status: status},
			runs.RunCancelRequested{},
			runs.ResourceStopped{Resource: "db"},
			runs.RunQueued{},
		} {
			refuse(t, subject.Store, runs.ErrTransition, event(id, 2, data))
		}
		log = append(log, add(t, subject.Store, logged(id, 2, "late"))...)
		same(t, "logs", readLog(t, subject.Store, id), log)
		same(t, "statuses", readRun(t, subject.Store, id).Status, status)
	}
}
