package bench_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/fxrun/fxrun/bench"
)

func BenchmarkRun(b *testing.B) {
	for _, shape := range []bench.Shape{bench.Chain, bench.FanIn} {
		for _, needed := range []int{1, 10, 100} {
			for _, declared := range []int{10, 1000, 10_000} {
				if declared < needed {
					continue
				}
				graph := bench.Graph{Shape: shape, Needed: needed, Declared: declared}
				for _, contender := range bench.Contenders() {
					b.Run(graph.String()+"/"+contender.Name, func(b *testing.B) { bench.Run(b, contender, graph) })
				}
			}
		}
	}
}

func BenchmarkParallel(b *testing.B) {
	graph := bench.Graph{Shape: bench.Chain, Needed: 10, Declared: 10}
	for _, contender := range bench.Contenders() {
		if !contender.Everything { // the same thing, where all is needed
			b.Run(contender.Name, func(b *testing.B) { bench.RunParallel(b, contender, graph) })
		}
	}
}

func BenchmarkStartThreeLevels(b *testing.B) {
	for _, contender := range bench.Contenders() {
		if contender.Starts && !contender.Everything {
			b.Run(contender.Name, func(b *testing.B) { bench.StartThreeLevels(b, contender, 50*time.Millisecond) })
		}
	}
}

func BenchmarkNewContainer(b *testing.B) {
	for _, n := range []int{10, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) { bench.NewContainer(b, n) })
	}
}

// BenchmarkHeap takes 100,000 runs of those that live beside others of their
// kind in one process.
func BenchmarkHeap(b *testing.B) {
	for _, contender := range bench.Contenders() {
		if contender.Shared && !contender.Everything {
			b.Run(contender.Name, func(b *testing.B) { bench.Heap(b, contender, 100_000) })
		}
	}
}
