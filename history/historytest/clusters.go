package historytest

import (
	"errors"

	"github.com/fxrun/fxrun/history"
)

func clusterClauses() []clause {
	return []clause{
		{name: "an attempt that is not under way can end nothing and store nothing", check: fencedAttempts},
		{name: "only a run on a cluster is adopted, while it is starting or running", check: adoption},
		{name: "of several processes that adopt a run, one does", check: oneAdopter},
		{name: "the cluster of a run and the workers of its steps stand in its record", check: workersInRecord},
	}
}

var inCluster = history.Cluster{Name: "temporal", Place: "host:7233/default", Page: "https://host/r1"}

// onCluster are the events of a run on a cluster up to the start of its only step.
func onCluster(run, step string) []history.Event {
	events := running(run, step)
	events[1].Data = history.RunStarting{Owner: "owner-1", Cluster: inCluster}
	events[3].Data = history.StepStarted{Step: step, Attempt: 1, Worker: "worker-1"}
	return events
}

// lateEnds are what the process of an attempt may still append.
func lateEnds(step string, attempt int) []history.EventData {
	return []history.EventData{
		history.AssetMaterialized{Asset: step, Step: step, Attempt: attempt},
		history.StepSucceeded{Step: step, Attempt: attempt},
		history.StepCancelled{Step: step, Attempt: attempt},
		history.StepFailed{Step: step, Attempt: attempt},
	}
}

func fencedAttempts(t tester, subject Subject) {
	store := subject.Store
	add(t, store, onCluster("r1", "orders")...)
	refuseAll := func(attempt int) {
		for _, data := range lateEnds("orders", attempt) {
			refuse(t, store, history.ErrTransition, event("r1", 9, data))
		}
	}
	refuseAll(2) // it has not begun
	add(t, store, event("r1", 5, history.StepFailed{Step: "orders", Attempt: 1, Retry: true}))
	refuseAll(1) // it was taken for lost, and the next one has not begun
	add(t, store, event("r1", 6, history.StepStarted{Step: "orders", Attempt: 2, Worker: "worker-2"}))
	refuseAll(1)
	add(t, store,
		event("r1", 7, history.AssetMaterialized{Asset: "orders", Step: "orders", Attempt: 2}),
		event("r1", 7, history.AssetMaterialized{Asset: "other", Step: "orders"}), // by an older version, which does not say it
		event("r1", 8, history.StepSucceeded{Step: "orders", Attempt: 2}))
	refuseAll(1)
	refuseAll(2)
	log := readLog(t, store, "r1")
	gapless(t, log)
	same(t, "length of the log", len(log), 9)
	same(t, "records", readRun(t, store, "r1"), sum(t, log))
}

func adoption(t tester, subject Subject) {
	store := subject.Store
	adopted := history.RunAdopted{Owner: "owner-2"}
	add(t, store, running("r1", "orders")...)
	refuse(t, store, history.ErrTransition, event("r1", 5, adopted)) // it is not on a cluster
	all := onCluster("r2", "orders")
	add(t, store, all[0])
	refuse(t, store, history.ErrTransition, event("r2", 1, adopted))
	add(t, store, all[1], event("r2", 1, adopted))
	same(t, "the owner of a starting run", readRun(t, store, "r2").Owner, "owner-2")
	add(t, store, all[2], all[3], event("r2", 5, history.RunAdopted{Owner: "owner-3"}))
	running := readRun(t, store, "r2")
	same(t, "the owner of a running run", running.Owner, "owner-3")
	same(t, "its status, its cluster and its start", []any{running.Status, running.Cluster, running.Started}, []any{history.StatusRunning, inCluster, at(1)})
	add(t, store, event("r2", 6, history.RunFinished{Status: history.StatusFailed}))
	refuse(t, store, history.ErrTransition, event("r2", 7, adopted))
}

func oneAdopter(t tester, subject Subject) {
	read := add(t, subject.Store, onCluster("r1", "orders")...)
	next := read[len(read)-1].Seq + 1
	first := event("r1", 5, history.RunAdopted{Owner: "owner-2"})
	first.Seq = next
	add(t, subject.Store, first)
	second := event("r1", 5, history.RunAdopted{Owner: "owner-3"})
	second.Seq = next
	if _, err := subject.Store.Append(t.Context(), second); !errors.Is(err, history.ErrConflict) {
		t.Errorf("the second process got the error %v, want ErrConflict", err)
	}
	same(t, "the owner", readRun(t, subject.Store, "r1").Owner, "owner-2")
}

func workersInRecord(t tester, subject Subject) {
	store := subject.Store
	add(t, store, onCluster("r1", "orders")...)
	record := readRun(t, store, "r1")
	same(t, "the cluster", record.Cluster, inCluster)
	same(t, "the worker", record.Steps[0].Worker, "worker-1")
	add(t, store, event("r1", 5, history.StepFailed{Step: "orders", Attempt: 1, Retry: true}))
	same(t, "the worker of the last attempt", readRun(t, store, "r1").Steps[0].Worker, "worker-1")
	add(t, store, event("r1", 6, history.StepStarted{Step: "orders", Attempt: 2}))
	same(t, "the worker of an attempt of the owner", readRun(t, store, "r1").Steps[0].Worker, "")
	left := history.RunFinished{Status: history.StatusFailed, Left: []history.LeftResource{{Resource: "db", Worker: "worker-1"}}}
	add(t, store, event("r1", 7, left))
	record = readRun(t, store, "r1")
	same(t, "what is left", record.Left, left.Left)
	same(t, "the cluster of a run that has ended", record.Cluster, inCluster)
}
