package runstest

import (
	"fmt"

	"github.com/fxrun/fxrun/runs"
)

func filterClauses() []clause {
	return []clause{
		{name: "the run queued last comes first, whatever the clocks say", check: newestRun},
		{name: "runs are found by every field of the query", check: filterRuns},
		{name: "steps are left out where nobody needs them", check: omitSteps},
		{name: "the last materialization of an asset and of a partition is found", check: lastMaterialization},
		{name: "the last materializations of many assets are found at once", check: latestMaterializations},
		{name: "events are found by type", check: filterTypes},
		{name: "a query whose fields don't go together is refused", check: badQueries},
	}
}

func newestRun(t tester, subject Subject) {
	for i := range 5 {
		id := fmt.Sprintf("r%d", i)
		add(t, subject.Store, event(id, -i, runs.RunQueued{}))
	}
	add(t, subject.Store, event("r1", 50, runs.RunStarting{})) // news of an old run don't make it new
	same(t, "runs", ids(readRuns(t, subject.Store, runs.RunQuery{})), []string{"r4", "r3", "r2", "r1", "r0"})
	same(t, "runs", ids(readRuns(t, subject.Store, runs.RunQuery{Limit: 2})), []string{"r4", "r3"})
}

func filterRuns(t tester, subject Subject) {
	launch := func(id, job string, tags map[string]string) {
		add(t, subject.Store, event(id, 0, runs.RunQueued{Job: job, Tags: tags}))
	}
	launch("a", "nightly", map[string]string{"team": "data", "tier": "1"})
	launch("b", "nightly", map[string]string{"team": "data"})
	launch("c", "hourly", map[string]string{"team": "web", "empty": ""})
	launch("d", "", nil)
	add(t, subject.Store, event("a", 1, runs.RunStarting{}), event("c", 1, runs.RunFinished{Status: runs.StatusCancelled}))
	tag := func(pairs ...string) map[string]string {
		tags := make(map[string]string)
		for i := 0; i < len(pairs); i += 2 {
			tags[pairs[i]] = pairs[i+1]
		}
		return tags
	}
	for _, c := range []struct {
		query runs.RunQuery
		want  []string
	}{
		{runs.RunQuery{}, []string{"d", "c", "b", "a"}},
		{runs.RunQuery{ID: "b"}, []string{"b"}},
		{runs.RunQuery{Job: "nightly"}, []string{"b", "a"}},
		{runs.RunQuery{Job: "night"}, []string{}},
		{runs.RunQuery{Statuses: []runs.Status{runs.StatusQueued}}, []string{"d", "b"}},
		{runs.RunQuery{Statuses: []runs.Status{runs.StatusStarting, runs.StatusCancelled}}, []string{"c", "a"}},
		{runs.RunQuery{Statuses: []runs.Status{runs.StatusRunning}}, []string{}},
		{runs.RunQuery{Tags: tag("team", "data")}, []string{"b", "a"}},
		{runs.RunQuery{Tags: tag("team", "data", "tier", "1")}, []string{"a"}},
		{runs.RunQuery{Tags: tag("team", "web", "tier", "1")}, []string{}},
		{runs.RunQuery{Tags: tag("empty", "")}, []string{"c"}},
		{runs.RunQuery{Tags: tag("nothing", "")}, []string{}},
		{runs.RunQuery{Before: "c"}, []string{"b", "a"}},
		{runs.RunQuery{Before: "c", Limit: 1}, []string{"b"}},
		{runs.RunQuery{Before: "c", ID: "d"}, []string{}},
		{runs.RunQuery{Before: "c", ID: "a"}, []string{"a"}},
		{runs.RunQuery{ID: "a", Job: "hourly"}, []string{}},
		{runs.RunQuery{Job: "nightly", Statuses: []runs.Status{runs.StatusQueued}, Tags: tag("team", "data")}, []string{"b"}},
	} {
		same(t, fmt.Sprintf("runs of %+v", c.query), ids(readRuns(t, subject.Store, c.query)), c.want)
	}
}

func omitSteps(t tester, subject Subject) {
	want := sum(t, add(t, subject.Store, running("r1", "orders")...))
	same(t, "records", readRuns(t, subject.Store, runs.RunQuery{}), []runs.Record{want})
	want.Steps = nil
	same(t, "records", readRuns(t, subject.Store, runs.RunQuery{OmitSteps: true}), []runs.Record{want})
}

