package history_test

import (
	"testing"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/historytest"
)

func TestMemoryStore(t *testing.T) {
	historytest.Run(t, func(*testing.T) historytest.Subject {
		return historytest.Subject{Store: history.NewMemoryStore()}
	})
}

func BenchmarkMemoryStore(b *testing.B) {
	historytest.Benchmark(b, func(*testing.B) history.Store { return history.NewMemoryStore() })
}
