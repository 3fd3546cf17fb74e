package runstest

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxrun/fxrun/runs"
)

// Benchmark measures appending and reading, each on an empty store of its own.
func Benchmark(b *testing.B, newStore func(b *testing.B) runs.Store) {
	for _, batch := range []int{1, 100} {
		b.Run(fmt.Sprintf("append %d log lines", batch), func(b *testing.B) {
			store := newStore(b)
			mustAppend(b, store, queued("r1"))
			lines := make([]runs.Event, batch)
			for i := range lines {
				lines[i] = event("r1", i, runs.LogWritten{Message: "fetched a page", Step: "orders", Attrs: runs.Values{"page": 7, "rows": 1000}})
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
	b.Run("append a step event to a run of 1000 steps", func(b *testing.B) {
		store := newStore(b)
		mustAppend(b, store, wholeRun("r1", 1000)[:3]...)
		mustAppend(b, store, event("r1", 3, runs.StepStarted{Step: "step 500", Attempt: 1}))
		for b.Loop() {
			mustAppend(b, store, event("r1", 4, runs.StepProgress{Step: "step 500", Rows: 1}))
		}
	})
	b.Run("append from many goroutines", func(b *testing.B) {
		store := newStore(b)
		var count atomic.Int64
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
			if _, err := store.Events(b.Context(), runs.EventQuery{RunID: "r1"}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("find the last materialization among 1000", func(b *testing.B) {
		store := newStore(b)
		for i := range 1000 {
			id := fmt.Sprintf("r%d", i)
			made := event(id, 4, runs.AssetMaterialized{Asset: "orders", Step: "orders"})
			mustAppend(b, store, append(running(id, "orders"), made)...)
		}
		query := runs.EventQuery{Asset: "orders", Types: []runs.EventType{runs.TypeAssetMaterialized}, Limit: 1}
		for b.Loop() {
			if _, err := store.Events(b.Context(), query); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func wholeRun(id string, steps int) []runs.Event {
	keys := make([]string, steps)
	for i := range keys {
		keys[i] = fmt.Sprintf("step %d", i)
	}
	events := []runs.Event{queued(id, keys...), event(id, 1, runs.RunStarting{}), event(id, 2, runs.RunStarted{})}
	for i, key := range keys {
		events = append(events,
			event(id, 3+i, runs.StepStarted{Step: key, Attempt: 1}),
			event(id, 3+i, runs.AssetMaterialized{Asset: key, Step: key, IOManager: "io_manager", Size: 1000}),
			event(id, 4+i, runs.StepSucceeded{Step: key, Duration: time.Second}))
	}
	return append(events, event(id, 4+steps, runs.RunFinished{Status: runs.StatusSucceeded, Duration: time.Second}))
}

func mustAppend(b *testing.B, store runs.Store, events ...runs.Event) {
	if _, err := store.Append(b.Context(), events...); err != nil {
		b.Fatal(err)
	}
}

func perEvent(b *testing.B, events int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*events), "ns/event")
}
