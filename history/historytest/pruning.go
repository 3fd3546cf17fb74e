package historytest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// pruningClauses hold only for a store that is a history.Pruner.
func pruningClauses() []clause {
	return []clause{
		{name: "runs are given up by their age", check: prunedByAge, prunes: true},
		{name: "runs are given up by their number for each job", check: prunedByNumber, prunes: true},
		{name: "nothing is left of a run that is removed", check: prunedWholly, prunes: true},
		{name: "a run that has not finished is not pruned", check: prunedUnfinished, prunes: true},
		{name: "the last materialization of each partition is kept", check: prunedMaterializations, prunes: true},
		{name: "a run that is repeated stays as long as it is needed", check: prunedRetries, prunes: true},
		{name: "the last event of all runs is kept", check: prunedLastEvent, prunes: true},
		{name: "what a reduced run has left behind is kept", check: prunedLeavings, prunes: true},
		{name: "the log of a reduced run goes on", check: prunedLogGoesOn, prunes: true},
		{name: "pruning any history keeps what is needed of it", check: prunedAtRandom, prunes: true},
		{name: "another store prunes while events are appended", check: prunedMeanwhile, prunes: true, twoStores: true},
	}
}

func isNotFound(err error) bool { return errors.Is(err, history.ErrNotFound) }

func isTransition(err error) bool { return errors.Is(err, history.ErrTransition) }

func prunable(t tester, store history.Store, retention history.Retention) []string {
	t.Helper()
	found, err := store.(history.Pruner).Prunable(t.Context(), retention)
	if err != nil {
		t.Fatalf("Prunable(%+v): %v", retention, err)
	}
	texts := []string{}
	for _, run := range found {
		text := run.ID
		if run.KeepsRecord {
			text += " reduced"
		}
		texts = append(texts, text)
	}
	return texts
}

func prune(t tester, store history.Store, id string) history.Pruned {
	t.Helper()
	pruned, err := store.(history.Pruner).Prune(t.Context(), id)
	if err != nil {
		t.Fatalf("Prune(%s): %v", id, err)
	}
	return pruned
}

// ofJob is a run that has ended at(n), with some log lines.
func ofJob(run, job string, n int, tags map[string]string) []history.Event {
	return []history.Event{
		event(run, n-2, history.RunQueued{Job: job, Steps: []string{"orders"}, Tags: tags}), logged(run, n-1, "line"),
		event(run, n, history.RunFinished{Status: history.StatusFailed}),
	}
}

// making is a run that has materialized assets at(n). A key may have a partition, as in
// "orders[p1]".
func making(run string, n int, assets ...history.AssetMaterialized) []history.Event {
	events := running(run, "orders")
	for _, asset := range assets {
		asset.Step = "orders"
		events = append(events, logged(run, n, "line"), event(run, n, asset))
	}
	return append(events, event(run, n, history.StepSucceeded{Step: "orders"}), event(run, n, history.RunFinished{Status: history.StatusSucceeded}))
}

func prunedByAge(t tester, subject Subject) {
	for n := range 4 {
		add(t, subject.Store, ofJob(fmt.Sprintf("r%d", n), "nightly", 10*n, nil)...)
	}
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{}), []string{})
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{FinishedBefore: at(20)}), []string{"r1", "r0"})
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{FinishedBefore: at(20).Add(time.Microsecond)}), []string{"r2", "r1", "r0"})
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{FinishedBefore: at(20), Limit: 1}), []string{"r0"})
	prune(t, subject.Store, "r1")
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{"r3", "r2", "r0"})
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{FinishedBefore: at(20)}), []string{"r0"})
}

func prunedByNumber(t tester, subject Subject) {
	for n := range 4 {
		add(t, subject.Store, ofJob(fmt.Sprintf("a%d", n), "often", 10*n, nil)...)
	}
	add(t, subject.Store, ofJob("b0", "rarely", 0, nil)...)
	for n := range 2 {
		add(t, subject.Store, ofJob(fmt.Sprintf("c%d", n), "", 10*n, nil)...)
	}
	add(t, subject.Store, event("a4", 99, history.RunQueued{Job: "often"}))
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{Keep: 1}), []string{"c0", "a3", "a2", "a1", "a0"})
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{Keep: 3}), []string{"a1", "a0"})
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{Keep: 3, FinishedBefore: at(5)}), []string{"c0", "b0", "a1", "a0"})
	same(t, "runs given up", prunable(t, subject.Store, history.Retention{Keep: 9}), []string{})
	for _, jobs := range [][]string{{"rarely", "", "unknown"}, {""}, {}} {
		want := map[int][]string{3: {"c0", "b0"}, 1: {"c0"}, 0: {}}[len(jobs)]
		same(t, "runs given up of some jobs", prunable(t, subject.Store, history.Retention{Keep: 1, FinishedBefore: at(5), Jobs: jobs}), want)
	}
}

