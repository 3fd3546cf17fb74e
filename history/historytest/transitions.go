package historytest

import (
	"errors"
	"fmt"

	"github.com/fxrun/fxrun/history"
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
	var log []history.Event
	for i, one := range allKinds("r1") {
		log = append(log, add(t, subject.Store, one)...)
		same(t, fmt.Sprintf("records after event %d", i+1), readRun(t, subject.Store, "r1"), sum(t, log))
	}
	// The end of a run settles the steps that have not finished.
	log = add(t, subject.Store, queued("r2", "a", "b"), event("r2", 1, history.RunStarting{}), event("r2", 2, history.RunStarted{}),
		event("r2", 3, history.StepStarted{Step: "a", Attempt: 1}))
	log = append(log, add(t, subject.Store, event("r2", 4, history.RunFinished{Status: history.StatusFailed}))...)
	got := readRun(t, subject.Store, "r2")
	same(t, "records after the end", got, sum(t, log))
	// What is known of a queued run, and of one that has left something behind.
	log = add(t, subject.Store, event("r3", 1, history.RunQueued{Steps: []string{"a"}, Takeable: true, NotBefore: at(9)}))
	waiting := readRun(t, subject.Store, "r3")
	same(t, "records of a run that waits", waiting, sum(t, log))
	same(t, "whether it can be taken, and when", waiting.Takeable && waiting.NotBefore.Equal(at(9)), true)
	left := history.RunFinished{Status: history.StatusFailed, Left: []history.LeftResource{{Resource: "db"}, {Resource: "client", Step: "a"}}}
	log = append(log, add(t, subject.Store, event("r3", 2, history.RunStarting{}), event("r3", 3, left), logged("r3", 4, "late"))...)
	lost := readRun(t, subject.Store, "r3")
	same(t, "records of a run that has left something", lost, sum(t, log))
	same(t, "what it has left", lost.Left, left.Left)
	for _, step := range got.Steps {
		if !step.Status.Finished() {
			t.Errorf("step %s of a finished run is %s", step.Key, step.Status)
		}
	}
}

func illegal(t tester, subject Subject) {
	add(t, subject.Store, queued("r1", "a", "b"))
	bad := func(events ...history.EventData) {
		t.Helper()
		for _, data := range events {
			refuse(t, subject.Store, history.ErrTransition, event("r1", 9, data))
		}
	}
	success := history.RunFinished{Status: history.StatusSucceeded}
	start := history.StepStarted{Step: "a", Attempt: 1}
	bad(history.RunQueued{}, history.RunStarted{}, success, start, history.StepSucceeded{Step: "a"})
	add(t, subject.Store, event("r1", 1, history.RunStarting{}))
	bad(history.RunQueued{}, history.RunStarting{}, success, start)
	add(t, subject.Store, event("r1", 2, history.RunStarted{}))
	bad(history.RunStarting{}, history.RunStarted{}, success,
		history.StepStarted{Step: "nobody", Attempt: 1}, history.StepStarted{Step: "a", Attempt: 2},
		history.StepFailed{Step: "a"}, history.AssetMaterialized{Asset: "a", Step: "a"})
	add(t, subject.Store, event("r1", 3, start))
	bad(start, success, history.StepSkipped{Step: "a"}, history.StepFailed{Step: "a", Attempt: 2})
	add(t, subject.Store, event("r1", 4, history.StepSucceeded{Step: "a"}))
	bad(start, history.StepSucceeded{Step: "a"}, history.StepCancelled{Step: "a"}, success)
	log := readLog(t, subject.Store, "r1")
	gapless(t, log)
	same(t, "records", readRun(t, subject.Store, "r1"), sum(t, log))
	same(t, "length of the log", len(log), 5)
}

func neverQueued(t tester, subject Subject) {
	for _, data := range []history.EventData{
		history.RunStarting{}, history.RunCancelRequested{}, history.LogWritten{Message: "x"}, history.UnknownEvent{Kind: "new"},
	} {
		_, err := subject.Store.Append(t.Context(), event("ghost", 1, data))
		if !errors.Is(err, history.ErrTransition) || !errors.Is(err, history.ErrNotFound) {
			t.Errorf("Append of %T to a run that was never queued returned the error %v, want one that matches ErrTransition and ErrNotFound", data, err)
		}
	}
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{})
}

func lateEvents(t tester, subject Subject) {
	for _, status := range []history.Status{history.StatusFailed, history.StatusCancelled} {
		id := string(status)
		log := add(t, subject.Store, queued(id), event(id, 1, history.RunFinished{Status: status}))
		for _, data := range []history.EventData{
			history.RunStarting{},
			history.RunFinished{Status: status},
			history.RunCancelRequested{},
			history.ResourceStopped{Resource: "db"},
			history.RunQueued{},
		} {
			refuse(t, subject.Store, history.ErrTransition, event(id, 2, data))
		}
		log = append(log, add(t, subject.Store, logged(id, 2, "late"))...)
		same(t, "logs", readLog(t, subject.Store, id), log)
		same(t, "statuses", readRun(t, subject.Store, id).Status, status)
	}
}
