package bench

import (
	"context"
	"runtime"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
)

// idle is a hook that does nothing.
func idle() fx.Hook {
	nothing := func(context.Context) error { return nil }
	return fx.Hook{OnStart: nothing, OnStop: nothing}
}

// Run measures one run of the contender after the other.
func Run(b *testing.B, contender Contender, graph Graph) {
	use := &Use{Hook: idle()}
	run := prepare(b, contender, graph, use)
	b.ReportAllocs()
	for b.Loop() {
		try(b, run)
	}
	check(b, graph, use)
}

// RunParallel measures as many runs at once as there are processors.
func RunParallel(b *testing.B, contender Contender, graph Graph) {
	use := &Use{Hook: idle()}
	run := prepare(b, contender, graph, use)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := run(b.Context()); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
	check(b, graph, use)
}

// StartThreeLevels measures a run of 30 resources in three levels, each of
// which takes a while to start.
func StartThreeLevels(b *testing.B, contender Contender, while time.Duration) {
	use := &Use{Hook: idle()}
	use.Hook.OnStart = func(ctx context.Context) error {
		select {
		case <-time.After(while):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	graph := Graph{Shape: Levels, Needed: 30, Declared: 30}
	run := prepare(b, contender, graph, use)
	for b.Loop() {
		try(b, run)
	}
	check(b, graph, use)
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/run")
}

// NewContainer measures the declaring and checking of n resources. Besides, it
// reports how much memory a container holds on to for each resource, and how
// much the first one does, with the types that package reflect makes for it and
// keeps. In a process that has made a container of such resources before, the
// two are the same.
func NewContainer(b *testing.B, n int) {
	first := containerSize(b, n)
	held := containerSize(b, n)
	functions := declared(n)
	b.ReportAllocs()
	for b.Loop() {
		declare(b, functions)
	}
	b.ReportMetric(first, "first-B/resource")
	b.ReportMetric(held, "held-B/resource")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/resource")
}

func containerSize(b *testing.B, n int) float64 {
	functions := declared(n)
	before := heap()
	c := declare(b, functions)
	size := float64(heap()) - float64(before)
	runtime.KeepAlive(c)
	runtime.KeepAlive(functions)
	return size / float64(n)
}

func declared(n int) []any { return Graph{Shape: Chain, Needed: 10, Declared: n}.functions(n, idle()) }

func declare(b *testing.B, functions []any) *container.Container {
	c, err := container.New(definitions(functions)...)
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// Heap reports how much memory is in use after the first thousand runs of a
// contender and after all of them, and how many goroutines they left behind.
func Heap(b *testing.B, contender Contender, runs int) {
	const first = 1000
	for b.Loop() {
		run := prepare(b, contender, Graph{Shape: Chain, Needed: 10, Declared: 10}, &Use{Hook: idle()})
		goroutines := runtime.NumGoroutine()
		before := heap()
		for range first {
			try(b, run)
		}
		afterFirst := heap()
		for range runs - first {
			try(b, run)
		}
		after := heap()
		runtime.KeepAlive(run)
		b.ReportMetric(float64(afterFirst)-float64(before), "heap-B-after-1000")
		b.ReportMetric(float64(after)-float64(before), "heap-B-after-all")
		b.ReportMetric(float64(runtime.NumGoroutine()-goroutines), "goroutines-left")
	}
}

// heap is what is in use after a collection. What finalizers and pools hold on
// to is gone only after a second one.
func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func prepare(b *testing.B, contender Contender, graph Graph, use *Use) func(context.Context) error {
	run, err := contender.New(graph, use)
	if err != nil {
		b.Fatal(err)
	}
	try(b, run) // what is made once, at the first run, is not what is measured
	check(b, graph, use)
	return run
}

func try(b *testing.B, run func(context.Context) error) {
	if err := run(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// check makes sure that what was measured did its work.
func check(b *testing.B, graph Graph, use *Use) {
	if answer := use.Answer.Load(); answer != int64(graph.Needed) {
		b.Fatalf("what was asked for stands on %d resources, not on %d", answer, graph.Needed)
	}
}
