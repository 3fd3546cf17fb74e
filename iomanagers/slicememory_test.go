package iomanagers_test

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/fxrun/fxrun/iomanagers"
)

// point is a row that has no memory but its own.
type point struct{ X, Y, Z, Weight float64 }

// buffers is what loading needs however many rows there are, in bytes. bench/slice_test.go measures
// slices so large that it does not count.
const buffers = 8 << 20

func sizeInMemory(all []point) uintptr { return uintptr(len(all)) * unsafe.Sizeof(all[0]) }

func TestSlicesNeedLittleMoreMemoryThanTheirRows(t *testing.T) { // not parallel: it measures
	const n = 400_000
	all := make([]point, n)
	for i := range all {
		all[i] = point{float64(i), float64(i % 100), 0.5, 1}
	}
	for _, format := range []string{"csv", "jsonl", "gob"} {
		t.Run(format, func(t *testing.T) {
			m := newFiles(t, t.TempDir(), everyCodec()...)
			stored, _ := sizeOf(all, func() { store(t, m, iomanagers.Output{Asset: "a", Format: format}, all) })
			var got []point
			loaded, peak := sizeOf(all, func() {
				if err := m.Load(t.Context(), iomanagers.Input{Asset: "a", Format: format}, &got); err != nil {
					t.Fatal(err)
				}
			})
			if len(got) != n || got[n-1] != all[n-1] {
				t.Errorf("%d rows come back", len(got))
			}
			t.Logf("storing allocates %.2f of the rows, loading %.2f and at most %.2f at a time, with memory for %.2f of them", stored, loaded, peak, float64(cap(got))/n)
			if format == "csv" && (stored > 0.5 || loaded > 1.5) {
				t.Errorf("storing allocates %.2f of the rows, and loading %.2f, want at most 0.50 and 1.50", stored, loaded)
			}
			most := 1.5 + buffers/float64(sizeInMemory(all))
			if format == "jsonl" { // the garbage of each row takes longer to be collected under the race detector
				most += 1
			}
			if peak > most || float64(cap(got)) > 1.5*n {
				t.Errorf("loading needs %.2f of the rows, and ends with memory for %.2f of them, want at most %.2f and 1.50", peak, float64(cap(got))/n, most)
			}
		})
	}
}

// TestALargeFileOfGobAsksForCollections is not parallel: it counts what the process asks for.
func TestALargeFileOfGobAsksForCollections(t *testing.T) {
	type note struct{ Text string }
	for _, test := range []struct {
		name      string
		megabytes int
		asked     uint32
	}{
		{"a file of less than 32 MiB asks for none", 31, 0},
		{"a larger one asks for two", 40, 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newFiles(t, t.TempDir(), everyCodec()...)
			all := slices.Repeat([]note{{strings.Repeat("x", 16<<10)}}, test.megabytes*64)
			store(t, m, iomanagers.Output{Asset: "a", Format: "gob"}, all)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var got []note
			if err := m.Load(t.Context(), iomanagers.Input{Asset: "a", Format: "gob"}, &got); err != nil {
				t.Fatal(err)
			}
			runtime.ReadMemStats(&after)
			if asked := after.NumForcedGC - before.NumForcedGC; asked != test.asked {
				t.Errorf("it asks for %d collections, want %d", asked, test.asked)
			}
			if !slices.Equal(got, all) {
				t.Error("other rows come back")
			}
		})
	}
}

// sizeOf returns how much is allocated, and the most by which the heap grows at a time, as shares of
// what the rows need.
func sizeOf(all []point, do func()) (allocated, peak float64) {
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // what is waiting to be collected does not count
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var highest uint64 // read when the goroutine has ended
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		for {
			metrics.Read(sample)
			highest = max(highest, sample[0].Value.Uint64())
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	do()
	close(stop)
	<-stopped
	runtime.ReadMemStats(&after)
	size := float64(sizeInMemory(all))
	return float64(after.TotalAlloc-before.TotalAlloc) / size, (float64(highest) - float64(before.HeapAlloc)) / size
}
