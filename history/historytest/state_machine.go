package historytest

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fxrun/fxrun/history"
)

func stateMachineClauses() []clause {
	return []clause{
		{name: "in every state, each event is taken or refused as its state machine says", check: stateMachines},
	}
}

// ways are logs that bring a run with the steps a and b to every status, and its step a to
// every status that is possible then.
func ways() map[string][]history.EventData {
	queued := []history.EventData{history.RunQueued{Steps: []string{"a", "b"}}}
	starting := append(slices.Clip(queued), history.RunStarting{Owner: "worker-1"})
	cluster := append(slices.Clip(queued), history.RunStarting{Owner: "worker-1", Cluster: history.Cluster{Name: "temporal"}})
	running := append(slices.Clip(starting), history.RunStarted{})
	begun := append(slices.Clip(running), history.StepStarted{Step: "a", Attempt: 1})
	after := func(way []history.EventData, more ...history.EventData) []history.EventData {
		return append(slices.Clip(way), more...)
	}
	all := map[string][]history.EventData{
		"queued":                             queued,
		"starting on a cluster":              cluster,
		"running on a cluster":               after(cluster, history.RunStarted{}),
		"cancelled on a cluster":             after(cluster, history.RunFinished{Status: history.StatusCancelled}),
		"starting":                           starting,
		"running, step pending":              running,
		"running, step running":              begun,
		"running, step waits for attempt 2":  after(begun, history.StepFailed{Step: "a", Attempt: 1, Retry: true}),
		"running, step running in attempt 2": after(begun, history.StepFailed{Step: "a", Attempt: 1, Retry: true}, history.StepStarted{Step: "a", Attempt: 2}),
		"running, step succeeded":            after(begun, history.StepSucceeded{Step: "a"}),
		"running, step failed":               after(begun, history.StepFailed{Step: "a", Attempt: 1}),
		"running, step skipped":              after(running, history.StepSkipped{Step: "a"}),
		"running, step cancelled":            after(begun, history.StepCancelled{Step: "a"}),
		"running, all steps ended":           after(running, history.StepSkipped{Step: "a"}, history.StepSkipped{Step: "b"}),
		"succeeded":                          after(running, history.StepSkipped{Step: "a"}, history.StepSkipped{Step: "b"}, history.RunFinished{Status: history.StatusSucceeded}),
	}
	for _, end := range []history.Status{history.StatusFailed, history.StatusCancelled} {
		for from, way := range map[string][]history.EventData{"queued": queued, "starting": starting, "running": running, "a running step": begun} {
			all[fmt.Sprintf("%s from %s", end, from)] = after(way, history.RunFinished{Status: end})
		}
	}
	return all
}

// nextEvents are events of each kind that changes a status, in each form that matters.
func nextEvents() []history.EventData {
	return []history.EventData{
		history.RunQueued{},
		history.RunStarting{},
		history.RunStarted{},
		history.RunAdopted{Owner: "worker-2"},
		history.RunCancelRequested{},
		history.RunFinished{Status: history.StatusSucceeded},
		history.RunFinished{Status: history.StatusFailed},
		history.RunFinished{Status: history.StatusCancelled},
		history.StepStarted{Step: "a", Attempt: 1},
		history.StepStarted{Step: "a", Attempt: 2},
		history.StepStarted{Step: "a", Attempt: 3},
		history.StepSucceeded{Step: "a"},
		history.StepSucceeded{Step: "a", Attempt: 1},
		history.StepSucceeded{Step: "a", Attempt: 2},
		history.StepFailed{Step: "a", Attempt: 1},
		history.StepFailed{Step: "a", Attempt: 2, Retry: true},
		history.StepSkipped{Step: "a"},
		history.StepCancelled{Step: "a"},
		history.StepCancelled{Step: "a", Attempt: 1},
		history.StepCancelled{Step: "a", Attempt: 2},
		history.StepStarted{Step: "nobody", Attempt: 1},
		history.AssetMaterialized{Asset: "a", Step: "a"},
		history.AssetMaterialized{Asset: "a", Step: "a", Attempt: 1},
		history.AssetMaterialized{Asset: "a", Step: "a", Attempt: 2},
	}
}

// stateMachines holds a store to the one function that knows the state machines.
func stateMachines(t tester, subject Subject) {
	all := ways()
	for _, state := range slices.Sorted(maps.Keys(all)) {
		for i, next := range nextEvents() {
			id := fmt.Sprintf("%s, then %d", state, i)
			var before history.Record
			var way []history.Event
			for n, data := range all[state] {
				one := event(id, n, data)
				if err := before.Apply(one); err != nil {
					t.Fatalf("the way to %s is illegal: %v", state, err)
				}
				way = append(way, one)
			}
			after, one := before.Clone(), event(id, len(way), next)
			want := after.Apply(one)
			add(t, subject.Store, way...)
			_, got := subject.Store.Append(t.Context(), one)
			if (want == nil) != (got == nil) || want != nil && !errors.Is(got, history.ErrTransition) {
				t.Errorf("%s: %+v gave %v, want %v", state, one, got, want)
			}
			same(t, "the record of the state "+id, readRun(t, subject.Store, id), after)
		}
	}
}
