package bench_test

import (
	"context"
	"os"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/fxrun/fxrun/bench"
	"github.com/fxrun/fxrun/internal/postgrestest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, postgrestest.Closing(), goleak.Cleanup(func(code int) {
		server.Stop()
		os.Exit(code)
	}))
}

// outcome is what can be seen of two runs.
type outcome struct{ Answer, Starts, Stops int64 }

func TestEveryContenderBuildsTheSame(t *testing.T) {
	t.Parallel()
	for _, contender := range bench.Contenders() {
		for _, graph := range []bench.Graph{
			{Shape: bench.Chain, Needed: 1, Declared: 4},
			{Shape: bench.Chain, Needed: 12, Declared: 24},
			{Shape: bench.FanIn, Needed: 1, Declared: 4},
			{Shape: bench.FanIn, Needed: 2, Declared: 4},
			{Shape: bench.FanIn, Needed: 12, Declared: 24},
			{Shape: bench.Levels, Needed: 12, Declared: 24},
		} {
			t.Run(contender.Name+" builds "+graph.String(), func(t *testing.T) {
				t.Parallel()
				got := runTwice(t, contender, graph)
				want := outcome{Answer: int64(graph.Needed), Starts: 2 * int64(graph.Needed), Stops: 2 * int64(graph.Needed)}
				if !contender.Starts {
					want.Starts = 0
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("two runs (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func runTwice(t *testing.T, contender bench.Contender, graph bench.Graph) outcome {
	t.Helper()
	var starts, stops atomic.Int64
	use := &bench.Use{Hook: fx.Hook{
		OnStart: func(context.Context) error { starts.Add(1); return nil },
		OnStop:  func(context.Context) error { stops.Add(1); return nil },
	}}
	run, err := contender.New(graph, use)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return outcome{use.Answer.Load(), starts.Load(), stops.Load()}
}

func TestTenThousandResourcesAreOfDistinctTypes(t *testing.T) {
	t.Parallel()
	for _, contender := range bench.Contenders() {
		if contender.Name == "fxrun child" { // whose container refuses a type that it has seen before
			graph := bench.Graph{Shape: bench.Chain, Needed: 10_000, Declared: 10_000}
			if _, err := contender.New(graph, new(bench.Use)); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Error("there is no such contender")
}
