package runs_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// BenchmarkFan executes runs of 1,000 steps, each of which makes 100 bytes that are stored as a
// file. The variable TMPDIR says on which disk.
func BenchmarkFan(b *testing.B) {
	for _, parallel := range []int{1, 2, 8} {
		b.Run(fmt.Sprintf("at most %d at once", parallel), func(b *testing.B) { benchmarkFan(b, parallel) })
	}
}

func benchmarkFan(b *testing.B, parallel int) {
	const values = 1000
	folder := b.TempDir()
	store, err := sqlite.Open(b.Context(), folder)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.Error(err)
		}
	})
	list := make([]assets.Asset, values)
	for i := range list {
		list[i] = assets.New(fmt.Sprintf("fan/part%04d", i), func(context.Context) ([]byte, error) { return make([]byte, 100), nil })
	}
	files := iomanagers.Files("io_manager", iomanagers.FilesConfig{Root: filepath.Join(folder, "storage")})
	launcher := newLauncher(b, runs.LauncherConfig{
		Store: store, Locks: filelocks.New(filepath.Join(folder, "locks")), Executor: runs.InProcess(runs.InProcessConfig{MaxParallel: parallel}),
	}, []container.Definition{files}, assets.Set(list...))
	for b.Loop() {
		if _, err := run(b, launcher, runs.Request{Selection: "*"}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*values), "µs/value")
	b.ReportMetric(0, "ns/op")
}
