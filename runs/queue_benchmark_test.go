package runs_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// BenchmarkQueue queues runs of one trivial step, and executes them, with a history and
// locks in files.
func BenchmarkQueue(b *testing.B) {
	for name, limits := range map[string]runs.Limits{"no limits": {}, "8 runs at once": {Runs: 8}} {
		b.Run(name, func(b *testing.B) {
			home := b.TempDir()
			store := sqlite.NewFolder(home)
			b.Cleanup(func() { _ = store.Close() })
			launcher := newLauncher(b, runs.LauncherConfig{
				Store: store, Locks: filelocks.New(filepath.Join(home, "locks")), Limits: limits,
			}, memory(), assets.NewJob("nightly", assets.NewOp("left", func() left { return 1 })))
			for b.Loop() {
				const count = 100
				var queueing sync.WaitGroup
				for range count {
					queueing.Go(func() { queue(b, launcher, runs.Request{Job: "nightly"}) })
				}
				queueing.Wait()
				workUntilEmpty(b, launcher)
			}
		})
	}
}