func prunedWholly(t tester, subject Subject) {
	kept := add(t, subject.Store, ofJob("kept", "nightly", 4, map[string]string{"team": "data"})...)
	var lines []history.Event
	for n := range 1000 { // more than a store may remove at once
		lines = append(lines, logged("r1", n, "line"))
	}
	steps := make([]string, 600)
	for n := range steps {
		steps[n] = fmt.Sprintf("step %d", n)
	}
	tags := map[string]string{"team": "data", "": awkward}
	add(t, subject.Store, event("r1", 0, history.RunQueued{Job: "nightly", Steps: steps, Tags: tags}))
	add(t, subject.Store, append(lines, event("r1", 1001, history.RunFinished{Status: history.StatusFailed}), logged("r1", 1002, "late"))...)
	kept = append(kept, add(t, subject.Store, logged("kept", 5, "the last event"))...)
	pruned := prune(t, subject.Store, "r1")
	same(t, "what was done", pruned, history.Pruned{Removed: true, Events: 1003})
	for _, query := range []history.RunQuery{{}, {Job: "nightly"}, {Tags: map[string]string{"team": "data"}}, {IDPrefix: ""}, {Statuses: []history.Status{history.StatusFailed}}} {
		same(t, "runs", ids(readRuns(t, subject.Store, query)), []string{"kept"})
	}
	slices.Reverse(kept)
	same(t, "events of all runs", readEvents(t, subject.Store, history.EventQuery{}), kept)
	if _, err := subject.Store.Events(t.Context(), history.EventQuery{RunID: "r1"}); !isNotFound(err) {
		t.Errorf("the events of a removed run give the error %v, want ErrNotFound", err)
	}
	if _, err := subject.Store.(history.Pruner).Prune(t.Context(), "r1"); !isNotFound(err) {
		t.Errorf("removing a run again gives the error %v, want ErrNotFound", err)
	}
	again := add(t, subject.Store, ofJob("r1", "other", 5, map[string]string{"team": "other"})...)
	same(t, "the log of a new run with the same ID", readLog(t, subject.Store, "r1"), again)
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{Tags: map[string]string{"team": "data"}})), []string{"kept"})
}

func prunedUnfinished(t tester, subject Subject) {
	for n, events := range [][]history.Event{running("r", "orders")[:1], running("r", "orders")[:2], running("r", "orders")} {
		id := fmt.Sprintf("r%d", n)
		for i := range events {
			events[i].RunID = id
		}
		stored := add(t, subject.Store, events...)
		same(t, "runs given up", prunable(t, subject.Store, history.Retention{FinishedBefore: at(1_000_000), Keep: 1}), []string{})
		if pruned, err := subject.Store.(history.Pruner).Prune(t.Context(), id); !isTransition(err) {
			t.Errorf("Prune of a run that is under way returned %+v, %v, want ErrTransition", pruned, err)
		}
		same(t, "logs", readLog(t, subject.Store, id), stored)
	}
	if _, err := subject.Store.(history.Pruner).Prune(t.Context(), "unknown"); !isNotFound(err) {
		t.Errorf("Prune of an unknown run returned the error %v, want ErrNotFound", err)
	}
}

