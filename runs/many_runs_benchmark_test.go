package runs_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/runs"
)

// BenchmarkManyRuns launches runs of one step that does nothing, several at once, and waits for
// their ends.
func BenchmarkManyRuns(b *testing.B) {
	for _, at := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d at once, history in SQLite", at), func(b *testing.B) {
			store, err := sqlite.Open(b.Context(), b.TempDir())
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = store.Close() }()
			manyRuns(b, store, at)
		})
		b.Run(fmt.Sprintf("%d at once, history in memory", at), func(b *testing.B) { manyRuns(b, history.NewMemoryStore(), at) })
	}
}

func manyRuns(b *testing.B, store history.Store, at int) {
	launcher := newLauncher(b, runs.LauncherConfig{Store: store}, memory(), assets.New("left", func() error { return nil }))
	b.ResetTimer()
	var next atomic.Int64
	var launching sync.WaitGroup
	for range at {
		launching.Go(func() {
			for next.Add(1) <= int64(b.N) {
				run, err := launcher.Launch(context.Background(), runs.Request{Selection: "left"})
				if err == nil {
					err = run.Wait(context.Background())
				}
				if err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	launching.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "runs/s")
}