func lastMaterialization(t tester, subject Subject) {
	materialize := func(run, asset, partition string) runs.Event {
		return event(run, 4, runs.AssetMaterialized{Asset: asset, Partition: partition, Step: "orders"})
	}
	add(t, subject.Store, running("r1", "orders")...)
	add(t, subject.Store, running("r2", "orders")...)
	first := add(t, subject.Store,
		materialize("r2", "orders", "mon"), materialize("r1", "orders", "tue"),
		materialize("r1", "orders", "mon"), materialize("r2", "revenue", ""), logged("r1", 5, "orders"))
	find := func(query runs.EventQuery, want ...runs.Event) {
		t.Helper()
		same(t, fmt.Sprintf("events of %+v", query), readEvents(t, subject.Store, query), want)
	}
	made := []runs.EventType{runs.TypeAssetMaterialized}
	find(runs.EventQuery{Asset: "orders", Types: made, Limit: 1}, first[2])
	find(runs.EventQuery{Asset: "orders"}, first[2], first[1], first[0])
	find(runs.EventQuery{Asset: "orders", Partition: "tue"}, first[1])
	find(runs.EventQuery{Asset: "orders", Partition: "mon", Types: made, Limit: 1}, first[2])
	find(runs.EventQuery{Asset: "orders", Before: first[2].Place()}, first[1], first[0])
	find(runs.EventQuery{Asset: "orders", Before: first[3].Place(), Limit: 1}, first[2])
	find(runs.EventQuery{Asset: "revenue", Types: made}, first[3])
	find(runs.EventQuery{Asset: "orders", RunID: "r1"}, first[1], first[2])
	second := add(t, subject.Store, materialize("r2", "orders", "mon"))
	find(runs.EventQuery{Asset: "orders", Types: made, Limit: 1}, second...)
}

func latestMaterializations(t tester, subject Subject) {
	find := func(want map[string]runs.Event, assets ...string) {
		t.Helper()
		got, err := runs.LatestMaterializations(t.Context(), subject.Store, assets)
		if err != nil {
			t.Fatalf("LatestMaterializations(%q): %v", assets, err)
		}
		same(t, fmt.Sprintf("last materializations of %q", assets), got, want)
	}
	find(map[string]runs.Event{}, "orders")
	materialize := func(run, asset, partition string) runs.Event {
		return event(run, 4, runs.AssetMaterialized{Asset: asset, Partition: partition, Step: "orders", Size: 7})
	}
	add(t, subject.Store, running("r1", "orders")...)
	add(t, subject.Store, running("r2", "orders")...)
	made := add(t, subject.Store,
		materialize("r2", "orders", ""), materialize("r1", "days", "mon"), materialize("r1", "revenue", ""),
		materialize("r1", "orders", ""), materialize("r2", "days", "tue"), logged("r1", 5, "orders"))
	find(map[string]runs.Event{"orders": made[3], "days": made[4], "revenue": made[2]}, "orders", "days", "revenue", "nobody")
	find(map[string]runs.Event{"orders": made[3]}, "orders", "orders", "")
	find(map[string]runs.Event{})
	again := add(t, subject.Store, materialize("r2", "orders", "")) // of the older run's asset, by the newer run
	find(map[string]runs.Event{"orders": again[0], "revenue": made[2]}, "revenue", "orders")
	many := add(t, subject.Store, manyMaterializations("r1", 1200)...) // more than a page of a store that is asked for pages
	find(map[string]runs.Event{"revenue": made[2], "many": many[len(many)-1]}, "many", "revenue")
}

func manyMaterializations(run string, n int) []runs.Event {
	made := make([]runs.Event, n)
	for i := range made {
		made[i] = event(run, 6, runs.AssetMaterialized{Asset: "many", Step: "orders", Size: int64(i)})
	}
	return made
}

func filterTypes(t tester, subject Subject) {
	first := add(t, subject.Store, finished("r1", "orders")...)
	second := add(t, subject.Store, finished("r2", "orders")...)
	future := add(t, subject.Store, event("r2", 9, runs.UnknownEvent{Kind: "from_the_future"}))
	find := func(query runs.EventQuery, want ...runs.Event) {
		t.Helper()
		same(t, fmt.Sprintf("events of %+v", query), places(readEvents(t, subject.Store, query)), places(want))
	}
	ends := []runs.EventType{runs.TypeRunFinished, runs.TypeRunQueued}
	find(runs.EventQuery{RunID: "r1", Types: ends}, first[0], first[5])
	find(runs.EventQuery{RunID: "r1", Types: ends, AfterSeq: 1}, first[5])
	find(runs.EventQuery{Types: ends}, second[5], second[0], first[5], first[0])
	find(runs.EventQuery{Types: ends, Limit: 3}, second[5], second[0], first[5])
	find(runs.EventQuery{Types: []runs.EventType{"from_the_future"}}, future...)
	find(runs.EventQuery{Types: []runs.EventType{runs.TypeStepFailed}})
}

func badQueries(t tester, subject Subject) {
	add(t, subject.Store, queued("r1"))
	for _, query := range []runs.EventQuery{
		{AfterSeq: 1},
		{RunID: "r1", Before: runs.Place{RunID: "r1", Seq: 1}},
		{Partition: "mon"},
	} {
		if _, err := subject.Store.Events(t.Context(), query); err == nil {
			t.Errorf("Events(%+v) returned no error", query)
		}
	}
}
