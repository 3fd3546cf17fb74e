package arrowcodec_test

import (
	"bytes"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/fxrun/fxrun/iomanagers/arrowcodec"
)

// reading is a row that has no memory but its own.
type reading struct{ X, Y, Z, Weight float64 }

func TestASliceNeedsLittleMoreMemoryThanItsRows(t *testing.T) { // not parallel: it measures
	const n = 1_000_000
	all := make([]reading, n)
	for i := range all {
		all[i] = reading{float64(i), float64(i % 100), 0.5, 1}
	}
	var file bytes.Buffer
	if err := arrowcodec.Arrow().Encode(&file, all); err != nil {
		t.Fatal(err)
	}
	var got []reading
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := arrowcodec.Arrow().Decode(bytes.NewReader(file.Bytes()), &got); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if !slices.Equal(all, got) {
		t.Fatalf("%d other rows come back", len(got))
	}
	share := float64(after.TotalAlloc-before.TotalAlloc) / float64(n*unsafe.Sizeof(all[0]))
	if t.Logf("loading allocates %.2f of the rows", share); share > 1.5 {
		t.Errorf("loading allocates %.2f of the rows, want at most 1.50", share)
	}
}