func prunedMaterializations(t tester, subject Subject) {
	orders := history.AssetMaterialized{Asset: "orders", Metadata: history.Values{"text": "x"}}
	part := func(partition string) history.AssetMaterialized {
		return history.AssetMaterialized{Asset: "daily", Partition: partition}
	}
	add(t, subject.Store, making("r1", 10, orders, part("p1"), part("p2"), history.AssetMaterialized{Asset: "daily"})...)
	add(t, subject.Store, making("r2", 20, orders, part("p1"), orders)...)
	all := history.Retention{FinishedBefore: at(1000)}
	same(t, "runs given up", prunable(t, subject.Store, all), []string{"r2 reduced", "r1 reduced"})
	before := readRun(t, subject.Store, "r1")
	last := lastOfEach(t, subject.Store)
	same(t, "what was done", prune(t, subject.Store, "r1"), history.Pruned{Events: 10})
	same(t, "last materializations", lastOfEach(t, subject.Store), last)
	log := readLog(t, subject.Store, "r1")
	kinds := []history.EventType{}
	for _, event := range log {
		kinds = append(kinds, event.Type())
	}
	same(t, "the rest of the log", kinds, []history.EventType{history.TypeRunQueued, history.TypeAssetMaterialized, history.TypeAssetMaterialized, history.TypeRunFinished})
	after := readRun(t, subject.Store, "r1")
	if after.Pruned.IsZero() || after.Pruned.Location() != time.UTC || time.Since(after.Pruned) > time.Hour {
		t.Errorf("the run was pruned at %v", after.Pruned)
	}
	after.Pruned = time.Time{}
	same(t, "records", after, before)
	same(t, "runs given up", prunable(t, subject.Store, all), []string{"r2 reduced"})
	same(t, "what was done", prune(t, subject.Store, "r1"), history.Pruned{})

	add(t, subject.Store, making("r3", 30, orders, part("p2"), history.AssetMaterialized{Asset: "daily"})...)
	same(t, "runs given up", prunable(t, subject.Store, all), []string{"r3 reduced", "r2 reduced", "r1"})
	whole := all
	whole.Whole = true
	same(t, "runs given up that are whole", prunable(t, subject.Store, whole), []string{"r3 reduced", "r2 reduced"})
	same(t, "what was done", prune(t, subject.Store, "r1"), history.Pruned{Removed: true, Events: 4})
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{"r3", "r2"})
}

// lastOfEach returns the last materialization of each asset and partition that these
// clauses use.
func lastOfEach(t tester, store history.Store) map[string][]history.Event {
	t.Helper()
	last := make(map[string][]history.Event)
	found, err := history.LatestMaterializations(t.Context(), store, []string{"orders", "daily", "a0", "a1", "a2"})
	if err != nil {
		t.Fatalf("LatestMaterializations: %v", err)
	}
	for asset, event := range found {
		last[asset] = []history.Event{event}
	}
	for _, asset := range []string{"orders", "daily", "a0", "a1", "a2"} {
		for _, partition := range []string{"p1", "p2"} {
			last[asset+partition] = readEvents(t, store, history.EventQuery{
				Asset: asset, Partition: partition, Types: []history.EventType{history.TypeAssetMaterialized}, Limit: 1,
			})
		}
	}
	return last
}

func prunedRetries(t tester, subject Subject) {
	retryOf := func(id string) map[string]string { return map[string]string{history.TagRetryOf: id} }
	add(t, subject.Store, ofJob("r1", "nightly", 10, nil)...)
	add(t, subject.Store, ofJob("r2", "nightly", 20, retryOf("r1"))...)
	add(t, subject.Store, event("r3", 30, history.RunQueued{Job: "nightly", Tags: retryOf("r2")}))
	all := history.Retention{FinishedBefore: at(1000)}
	same(t, "runs given up while the last retry is queued", prunable(t, subject.Store, all), []string{})
	if pruned, err := subject.Store.(history.Pruner).Prune(t.Context(), "r2"); !isTransition(err) {
		t.Errorf("Prune of a run that is being repeated returned %+v, %v, want ErrTransition", pruned, err)
	}
	add(t, subject.Store, event("r3", 40, history.RunFinished{Status: history.StatusCancelled}), queued("under way"))
	same(t, "runs given up while the last retry is young", prunable(t, subject.Store, history.Retention{FinishedBefore: at(35)}), []string{})
	same(t, "runs given up", prunable(t, subject.Store, all), []string{"r3", "r2", "r1"})
	for _, id := range []string{"r3", "r2", "r1"} {
		if pruned := prune(t, subject.Store, id); !pruned.Removed {
			t.Errorf("run %s was not removed", id)
		}
	}

	add(t, subject.Store, ofJob("r4", "nightly", 50, nil)...)
	retried := making("r5", 60, history.AssetMaterialized{Asset: "orders"})
	retried[0].Data = history.RunQueued{Steps: []string{"orders"}, Tags: retryOf("r4")}
	add(t, subject.Store, retried...)
	same(t, "runs given up", prunable(t, subject.Store, all), []string{"r5 reduced", "r4 reduced"})
	prune(t, subject.Store, "r5")
	prune(t, subject.Store, "r4")
	same(t, "runs given up", prunable(t, subject.Store, all), []string{})
	same(t, "runs", ids(readRuns(t, subject.Store, history.RunQuery{})), []string{"r5", "r4", "under way"})
}

