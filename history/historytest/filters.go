package historytest

import (
	"fmt"
	"time"

	"github.com/fxrun/fxrun/history"
)

func filterClauses() []clause {
	return []clause{
		{name: "the run queued last comes first, whatever the clocks say", check: newestRun},
		{name: "runs are found by every field of the query", check: filterRuns},
		{name: "runs are found by the beginning of their ID", check: filterPrefixes},
		{name: "runs are found by the time at which they were queued", check: filterQueued},
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
		add(t, subject.Store, event(id, -i, history.RunQueued{}))
	}
	add(t, subject.Store, event("r1", 50, history.RunStarting{})) // news of an old run don't make it new
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{"r4", "r3", "r2", "r1", "r0"})
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{Limit: 2})), []string{"r4", "r3"})
}

func filterRuns(t tester, subject Subject) {
	launch := func(id, job string, tags map[string]string) {
		add(t, subject.Store, event(id, 0, history.RunQueued{Job: job, Tags: tags}))
	}
	launch("a", "nightly", map[string]string{"team": "data", "tier": "1"})
	launch("b", "nightly", map[string]string{"team": "data"})
	launch("c", "hourly", map[string]string{"team": "web", "empty": ""})
	launch("d", "", nil)
	add(t, subject.Store, event("a", 1, history.RunStarting{}), event("c", 1, history.RunFinished{Status: history.StatusCancelled}))
	tag := func(pairs ...string) map[string]string {
		tags := make(map[string]string)
		for i := 0; i < len(pairs); i += 2 {
			tags[pairs[i]] = pairs[i+1]
		}
		return tags
	}
	for _, c := range []struct {
		query history.RunQuery
		want  []string
	}{
		{history.RunQuery{}, []string{"d", "c", "b", "a"}},
		{history.RunQuery{ID: "b"}, []string{"b"}},
		{history.RunQuery{Job: "nightly"}, []string{"b", "a"}},
		{history.RunQuery{Job: "night"}, []string{}},
		{history.RunQuery{Statuses: []history.Status{history.StatusQueued}}, []string{"d", "b"}},
		{history.RunQuery{Statuses: []history.Status{history.StatusStarting, history.StatusCancelled}}, []string{"c", "a"}},
		{history.RunQuery{Statuses: []history.Status{history.StatusRunning}}, []string{}},
		{history.RunQuery{Tags: tag("team", "data")}, []string{"b", "a"}},
		{history.RunQuery{Tags: tag("team", "data", "tier", "1")}, []string{"a"}},
		{history.RunQuery{Tags: tag("team", "web", "tier", "1")}, []string{}},
		{history.RunQuery{Tags: tag("empty", "")}, []string{"c"}},
		{history.RunQuery{Tags: tag("nothing", "")}, []string{}},
		{history.RunQuery{Before: "c"}, []string{"b", "a"}},
		{history.RunQuery{Before: "c", Limit: 1}, []string{"b"}},
		{history.RunQuery{Before: "c", ID: "d"}, []string{}},
		{history.RunQuery{Before: "c", ID: "a"}, []string{"a"}},
		{history.RunQuery{ID: "a", Job: "hourly"}, []string{}},
		{history.RunQuery{Job: "nightly", Statuses: []history.Status{history.StatusQueued}, Tags: tag("team", "data")}, []string{"b"}},
	} {
		same(t, fmt.Sprintf("runs of %+v", c.query), ids(readRuns(t, subject.Store, c.query)), c.want)
	}
}

