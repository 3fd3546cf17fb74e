package iomanagers_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fxrun/fxrun/iomanagers"
)

// BenchmarkSmallValues stores 1,000 small values in one folder, as the steps of a fan do. "By hand"
// is what the durability alone costs: a file is written, flushed and renamed, and the folder flushed.
func BenchmarkSmallValues(b *testing.B) {
	for _, writers := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("%d at once/by hand", writers), func(b *testing.B) {
			folder := b.TempDir()
			measureStores(b, writers, func(name string) error { return storeByHand(folder, name) })
		})
		b.Run(fmt.Sprintf("%d at once/fxrun", writers), func(b *testing.B) {
			m, err := iomanagers.NewFiles(iomanagers.FilesConfig{Root: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			measureStores(b, writers, func(name string) error {
				return m.Store(b.Context(), iomanagers.Output{Asset: "fan/" + name}, 7)
			})
		})
	}
}

func measureStores(b *testing.B, writers int, store func(name string) error) {
	const values = 1000
	for b.Loop() {
		var next atomic.Int64
		var storing sync.WaitGroup
		for range writers {
			storing.Go(func() {
				for i := next.Add(1); i <= values; i = next.Add(1) {
					if err := store(fmt.Sprintf("part%04d", i)); err != nil {
						b.Error(err)
					}
				}
			})
		}
		storing.Wait()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*values), "µs/value")
	b.ReportMetric(0, "ns/op")
}

func storeByHand(folder, name string) error {
	file, err := os.CreateTemp(folder, "by-hand-")
	if err != nil {
		return err
	}
	_, err = file.WriteString("7\n")
	if err := errors.Join(err, file.Sync(), file.Close(), os.Rename(file.Name(), filepath.Join(folder, name))); err != nil {
		return err
	}
	dir, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
