package historytest

import "github.com/fxrun/fxrun/history"

func reopenClauses() []clause {
	return []clause{{name: "a reopened store has everything and goes on", check: reopened, reopens: true}}
}

func reopened(t tester, subject Subject) {
	add(t, subject.Store, allKinds("r1")...)
	add(t, subject.Store, running("r2", "orders")...)
	wantRuns := readRuns(t, subject.Store, history.RunQuery{})
	wantEvents := readEvents(t, subject.Store, history.EventQuery{})
	store := subject.Reopen()
	same(t, "records", readRuns(t, store, history.RunQuery{}), wantRuns)
	same(t, "events", readEvents(t, store, history.EventQuery{}), wantEvents)
	next := add(t, store, event("r2", 4, history.StepSucceeded{Step: "orders"}))
	same(t, "places", places(next), []history.Place{{RunID: "r2", Seq: 5}})
	refuse(t, store, history.ErrTransition, event("r2", 5, history.StepSucceeded{Step: "orders"}))
	same(t, "records", readRun(t, store, "r2"), sum(t, readLog(t, store, "r2")))
}
