package runs_test

import (
	"testing"

	"github.com/fxrun/fxrun/runs"
	"github.com/fxrun/fxrun/runs/runstest"
)

func TestMemoryStore(t *testing.T) {
	runstest.Run(t, func(*testing.T) runstest.Subject {
		return runstest.Subject{Store: runs.NewMemoryStore()}
	})
}

func BenchmarkMemoryStore(b *testing.B) {
	runstest.Benchmark(b, func(*testing.B) runs.Store { return runs.NewMemoryStore() })
}
