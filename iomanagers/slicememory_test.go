package iomanagers_test

import (
	"runtime"
	"testing"
	"unsafe"

	"github.com/fxrun/fxrun/iomanagers"
)

// point is a row that has no memory but its own.
type point struct{ X, Y, Z, Weight float64 }

func TestSlicesNeedLittleMoreMemoryThanTheirRows(t *testing.T) { // not parallel: it measures
	const n = 400_000
	all := make([]point, n)
	for i := range all {
		all[i] = point{float64(i), float64(i % 100), 0.5, 1}
	}
	for _, format := range []string{"csv", "jsonl"} {
		t.Run(format, func(t *testing.T) {
			m := newFiles(t, t.TempDir())
			stored := sizeOf(all, func() { store(t, m, iomanagers.Output{Asset: "a", Format: format}, all) })
			var got []point
			loaded := sizeOf(all, func() {
				if err := m.Load(t.Context(), iomanagers.Input{Asset: "a", Format: format}, &got); err != nil {
					t.Fatal(err)
				}
			})
			if len(got) != n || got[n-1] != all[n-1] {
				t.Errorf("%d rows come back", len(got))
			}
			t.Logf("storing allocates %.2f, loading %.2f of the rows, with memory for %.2f of them", stored, loaded, float64(cap(got))/n)
			if most := 1.5; format == "csv" && (stored > 0.5 || loaded > most) || float64(cap(got)) > most*n {
				t.Errorf("storing allocates %.2f of the rows, and loading %.2f, want at most 0.50 and %.2f", stored, loaded, most)
			}
		})
	}
}

// sizeOf returns how much is allocated, as a share of what the rows need.
func sizeOf(all []point, do func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc-before.TotalAlloc) / float64(uintptr(len(all))*unsafe.Sizeof(all[0]))
}
