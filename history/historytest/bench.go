package historytest

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/history"
)

// Benchmark measures appending and reading, each on an empty store of its own.
func Benchmark(b *testing.B, newStore func(b *testing.B) history.Store) {
	for _, batch := range []int{1, 100} {
		b.Run(fmt.Sprintf("append %d log lines", batch), func(b *testing.B) {
			store := newStore(b)
			mustAppend(b, store, queued("r1"))
			lines := make([]history.Event, batch)
			for i := range lines {
				lines[i] = event("r1", i, history.LogWritten{Message: "fetched a page", Step: "orders", Attrs: history.Attrs{{Name: "page", Value: 7}, {Name: "rows", Value: 1000}}})
			}
			for b.Loop() {
				mustAppend(b, store, lines...)
			}
			perEvent(b, batch)
		})
	}
	b.Run("append a whole run of 10 steps, event by event", func(b *testing.B) {
		store := newStore(b)
		n := 0
		for b.Loop() {
			n++
			for _, one := range wholeRun(fmt.Sprintf("r%d", n), 10) {
				mustAppend(b, store, one)
			}
		}
		perEvent(b, len(wholeRun("", 10)))
	})
	for _, steps := range []int{100, 10_000} { // which must make no difference
		b.Run(fmt.Sprintf("append a step event to a run of %d steps", steps), func(b *testing.B) {
			store := newStore(b)
			last := fmt.Sprintf("step %d", steps-1)
			mustAppend(b, store, wholeRun("r1", steps)[:3]...)
			attempt := 0
			for b.Loop() {
				attempt++
				mustAppend(b, store,
					event("r1", 4, history.StepStarted{Step: last, Attempt: attempt}),
					event("r1", 5, history.StepFailed{Step: last, Attempt: attempt, Retry: true}))
			}
		})
	}
	b.Run("append from 200 goroutines", func(b *testing.B) {
		store := newStore(b)
		var count atomic.Int64
		b.SetParallelism(200 / runtime.GOMAXPROCS(0))
		b.RunParallel(func(pb *testing.PB) {
			id := fmt.Sprintf("r%d", count.Add(1))
			mustAppend(b, store, queued(id))
			for pb.Next() {
				mustAppend(b, store, logged(id, 1, "fetched a page"))
			}
		})
	})
	b.Run("read a log of 1000 events", func(b *testing.B) {
		store := newStore(b)
		mustAppend(b, store, queued("r1"))
		for i := range 1000 {
			mustAppend(b, store, logged("r1", i, "fetched a page"))
		}
		for b.Loop() {
			if _, err := store.Events(b.Context(), history.EventQuery{RunID: "r1"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read 1000 runs of 100 steps", func(b *testing.B) { readHistory(b, newStore(b)) })
	b.Run("find the last materializations of 10000 assets", func(b *testing.B) { readLatest(b, newStore(b)) })
	b.Run("find the last materialization among 1000", func(b *testing.B) {
		store := newStore(b)
		for i := range 1000 {
			id := fmt.Sprintf("r%d", i)
			made := event(id, 4, history.AssetMaterialized{Asset: "orders", Step: "orders"})
			mustAppend(b, store, append(running(id, "orders"), made)...)
		}
		query := history.EventQuery{Asset: "orders", Types: []history.EventType{history.TypeAssetMaterialized}, Limit: 1}
		for b.Loop() {
			if _, err := store.Events(b.Context(), query); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// readHistory measures what pages ask for, in a history that is long.
func readHistory(b *testing.B, store history.Store) {
	const count, steps = 1000, 100
	for i := range count {
		mustAppend(b, store, wholeRun(fmt.Sprintf("r%d", i), steps)...)
	}
	middle := fmt.Sprintf("r%d", count/2)
	for _, c := range []struct {
		name  string
		query history.RunQuery
	}{
		{"the last 50 runs", history.RunQuery{Limit: 50, OmitSteps: true}},
		{"50 older runs", history.RunQuery{Limit: 50, Before: middle, OmitSteps: true}},
		{"50 runs of a job", history.RunQuery{Job: "nightly", Limit: 50, OmitSteps: true}},
		{"the runs that are running", history.RunQuery{Statuses: []history.Status{history.StatusRunning}}},
		{"one run with its steps", history.RunQuery{ID: middle}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := store.Runs(b.Context(), c.query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, c := range []struct {
		name  string
		query history.EventQuery
	}{
		{"the log of a run", history.EventQuery{RunID: middle}},
		{"the last 50 events", history.EventQuery{Limit: 50}},
		{"the last materialization of an asset", history.EventQuery{Asset: "step 7", Types: []history.EventType{history.TypeAssetMaterialized}, Limit: 1}},
		{"100 materializations of an asset", history.EventQuery{Asset: "step 7", Types: []history.EventType{history.TypeAssetMaterialized}, Limit: 100}},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := store.Events(b.Context(), c.query); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// readLatest compares asking for many assets at once with asking for each.
func readLatest(b *testing.B, store history.Store) {
	const count, times = 10_000, 3
	for i := range times {
		mustAppend(b, store, wholeRun(fmt.Sprintf("r%d", i), count)...)
	}
	assets := make([]string, count)
	for i := range assets {
		assets[i] = fmt.Sprintf("step %d", i)
	}
	b.Run("at once", func(b *testing.B) {
		for b.Loop() {
			found, err := history.LatestMaterializations(b.Context(), store, assets)
			if err != nil || len(found) != count {
				b.Fatal(len(found), err)
			}
		}
	})
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			for _, asset := range assets {
				query := history.EventQuery{Asset: asset, Types: []history.EventType{history.TypeAssetMaterialized}, Limit: 1}
				if found, err := store.Events(b.Context(), query); err != nil || len(found) != 1 {
					b.Fatal(len(found), err)
				}
			}
		}
	})
}

func wholeRun(id string, steps int) []history.Event {
	keys := make([]string, steps)
	for i := range keys {
		keys[i] = fmt.Sprintf("step %d", i)
	}
	events := []history.Event{queued(id, keys...), event(id, 1, history.RunStarting{}), event(id, 2, history.RunStarted{})}
	for i, key := range keys {
		events = append(events,
			event(id, 3+i, history.StepStarted{Step: key, Attempt: 1}),
			event(id, 3+i, history.AssetMaterialized{Asset: key, Step: key, IOManager: "io_manager", Size: 1000}),
			event(id, 4+i, history.StepSucceeded{Step: key, Duration: time.Second}))
	}
	return append(events, event(id, 4+steps, history.RunFinished{Status: history.StatusSucceeded, Duration: time.Second}))
}

func mustAppend(b *testing.B, store history.Store, events ...history.Event) {
	if _, err := store.Append(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
}

func perEvent(b *testing.B, events int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
}
