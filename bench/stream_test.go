package bench_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jszwec/csvutil"
	"github.com/parquet-go/parquet-go"
	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
	"github.com/fxrun/fxrun/rows"
	"github.com/fxrun/fxrun/runs"
)

// streamRows is how many rows go from the source through CSV and Parquet to a sum.
const streamRows = 3_000_000

// sale is a row of the kind that data jobs move: numbers, short texts, a time.
type sale struct {
	ID       int64
	Customer string
	Item     string
	Price    float64
	Count    int64
	At       time.Time
}

var streamStart = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func saleOf(i int) sale {
	return sale{
		ID:       int64(i),
		Customer: "customer " + strconv.Itoa(i%10_007),
		Item:     [...]string{"tea", "milk", "coffee beans", "sugar", "bread"}[i%5],
		Price:    float64(i%997) / 4,
		Count:    int64(i % 7),
		At:       streamStart.Add(time.Duration(i) * time.Second),
	}
}

// streamers do the same work: store n rows of the source as CSV, turn that into Parquet, sum
// up what is in there.
var streamers = []struct {
	name string
	run  func(folder string, n int) (map[string]float64, error)
}{
	{"by hand", streamByHand},
	{"fxrun in batches", streamInBatches},
	{"fxrun row by row", streamRowByRow},
	{"fxrun row by row, iter.Seq2", streamByReflection},
	{"fxrun row by row, iter.Seq2 with assets.RowsOf", streamAssets},
	{"fxrun row by row, iter.Seq2 after an asset with assets.RowsOf", streamAfterRowsOf},
}

func BenchmarkStream(b *testing.B) {
	for i, s := range streamers {
		b.Run(s.name, func(b *testing.B) {
			var seconds, processor, peak float64
			for b.Loop() {
				result := streamInProcess(b, i)
				seconds += result.Seconds
				processor += result.processor
				peak = max(peak, result.PeakMB)
			}
			b.ReportMetric(float64(b.N)*streamRows/seconds, "rows/s")
			b.ReportMetric(processor*1e9/(float64(b.N)*streamRows), "cpu-ns/row")
			b.ReportMetric(peak, "peak-MB")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// streamResult is what a process of its own tells of one run, so that its peak of memory is
// that of the run alone.
type streamResult struct {
	Seconds float64
	PeakMB  float64
	Sums    map[string]float64

	processor float64 // seconds of all processors, which a busy machine changes less
}

const streamVariable = "FXRUN_BENCH_STREAM"

func streamInProcess(b *testing.B, i int) streamResult {
	command := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestStreamProcess$", "-test.v")
	command.Env = append(os.Environ(), streamVariable+"="+strconv.Itoa(i), "TMPDIR="+b.TempDir())
	output, err := command.CombinedOutput()
	if err != nil {
		b.Fatalf("%v\n%s", err, output)
	}
	_, text, found := strings.Cut(string(output), "RESULT ")
	var result streamResult
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&result); err != nil || !found {
		b.Fatalf("%v in\n%s", err, output)
	}
	result.processor = (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds()
	return result
}

// TestStreamProcess is what BenchmarkStream runs in a process of its own.
func TestStreamProcess(t *testing.T) {
	chosen := os.Getenv(streamVariable)
	if chosen == "" {
		t.Skip("only to be run by BenchmarkStream")
	}
	i, err := strconv.Atoi(chosen)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	begun := time.Now()
	sums, err := streamers[i].run(folder, streamRows)
	if err != nil {
		t.Fatal(err)
	}
	result := streamResult{Seconds: time.Since(begun).Seconds(), PeakMB: peakMemory(t), Sums: sums}
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("RESULT %s\n", text)
}

// TestStreamersAgree holds all of them to the same sums.
func TestStreamersAgree(t *testing.T) {
	want := map[string]float64{}
	for i := range 10_000 {
		add(want, saleOf(i))
	}
	for _, s := range streamers {
		got, err := s.run(t.TempDir(), 10_000)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, %v, want %v", s.name, got, err, want)
		}
	}
}

// peakMemory returns the most memory that the process has held, in MB, as Linux counts it.
func peakMemory(t *testing.T) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, text, _ := strings.Cut(string(status), "VmHWM:")
	text, _, _ = strings.Cut(text, "kB")
	kilobytes, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes / 1024
}

func add(sums map[string]float64, s sale) { sums[s.Item] += s.Price * float64(s.Count) }

func files(folder string) (*iomanagers.FileManager, error) {
	return iomanagers.NewFiles(iomanagers.FilesConfig{Root: folder}, iomanagers.CSV(), parquetcodec.Parquet())
}

func streamInBatches(folder string, n int) (map[string]float64, error) {
	manager, err := files(folder)
	if err != nil {
		return nil, err
	}
	return streamThrough(manager, sourceBatches(n), func(batches iter.Seq2[[]sale, error], sums map[string]float64) error {
		for batch, err := range batches {
			if err != nil {
				return err
			}
			for i := range batch {
				add(sums, batch[i])
			}
		}
		return nil
	})
}

func streamRowByRow(folder string, n int) (map[string]float64, error) {
	manager, err := files(folder)
	if err != nil {
		return nil, err
	}
	return streamThrough(manager, rows.Seq[sale](rows.Each(sourceBatches(n))), func(stream rows.Seq[sale], sums map[string]float64) error {
		for row, err := range stream {
			if err != nil {
				return err
			}
			add(sums, row)
		}
		return nil
	})
}

// streamByReflection is streamRowByRow with a type that brings no code for its rows.
func streamByReflection(folder string, n int) (map[string]float64, error) {
	manager, err := files(folder)
	if err != nil {
		return nil, err
	}
	return streamThrough(manager, iter.Seq2[sale, error](rows.Each(sourceBatches(n))), func(stream iter.Seq2[sale, error], sums map[string]float64) error {
		for row, err := range stream {
			if err != nil {
				return err
			}
			add(sums, row)
		}
		return nil
	})
}

// streamAssets is streamByReflection in assets that say what rows they have, so that the option
// brings the code for them.
func streamAssets(folder string, n int) (map[string]float64, error) {
	return streamInAssets(folder, n, assets.RowsOf[sale]())
}

// streamAfterRowsOf is streamAssets with the option at the first asset alone.
func streamAfterRowsOf(folder string, n int) (map[string]float64, error) {
	return streamInAssets(folder, n)
}

func streamInAssets(folder string, n int, others ...assets.Option) (_ map[string]float64, err error) {
	type stream = iter.Seq2[sale, error]
	manager, err := files(folder)
	if err != nil {
		return nil, err
	}
	sums := map[string]float64{}
	c, err := container.New(container.Provide("io_manager", func() iomanagers.IOManager { return manager }))
	if err != nil {
		return nil, err
	}
	graph, err := assets.NewGraph(c,
		assets.New("sales", func() stream { return stream(rows.Each(sourceBatches(n))) }, assets.RowsOf[sale](), assets.Format("csv")),
		assets.New("columns", func(in struct {
			fx.In
			Sales stream `name:"sales"`
		},
		) stream {
			return in.Sales
		}, append(others, assets.Format("parquet"))...),
		assets.New("sums", func(in struct {
			fx.In
			Columns stream `name:"columns"`
		},
		) error {
			for row, err := range in.Columns {
				if err != nil {
					return err
				}
				add(sums, row)
			}
			return nil
		}, others...))
	if err != nil {
		return nil, err
	}
	launcher, err := runs.NewLauncher(runs.LauncherConfig{Container: c, Graph: graph})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, launcher.Close(context.Background())) }()
	run, err := launcher.Launch(context.Background(), runs.Request{Selection: "*"})
	if err != nil {
		return nil, err
	}
	return sums, run.Wait(context.Background())
}

