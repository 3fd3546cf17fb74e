package bench_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/runs"
)

// needs says which steps the i-th of a run comes after.
type needs func(i int) []int

// chain has every step wait for the one before it.
func chain(i int) []int {
	if i == 0 {
		return nil
	}
	return []int{i - 1}
}

// fanOut has every step wait for the first.
func fanOut(i int) []int {
	if i == 0 {
		return nil
	}
	return []int{0}
}

// layered has layers of 100 steps, of which each waits for up to three random
// ones of the layer before; always the same ones.
func layered() needs {
	const width = 100
	random := rand.New(rand.NewPCG(1, 2))
	return func(i int) []int {
		if i < width {
			return nil
		}
		before := (i/width - 1) * width
		upstream := make([]int, 3)
		for n := range upstream {
			upstream[n] = before + random.IntN(width)
		}
		return upstream
	}
}

// newStepsLauncher returns a launcher for a graph of steps that do nothing.
func newStepsLauncher(b *testing.B, steps int, upstream needs, store history.Store) *runs.Launcher {
	b.Helper()
	list := make([]assets.Asset, steps)
	for i := range list {
		var after []string
		for _, need := range upstream(i) {
			after = append(after, fmt.Sprintf("step%05d", need))
		}
		list[i] = assets.New(fmt.Sprintf("step%05d", i), func(context.Context) error { return nil }, assets.After(after...))
	}
	c, err := container.New()
	if err != nil {
		b.Fatal(err)
	}
	graph, err := assets.NewGraph(c, assets.Set(list...))
	if err != nil {
		b.Fatal(err)
	}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: store})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := launcher.Close(context.Background()); err != nil {
			b.Error(err)
		}
	})
	return launcher
}

// BenchmarkSteps executes whole runs of steps that do nothing, each in a new
// history, so that what is measured is what a step costs beside its own work.
// Launching such a run is not counted.
func BenchmarkSteps(b *testing.B) {
	for _, shape := range []struct {
		name string
		new  func() needs
	}{
		{"chain", func() needs { return chain }},
		{"fan-out", func() needs { return fanOut }},
		{"layered", layered},
	} {
		for _, store := range []struct {
			name string
			open func(b *testing.B) history.Store
		}{
			{"memory", func(*testing.B) history.Store { return history.NewMemoryStore() }},
			{"sqlite", openSQLite},
		} {
			for _, steps := range []int{1000, 10_000} {
				b.Run(fmt.Sprintf("%s/%s/%d", shape.name, store.name, steps), func(b *testing.B) {
					benchmarkSteps(b, steps, shape.new(), store.open)
				})
			}
		}
	}
}

func openSQLite(b *testing.B) history.Store {
	store, err := sqlite.Open(context.Background(), b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	return store
}

func benchmarkSteps(b *testing.B, steps int, upstream needs, open func(*testing.B) history.Store) {
	var allocated uint64
	var before, after runtime.MemStats
	b.StopTimer()
	for range b.N {
		launcher := newStepsLauncher(b, steps, upstream, open(b))
		started, begin := make(chan struct{}), make(chan struct{})
		run, err := launcher.Launch(b.Context(), runs.Request{Selection: "*", Observe: func(event history.Event) {
			if event.Type() == history.TypeRunStarted {
				close(started)
				<-begin
			}
		}})
		if err != nil {
			b.Fatal(err)
		}
		<-started
		runtime.ReadMemStats(&before)
		b.StartTimer()
		close(begin)
		err = run.Wait(b.Context())
		b.StopTimer()
		runtime.ReadMemStats(&after)
		if err != nil {
			b.Fatal(err)
		}
		allocated += after.TotalAlloc - before.TotalAlloc
		found, err := history.Find(b.Context(), launcher.Store(), run.ID())
		if err != nil || found.Seq < int64(3*steps) {
			b.Fatalf("%d events were recorded (%v), want 3 for each of %d steps", found.Seq, err, steps)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*steps), "ns/step")
	b.ReportMetric(float64(allocated)/float64(b.N*steps), "B/step")
}
