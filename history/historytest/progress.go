package historytest

import (
	"github.com/fxrun/fxrun/history"
)

func progressClauses() []clause {
	return []clause{
		{name: "progress is in the record and in no log", check: progressInRecord},
		{name: "progress ends with its attempt", check: progressEnds},
		{name: "progress that is refused changes nothing", check: progressRefused},
		{name: "another store sees the progress", check: progressSeen, twoStores: true},
	}
}

func told(run string, n int, rows int64, message string) history.Event {
	return event(run, n, history.StepProgress{Step: "orders", Rows: rows, Total: 2 * rows, Message: message})
}

// progressOf returns the progress that the record has of the step orders.
func progressOf(t tester, store history.Store) history.Progress {
	t.Helper()
	step, _ := readRun(t, store, "r1").Step("orders")
	return step.Progress
}

func progressInRecord(t tester, subject Subject) {
	begun := add(t, subject.Store, running("r1", "orders")...)
	for n := range 3 {
		stored := add(t, subject.Store, told("r1", 4+n, int64(1<<60+n), awkward))
		same(t, "returned events", stored, []history.Event{told("r1", 4+n, int64(1<<60+n), awkward)})
		want := history.Progress{Time: at(4 + n), Rows: int64(1<<60 + n), Total: 2 * int64(1<<60+n), Message: awkward}
		same(t, "progress", progressOf(t, subject.Store), want)
	}
	same(t, "logs", readLog(t, subject.Store, "r1"), begun)
	if found := readEvents(t, subject.Store, history.EventQuery{Types: []history.EventType{history.TypeStepProgress}}); len(found) > 0 {
		t.Errorf("a query finds the progress %+v", found)
	}
	mixed := add(t, subject.Store, told("r1", 8, 8, "before"), logged("r1", 8, "line"), told("r1", 9, 9, "not \xff UTF-8"), logged("r1", 9, "line"))
	same(t, "places", places(mixed), []history.Place{{RunID: "r1"}, {RunID: "r1", Seq: 5}, {RunID: "r1"}, {RunID: "r1", Seq: 6}})
	same(t, "progress", progressOf(t, subject.Store).Message, "not � UTF-8")
	gapless(t, readLog(t, subject.Store, "r1"))
	if got := readRun(t, subject.Store, "r1").Seq; got != 6 {
		t.Errorf("the record goes up to event %d, want 6", got)
	}
}

func progressEnds(t tester, subject Subject) {
	add(t, subject.Store, append(running("r1", "orders"), told("r1", 4, 4, "first"))...)
	add(t, subject.Store, event("r1", 5, history.StepFailed{Step: "orders", Attempt: 1, Retry: true}))
	same(t, "progress after a failed attempt", progressOf(t, subject.Store), history.Progress{})
	add(t, subject.Store, told("r1", 6, 6, "late"))
	same(t, "progress between two attempts", progressOf(t, subject.Store), history.Progress{})
	add(t, subject.Store, event("r1", 7, history.StepStarted{Step: "orders", Attempt: 2}), told("r1", 8, 8, "second"))
	same(t, "progress of the second attempt", progressOf(t, subject.Store).Rows, int64(8))
	add(t, subject.Store, event("r1", 9, history.StepSucceeded{Step: "orders"}), told("r1", 10, 10, "late"))
	same(t, "progress after the end of the step", progressOf(t, subject.Store), history.Progress{})
	add(t, subject.Store, event("r1", 11, history.RunFinished{Status: history.StatusSucceeded}))
	same(t, "records", readRun(t, subject.Store, "r1"), sum(t, readLog(t, subject.Store, "r1")))

	add(t, subject.Store, append(running("r2", "orders"), told("r2", 4, 4, "killed"), event("r2", 5, history.RunFinished{Status: history.StatusFailed}))...)
	same(t, "records", readRun(t, subject.Store, "r2"), sum(t, readLog(t, subject.Store, "r2")))
}

func progressRefused(t tester, subject Subject) {
	add(t, subject.Store, append(running("r1", "orders"), told("r1", 4, 4, "before"))...)
	want := progressOf(t, subject.Store)
	numbered := told("r1", 5, 5, "with a number")
	numbered.Seq = 5
	refuse(t, subject.Store, history.ErrInvalid, numbered)
	refuse(t, subject.Store, history.ErrTransition, told("r1", 5, 5, "refused with the next event"), event("r1", 5, history.RunStarted{}))
	refuse(t, subject.Store, history.ErrTransition, event("r1", 5, history.StepProgress{Step: "unknown"}))
	refuse(t, subject.Store, history.ErrNotFound, told("unknown", 5, 5, "of no run"))
	same(t, "progress", progressOf(t, subject.Store), want)
	add(t, subject.Store, event("r1", 6, history.StepSucceeded{Step: "orders"}), event("r1", 7, history.RunFinished{Status: history.StatusSucceeded}))
	refuse(t, subject.Store, history.ErrTransition, told("r1", 8, 8, "after the end of the run"))
}

func progressSeen(t tester, subject Subject) {
	another := subject.Another()
	add(t, subject.Store, running("r1", "orders")...)
	add(t, another, told("r1", 4, 4, "of another store"))
	same(t, "progress", progressOf(t, subject.Store).Rows, int64(4))
	add(t, subject.Store, told("r1", 5, 5, "of this store"))
	same(t, "progress", progressOf(t, another).Rows, int64(5))
	add(t, another, event("r1", 6, history.StepSucceeded{Step: "orders"}))
	add(t, subject.Store, told("r1", 7, 7, "late"))
	same(t, "progress", progressOf(t, another), history.Progress{})
}