func streamThrough[S any](manager iomanagers.IOManager, source S, sum func(S, map[string]float64) error) (map[string]float64, error) {
	ctx := context.Background()
	if err := manager.Store(ctx, iomanagers.Output{Asset: "sales", Format: "csv"}, source); err != nil {
		return nil, err
	}
	var lines, columns S
	if err := manager.Load(ctx, iomanagers.Input{Asset: "sales", Format: "csv"}, &lines); err != nil {
		return nil, err
	}
	if err := manager.Store(ctx, iomanagers.Output{Asset: "columns", Format: "parquet"}, lines); err != nil {
		return nil, err
	}
	if err := manager.Load(ctx, iomanagers.Input{Asset: "columns", Format: "parquet"}, &columns); err != nil {
		return nil, err
	}
	sums := map[string]float64{}
	return sums, sum(columns, sums)
}

func sourceBatches(n int) iter.Seq2[[]sale, error] {
	return func(yield func([]sale, error) bool) {
		batch := make([]sale, 0, rows.Size)
		for i := range n {
			if batch = append(batch, saleOf(i)); len(batch) == cap(batch) {
				if !yield(batch, nil) {
					return
				}
				batch = batch[:0]
			}
		}
		if len(batch) > 0 {
			yield(batch, nil)
		}
	}
}

// streamByHand is what somebody writes who knows the libraries and streams too.
func streamByHand(folder string, n int) (map[string]float64, error) {
	lines, columns := filepath.Join(folder, "sales.csv"), filepath.Join(folder, "sales.parquet")
	if err := writeFile(lines, func(w io.Writer) error { return handCSV(w, n) }); err != nil {
		return nil, err
	}
	in, err := os.Open(lines)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	if err := writeFile(columns, func(w io.Writer) error { return handParquet(w, in) }); err != nil {
		return nil, err
	}
	return handSum(columns)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 64<<10)
	return errors.Join(write(w), w.Flush(), f.Sync(), f.Close())
}

func handCSV(w io.Writer, n int) error {
	lines := csv.NewWriter(w)
	encoder := csvutil.NewEncoder(lines)
	for batch := range sourceBatches(n) {
		if err := encoder.Encode(batch); err != nil {
			return err
		}
	}
	lines.Flush()
	return lines.Error()
}

func handParquet(w io.Writer, r io.Reader) error {
	decoder, err := csvutil.NewDecoder(csv.NewReader(bufio.NewReaderSize(r, 64<<10)))
	if err != nil {
		return err
	}
	columns := parquet.NewGenericWriter[sale](w, parquet.MaxRowsPerRowGroup(1<<18))
	batch := make([]sale, 0, 1024)
	for {
		var row sale
		err := decoder.Decode(&row)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if err == nil {
			batch = append(batch, row)
		}
		if err != nil || len(batch) == cap(batch) {
			if _, err := columns.Write(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
		if err != nil {
			return columns.Close()
		}
	}
}

func handSum(name string) (map[string]float64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	reader := parquet.NewGenericReader[sale](f)
	defer reader.Close()
	sums := map[string]float64{}
	batch := make([]sale, 1024)
	for {
		n, err := reader.Read(batch)
		for i := range batch[:n] {
			add(sums, batch[i])
		}
		if errors.Is(err, io.EOF) {
			return sums, nil
		}
		if err != nil {
			return nil, err
		}
	}
}