func prunedLastEvent(t tester, subject Subject) {
	add(t, subject.Store, ofJob("r1", "nightly", 10, nil)...)
	last := add(t, subject.Store, ofJob("r2", "nightly", 20, nil)...)[2]
	all := history.Retention{FinishedBefore: at(1000)}
	same(t, "runs given up", prunable(t, subject.Store, all), []string{"r2 reduced", "r1"})
	feed, ok := subject.Store.(history.Feed)
	reached := int64(0)
	if ok {
		_, reached, _ = feed.EventsAfter(t.Context(), -1, history.EventQuery{})
	}
	prune(t, subject.Store, "r2")
	prune(t, subject.Store, "r1")
	same(t, "the last event", readEvents(t, subject.Store, history.EventQuery{Limit: 1}), []history.Event{last})
	next := add(t, subject.Store, ofJob("r3", "nightly", 30, nil)...)
	if ok {
		found, _, err := feed.EventsAfter(t.Context(), reached, history.EventQuery{})
		if err != nil || len(found) != len(next) {
			t.Errorf("after all was pruned a feed gives %d of %d events, %v", len(found), len(next), err)
		}
	}
	same(t, "what was done", prune(t, subject.Store, "r2"), history.Pruned{Removed: true, Events: 2})
}

func prunedLeavings(t tester, subject Subject) {
	events := making("r1", 10, history.AssetMaterialized{Asset: "orders"})
	left := []history.LeftResource{{Resource: "db"}, {Resource: "client", Step: "orders"}}
	events[len(events)-1].Data = history.RunFinished{Status: history.StatusFailed, Error: history.Failure{Message: "lost"}, Left: left}
	add(t, subject.Store, events...)
	add(t, subject.Store, queued("later"))
	before := readRun(t, subject.Store, "r1")
	same(t, "what is left behind", before.Left, left)
	same(t, "what was done", prune(t, subject.Store, "r1").Removed, false)
	after := readRun(t, subject.Store, "r1")
	after.Pruned = time.Time{}
	same(t, "records", after, before)
}

func prunedLogGoesOn(t tester, subject Subject) {
	whole := add(t, subject.Store, making("r1", 10, history.AssetMaterialized{Asset: "orders"})...)
	prune(t, subject.Store, "r1")
	end := whole[len(whole)-1]
	late := add(t, subject.Store, logged("r1", 11, "late"))[0]
	if late.Seq != end.Seq+1 {
		t.Errorf("a late line has the sequence number %d, want %d", late.Seq, end.Seq+1)
	}
	same(t, "events appended again", add(t, subject.Store, end, late), []history.Event{end, late})
	refuse(t, subject.Store, history.ErrConflict, whole[1]) // which was removed
	refuse(t, subject.Store, history.ErrTransition, logged("r1", 12, "refused with the next"), event("r1", 12, history.RunStarted{}))
	log := readLog(t, subject.Store, "r1")
	for _, after := range []int64{0, 1, 2, 5, end.Seq, late.Seq} {
		want := slices.DeleteFunc(slices.Clone(log), func(event history.Event) bool { return event.Seq <= after })
		same(t, fmt.Sprintf("events after %d", after), append([]history.Event{}, readEvents(t, subject.Store, history.EventQuery{RunID: "r1", AfterSeq: after})...), want)
	}
	if got := readRun(t, subject.Store, "r1").Seq; got != late.Seq {
		t.Errorf("the record goes up to event %d, want %d", got, late.Seq)
	}
}