func filterPrefixes(t tester, subject Subject) {
	for _, id := range []string{"ab", "abc", "Abc", "ab%", "ab_1", "ab\U0010ffff", "b", "é1", "è1", "abz"} {
		add(t, subject.Store, event(id, 0, history.RunQueued{Job: "job of " + id}))
	}
	for _, c := range []struct {
		query history.RunQuery
		want  []string
	}{
		{history.RunQuery{IDPrefix: "ab"}, []string{"abz", "ab\U0010ffff", "ab_1", "ab%", "abc", "ab"}},
		{history.RunQuery{IDPrefix: "ab", Limit: 2}, []string{"abz", "ab\U0010ffff"}},
		{history.RunQuery{IDPrefix: "ab", Before: "ab%"}, []string{"abc", "ab"}},
		{history.RunQuery{IDPrefix: "ab", Before: "ab%", Limit: 1}, []string{"abc"}},
		{history.RunQuery{IDPrefix: "ab", Job: "job of abc"}, []string{"abc"}},
		{history.RunQuery{IDPrefix: "ab", ID: "abc"}, []string{"abc"}},
		{history.RunQuery{IDPrefix: "b", ID: "abc"}, []string{}},
		{history.RunQuery{IDPrefix: "abc"}, []string{"abc"}},
		{history.RunQuery{IDPrefix: "A"}, []string{"Abc"}},
		{history.RunQuery{IDPrefix: "ab%"}, []string{"ab%"}},
		{history.RunQuery{IDPrefix: "ab_"}, []string{"ab_1"}},
		{history.RunQuery{IDPrefix: "a_"}, []string{}},
		{history.RunQuery{IDPrefix: "%"}, []string{}},
		{history.RunQuery{IDPrefix: "é"}, []string{"é1"}},
		{history.RunQuery{IDPrefix: "ab\U0010ffff"}, []string{"ab\U0010ffff"}},
		{history.RunQuery{IDPrefix: "abcd"}, []string{}},
		{history.RunQuery{IDPrefix: "ab\x7f"}, []string{}},
		{history.RunQuery{IDPrefix: "\xc3"}, []string{"è1", "é1"}}, // half a character
		{history.RunQuery{IDPrefix: "ab\xf4"}, []string{"ab\U0010ffff"}},
		{history.RunQuery{IDPrefix: "ab\xff"}, []string{}},
		{history.RunQuery{IDPrefix: "\xed\xa0"}, []string{}},
		{history.RunQuery{IDPrefix: "\xff"}, []string{}},
	} {
		same(t, fmt.Sprintf("runs of %+v", c.query), ids(readRuns(t, subject.Store, c.query)), c.want)
	}
}

func filterQueued(t tester, subject Subject) {
	for _, id := range []string{"b", "c", "a", "d"} { // the clock of a was slow
		n := int(id[0] - 'a')
		add(t, subject.Store, event(id, n, history.RunQueued{Job: "job " + id}))
	}
	when := func(n int) time.Time { return at(n).In(time.FixedZone("far away", -5*60*60)) }
	const soon = time.Nanosecond // shorter than any time that a store keeps
	for _, c := range []struct {
		query history.RunQuery
		want  []string
	}{
		{history.RunQuery{QueuedFrom: when(0), QueuedBefore: when(4)}, []string{"d", "a", "c", "b"}},
		{history.RunQuery{QueuedFrom: when(2)}, []string{"d", "c"}},
		{history.RunQuery{QueuedFrom: when(2).Add(soon)}, []string{"d"}},
		{history.RunQuery{QueuedBefore: when(1)}, []string{"a"}},
		{history.RunQuery{QueuedBefore: when(1).Add(soon)}, []string{"a", "b"}},
		{history.RunQuery{QueuedFrom: when(1), QueuedBefore: when(3)}, []string{"c", "b"}},
		{history.RunQuery{QueuedFrom: when(1), QueuedBefore: when(3), Limit: 1}, []string{"c"}},
		{history.RunQuery{QueuedFrom: when(1), QueuedBefore: when(3), Before: "c"}, []string{"b"}},
		{history.RunQuery{QueuedFrom: when(1), QueuedBefore: when(3), Job: "job a"}, []string{}},
		{history.RunQuery{QueuedFrom: when(3), QueuedBefore: when(1)}, []string{}},
		{history.RunQuery{QueuedFrom: when(4)}, []string{}},
	} {
		same(t, fmt.Sprintf("runs of %+v", c.query), ids(readRuns(t, subject.Store, c.query)), c.want)
	}
}

func omitSteps(t tester, subject Subject) {
	want := sum(t, add(t, subject.Store, running("r1", "orders")...))
	same(t, "records", readRuns(t, subject.Store, history.RunQuery{}), []history.Record{want})
	want.Steps = nil
	same(t, "records", readRuns(t, subject.Store, history.RunQuery{OmitSteps: true}), []history.Record{want})
}

