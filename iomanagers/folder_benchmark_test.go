package iomanagers_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

// BenchmarkSmallValues stores 1,000 small values in one folder, as the steps of a fan do.
func BenchmarkSmallValues(b *testing.B) {
	const values = 1000
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("%d at once", writers), func(b *testing.B) {
			m, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				var next atomic.Int64
				var storing sync.WaitGroup
				for range writers {
					storing.Go(func() {
						for i := next.Add(1); i <= values; i = next.Add(1) {
							if err := m.Store(b.Context(), iomanagers.Output{Asset: fmt.Sprintf("fan/part%04d", i)}, i); err != nil {
								b.Error(err)
							}
						}
					})
				}
				storing.Wait()
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*values), "µs/value")
		})
	}
}