// prunedAtRandom prunes histories of runs that materialize, repeat each other, fail and go
// on, and checks after each step what must never change.
func prunedAtRandom(t tester, subject Subject) {
	random := rand.New(rand.NewPCG(1, 2))
	finishedAt := make(map[string]time.Time)
	var all []string
	for n := range 60 {
		id := fmt.Sprintf("r%d", n)
		var made []history.AssetMaterialized
		for range random.IntN(4) {
			made = append(made, history.AssetMaterialized{Asset: fmt.Sprintf("a%d", random.IntN(3)), Partition: []string{"", "", "p1", "p2"}[random.IntN(4)]})
		}
		events := making(id, 10*n, made...)
		queued := history.RunQueued{Job: fmt.Sprintf("job %d", random.IntN(2)), Steps: []string{"orders"}}
		if len(all) > 0 && random.IntN(3) == 0 {
			queued.Tags = map[string]string{history.TagRetryOf: all[random.IntN(len(all))]}
		}
		events[0].Data = queued
		if random.IntN(8) == 0 {
			events = events[:4]
		} else {
			finishedAt[id] = at(10 * n)
		}
		add(t, subject.Store, events...)
		all = append(all, id)
		if random.IntN(4) > 0 {
			continue
		}
		retention := history.Retention{FinishedBefore: at(10*n - random.IntN(300)), Keep: random.IntN(20), Limit: random.IntN(10)}
		limit := retention.Limit
		last := lastOfEach(t, subject.Store)
		untouched := make(map[string][]history.Event)
		given := prunable(t, subject.Store, retention)
		for _, record := range readRuns(t, subject.Store, history.RunQuery{}) {
			if !slices.Contains(given, record.ID) && !slices.Contains(given, record.ID+" reduced") {
				untouched[record.ID] = readLog(t, subject.Store, record.ID)
			}
		}
		for _, text := range given {
			id, reduced := cutReduced(text)
			if pruned := prune(t, subject.Store, id); pruned.Removed == reduced {
				t.Errorf("pruning %s gives %+v, but Prunable says %q", id, pruned, text)
			}
		}
		same(t, "last materializations", lastOfEach(t, subject.Store), last)
		for id, log := range untouched {
			same(t, "logs of other runs", readLog(t, subject.Store, id), log)
		}
		if retention.Limit > 0 && len(given) > retention.Limit {
			t.Errorf("%d runs are given up, more than the limit %d", len(given), retention.Limit)
		}
		again := prunable(t, subject.Store, retention)
		retention.Limit = 0
		if rest := prunable(t, subject.Store, retention); len(again) == 0 && len(rest) > 0 || len(rest) > 0 && limit == 0 {
			t.Errorf("after all that was given up up to the limit %d was pruned, %q are given up without it", limit, rest)
		}
	}
}

func cutReduced(text string) (id string, reduced bool) {
	const mark = " reduced"
	if len(text) > len(mark) && text[len(text)-len(mark):] == mark {
		return text[:len(text)-len(mark)], true
	}
	return text, false
}

func prunedMeanwhile(t tester, subject Subject) {
	const runs = 20
	another := subject.Another()
	for n := range runs {
		events := making(fmt.Sprintf("old%d", n), n, history.AssetMaterialized{Asset: fmt.Sprintf("a%d", n%3)})
		lines := events[:4:4]
		for range 300 {
			lines = append(lines, logged(events[0].RunID, n, "line"))
		}
		add(t, subject.Store, append(lines, events[4:]...)...)
	}
	last := lastOfEach(t, subject.Store)
	var group sync.WaitGroup
	group.Go(func() {
		add(t, subject.Store, queued("new"))
		for n := range 200 {
			if _, err := subject.Store.Append(context.WithoutCancel(t.Context()), logged("new", n, "line")); err != nil {
				t.Errorf("appending while another store prunes: %v", err)
				return
			}
		}
	})
	for n := runs - 1; n >= 0; n-- {
		if _, err := another.(history.Pruner).Prune(t.Context(), fmt.Sprintf("old%d", n)); err != nil {
			t.Errorf("pruning while another store appends: %v", err)
		}
	}
	group.Wait()
	gapless(t, readLog(t, subject.Store, "new"))
	same(t, "runs", len(readRuns(t, subject.Store, history.RunQuery{})), 4)
	same(t, "last materializations", lastOfEach(t, another), last)
}