func lastMaterialization(t tester, subject Subject) {
	materialize := func(run, asset, partition string) history.Event {
		return event(run, 4, history.AssetMaterialized{Asset: asset, Partition: partition, Step: "orders"})
	}
	add(t, subject.Store, running("r1", "orders")...)
	add(t, subject.Store, running("r2", "orders")...)
	first := add(t, subject.Store,
		materialize("r2", "orders", "mon"), materialize("r1", "orders", "tue"),
		materialize("r1", "orders", "mon"), materialize("r2", "revenue", ""), logged("r1", 5, "orders"))
	find := func(query history.EventQuery, want ...history.Event) {
		t.Helper()
		same(t, fmt.Sprintf("events of %+v", query), readEvents(t, subject.Store, query), want)
	}
	made := []history.EventType{history.TypeAssetMaterialized}
	find(history.EventQuery{Asset: "orders", Types: made, Limit: 1}, first[2])
	find(history.EventQuery{Asset: "orders"}, first[2], first[1], first[0])
	find(history.EventQuery{Asset: "orders", Partition: "tue"}, first[1])
	find(history.EventQuery{Asset: "orders", Partition: "mon", Types: made, Limit: 1}, first[2])
	find(history.EventQuery{Asset: "orders", Before: first[2].Place()}, first[1], first[0])
	find(history.EventQuery{Asset: "orders", Before: first[3].Place(), Limit: 1}, first[2])
	find(history.EventQuery{Asset: "revenue", Types: made}, first[3])
	find(history.EventQuery{Asset: "orders", RunID: "r1"}, first[1], first[2])
	second := add(t, subject.Store, materialize("r2", "orders", "mon"))
	find(history.EventQuery{Asset: "orders", Types: made, Limit: 1}, second...)
}

func latestMaterializations(t tester, subject Subject) {
	find := func(want map[string]history.Event, assets ...string) {
		t.Helper()
		got, err := history.LatestMaterializations(t.Context(), subject.Store, assets)
		if err != nil {
			t.Fatalf("LatestMaterializations(%q): %v", assets, err)
		}
		same(t, fmt.Sprintf("last materializations of %q", assets), got, want)
	}
	find(map[string]history.Event{}, "orders")
	materialize := func(run, asset, partition string) history.Event {
		return event(run, 4, history.AssetMaterialized{Asset: asset, Partition: partition, Step: "orders", Size: 7})
	}
	add(t, subject.Store, running("r1", "orders")...)
	add(t, subject.Store, running("r2", "orders")...)
	made := add(t, subject.Store,
		materialize("r2", "orders", ""), materialize("r1", "days", "mon"), materialize("r1", "revenue", ""),
		materialize("r1", "orders", ""), materialize("r2", "days", "tue"), logged("r1", 5, "orders"))
	find(map[string]history.Event{"orders": made[3], "days": made[4], "revenue": made[2]}, "orders", "days", "revenue", "nobody")
	find(map[string]history.Event{"orders": made[3]}, "orders", "orders", "")
	find(map[string]history.Event{})
	again := add(t, subject.Store, materialize("r2", "orders", "")) // of the older run's asset, by the newer run
	find(map[string]history.Event{"orders": again[0], "revenue": made[2]}, "revenue", "orders")
	many := add(t, subject.Store, manyMaterializations("r1", 1200)...) // more than a page of a store that is asked for pages
	find(map[string]history.Event{"revenue": made[2], "many": many[len(many)-1]}, "many", "revenue")
}

func manyMaterializations(run string, n int) []history.Event {
	made := make([]history.Event, n)
	for i := range made {
		made[i] = event(run, 6, history.AssetMaterialized{Asset: "many", Step: "orders", Size: int64(i)})
	}
	return made
}

func filterTypes(t tester, subject Subject) {
	first := add(t, subject.Store, finished("r1", "orders")...)
	second := add(t, subject.Store, finished("r2", "orders")...)
	future := add(t, subject.Store, event("r2", 9, history.UnknownEvent{Kind: "from_the_future"}))
	find := func(query history.EventQuery, want ...history.Event) {
		t.Helper()
		same(t, fmt.Sprintf("events of %+v", query), places(readEvents(t, subject.Store, query)), places(want))
	}
	ends := []history.EventType{history.TypeRunFinished, history.TypeRunQueued}
	find(history.EventQuery{RunID: "r1", Types: ends}, first[0], first[5])
	find(history.EventQuery{RunID: "r1", Types: ends, AfterSeq: 1}, first[5])
	find(history.EventQuery{Types: ends}, second[5], second[0], first[5], first[0])
	find(history.EventQuery{Types: ends, Limit: 3}, second[5], second[0], first[5])
	find(history.EventQuery{Types: []history.EventType{"from_the_future"}}, future...)
	find(history.EventQuery{Types: []history.EventType{history.TypeStepFailed}})
}

func badQueries(t tester, subject Subject) {
	add(t, subject.Store, queued("r1"))
	for _, query := range []history.EventQuery{
		{AfterSeq: 1},
		{RunID: "r1", Before: history.Place{RunID: "r1", Seq: 1}},
		{Partition: "mon"},
	} {
		if _, err := subject.Store.Events(t.Context(), query); err == nil {
			t.Errorf("Events(%+v) returned no error", query)
		}
	}
}
