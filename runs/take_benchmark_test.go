package runs_test

import (
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/history/sqlhistory/sqlite"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/locks/filelocks"
	"github.com/fxrun/fxrun/runs"
)

// BenchmarkAThousandQueuedRuns measures how long it takes until the last of a thousand
// queued runs has begun, and until all have ended, with a history in a file.
func BenchmarkAThousandQueuedRuns(b *testing.B) {
	const count = 1000
	memory := iomanagers.NewMemory()
	c, err := container.New(container.Provide("io_manager", func() iomanagers.IOManager { return memory }))
	if err != nil {
		b.Fatal(err)
	}
	graph, err := assets.NewGraph(c, assets.New("small", func() int { return 1 }))
	if err != nil {
		b.Fatal(err)
	}
	var begun []time.Duration
	for b.Loop() {
		b.StopTimer()
		home := b.TempDir()
		store, err := sqlite.Open(b.Context(), home)
		if err != nil {
			b.Fatal(err)
		}
		launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph, Store: store, Locks: filelocks.New(filepath.Join(home, "locks"))})
		if err != nil {
			b.Fatal(err)
		}
		queued := make([]runs.QueuedRun, count)
		for i := range queued {
			prepared, err := launcher.Prepare(runs.Request{Selection: "small", Tags: map[string]string{"customer": "17"}})
			if err != nil {
				b.Fatal(err)
			}
			if queued[i], err = prepared.Queued(time.Now()); err != nil {
				b.Fatal(err)
			}
		}
		if err := launcher.QueueRuns(b.Context(), queued...); err != nil {
			b.Fatal(err)
		}
		var mu sync.Mutex
		b.StartTimer()
		began := time.Now()
		err = launcher.Work(b.Context(), runs.WorkOptions{MaxRuns: 64, UntilEmpty: true, Taken: func(*runs.Run) {
			mu.Lock()
			defer mu.Unlock()
			begun = append(begun, time.Since(began))
		}})
		b.StopTimer()
		if err != nil || len(begun)%count != 0 {
			b.Fatal(len(begun), err)
		}
		if err := launcher.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	slices.Sort(begun)
	b.ReportMetric(begun[len(begun)-1].Seconds()*1000, "last-begun-ms")
	b.ReportMetric(begun[len(begun)/2].Seconds()*1000, "median-begun-ms")
}
