package parquetcodec_test

import (
	"bytes"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
	"unsafe"

	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

// point is a row that has no memory but its own.
type point struct{ X, Y, Z, Weight float64 }

func TestASliceNeedsLittleMoreMemoryThanItsRows(t *testing.T) { // not parallel: it measures
	const n = 400_000
	all := make([]point, n)
	for i := range all {
		all[i] = point{float64(i), float64(i % 100), 0.5, 1}
	}
	var file bytes.Buffer
	if err := parquetcodec.Parquet().Encode(&file, all); err != nil {
		t.Fatal(err)
	}
	var got []point
	peak := mostMemory(func() {
		if err := parquetcodec.Parquet().Decode(bytes.NewReader(file.Bytes()), &got); err != nil {
			t.Fatal(err)
		}
	})
	if len(got) != n || got[n-1] != all[n-1] {
		t.Errorf("%d rows come back", len(got))
	}
	const buffers = 8 << 20 // what loading needs however many rows there are, in bytes
	need := float64(n * unsafe.Sizeof(all[0]))
	t.Logf("loading needs at most %.2f of the rows at a time, with memory for %.2f of them", peak/need, float64(cap(got))/n)
	if peak > 1.5*need+buffers || float64(cap(got)) > 1.1*n {
		t.Errorf("loading needs %.2f of the rows, and ends with memory for %.2f of them", peak/need, float64(cap(got))/n)
	}
}

// mostMemory returns the most bytes by which the heap grows at a time.
func mostMemory(do func()) float64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // what is waiting to be collected does not count
	for range 3 {                                    // a sync.Pool keeps its memory for two collections
		runtime.GC()
	}
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	before := heap[0].Value.Uint64()
	highest := before // read when the goroutine has ended
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			metrics.Read(heap)
			highest = max(highest, heap[0].Value.Uint64())
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
	metrics.Read(heap)
	return float64(max(highest, heap[0].Value.Uint64()) - before)
}
