package bench_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

// BenchmarkSlice loads 3,000,000 rows as a slice, in a process of its own for each format. It shows
// the most heap memory at a time, and the most memory of the process, as shares of what the rows
// themselves need.
func BenchmarkSlice(b *testing.B) {
	file := filepath.Join(b.TempDir(), "rows")
	for _, codec := range sliceCodecs() {
		b.Run(codec.Name(), func(b *testing.B) {
			writeSales(b, codec, file)
			var seconds, heap, process float64
			for b.Loop() {
				result := sliceInProcess(b, codec.Name(), file)
				seconds += result.Seconds
				heap, process = max(heap, result.Heap), max(process, result.Process)
			}
			b.ReportMetric(float64(b.N)*streamRows/seconds, "rows/s")
			b.ReportMetric(heap, "heap/rows")
			b.ReportMetric(process, "process/rows")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func sliceCodecs() []iomanagers.RowCodec {
	var all []iomanagers.RowCodec
	for _, codec := range []iomanagers.Codec{iomanagers.CSV(), iomanagers.JSONLines(), iomanagers.Gob(), parquetcodec.Parquet()} {
		all = append(all, codec.(iomanagers.RowCodec))
	}
	return all
}

func writeSales(b *testing.B, codec iomanagers.RowCodec, name string) {
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	encoder, err := codec.NewRowEncoder(f, reflect.TypeFor[[]sale]())
	if err != nil {
		b.Fatal(err)
	}
	for batch := range sourceBatches(streamRows) {
		if err := encoder.Write(batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := encoder.Close(); err != nil {
		b.Fatal(err)
	}
}

// sliceResult is what a process tells that has loaded a slice.
type sliceResult struct{ Seconds, Heap, Process float64 }

const (
	sliceVariable     = "FXRUN_BENCH_SLICE"
	sliceFileVariable = "FXRUN_BENCH_SLICE_FILE"
)

func sliceInProcess(b *testing.B, format, file string) (result sliceResult) {
	command := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestSliceProcess$", "-test.v")
	command.Env = append(os.Environ(), sliceVariable+"="+format, sliceFileVariable+"="+file)
	output, err := command.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	_, text, found := bytes.Cut(output, []byte("RESULT "))
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&result); err != nil || !found {
		b.Fatalf("%v in\n%s", err, output)
	}
	return result
}

// TestSliceProcess is what BenchmarkSlice runs in a process of its own.
func TestSliceProcess(t *testing.T) {
	format := os.Getenv(sliceVariable)
	if format == "" {
		t.Skip("only to be run by BenchmarkSlice")
	}
	f, err := os.Open(os.Getenv(sliceFileVariable))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	file, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	for _, codec := range sliceCodecs() {
		if codec.Name() != format {
			continue
		}
		var all []sale
		begun, highest := time.Now(), watchHeap()
		if err := codec.Decode(sized{f, file.Size()}, &all); err != nil {
			t.Fatal(err)
		}
		result := sliceResult{Seconds: time.Since(begun).Seconds()}
		heap := highest()
		need := needOf(t, all)
		result.Heap, result.Process = heap/need, peakMemory(t)*(1<<20)/need
		text, err := json.Marshal(result)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("RESULT %s\n", text)
	}
}

// sized is a file as managers give it to codecs.
type sized struct {
	*os.File
	size int64
}

func (s sized) Size() int64 { return s.size }

// needOf returns how many bytes the rows need.
func needOf(t *testing.T, all []sale) float64 {
	if len(all) != streamRows {
		t.Fatalf("%d rows", len(all))
	}
	need := uintptr(len(all)) * unsafe.Sizeof(all[0])
	for i := range all {
		if all[i].ID != int64(i) || !strings.HasPrefix(all[i].Customer, "customer ") {
			t.Fatalf("row %d is %+v", i, all[i])
		}
		need += uintptr(len(all[i].Customer) + len(all[i].Item))
	}
	return float64(need)
}

// watchHeap returns what ends the watch and returns the most bytes on the heap since then.
func watchHeap() func() float64 {
	var highest uint64
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
	return func() float64 {
		close(stop)
		<-stopped
		return float64(highest)
	}
}
