//go:build unix

package parquetcodec_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/iomanagers/parquetcodec"
)

type zstdSale struct {
	ID       int64
	Customer string
	Item     string
	Price    float64
	Count    int64
	At       time.Time
}

type snappySale struct {
	ID       int64     `parquet:",snappy"`
	Customer string    `parquet:",snappy"`
	Item     string    `parquet:",snappy"`
	Price    float64   `parquet:",snappy"`
	Count    int64     `parquet:",snappy"`
	At       time.Time `parquet:",snappy"`
}

type plainSale struct {
	ID       int64     `parquet:",uncompressed"`
	Customer string    `parquet:",uncompressed"`
	Item     string    `parquet:",uncompressed"`
	Price    float64   `parquet:",uncompressed"`
	Count    int64     `parquet:",uncompressed"`
	At       time.Time `parquet:",uncompressed"`
}

// BenchmarkCompression writes and reads the rows of bench/stream_test.go, in their order and in a
// random one.
func BenchmarkCompression(b *testing.B) {
	const n = 500_000
	ordered := make([]zstdSale, n)
	for i := range ordered {
		ordered[i] = zstdSale{
			int64(i), "customer " + strconv.Itoa(i%10_007), [...]string{"tea", "milk", "coffee beans", "sugar", "bread"}[i%5],
			float64(i%997) / 4, int64(i % 7), time.Date(2026, 1, 1, 0, 0, i, 0, time.UTC),
		}
	}
	random := make([]zstdSale, n)
	for i, j := range rand.New(rand.NewPCG(1, 2)).Perm(n) {
		random[i] = ordered[j]
	}
	for _, c := range []struct {
		order string
		rows  []zstdSale
	}{{"in order", ordered}, {"at random", random}} {
		rows := c.rows
		b.Run(c.order, func(b *testing.B) {
			b.Run("zstd", func(b *testing.B) { benchmarkSales(b, rows) })
			b.Run("snappy", func(b *testing.B) { benchmarkSales(b, convert[snappySale](rows)) })
			b.Run("uncompressed", func(b *testing.B) { benchmarkSales(b, convert[plainSale](rows)) })
		})
	}
}

// processorTime returns what the process has used, which a busy machine changes less than the time of
// the clock.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func convert[T snappySale | plainSale](rows []zstdSale) []T {
	all := make([]T, len(rows))
	for i := range rows {
		all[i] = T(rows[i])
	}
	return all
}

func benchmarkSales[T any](b *testing.B, rows []T) {
	codec := parquetcodec.Parquet().(iomanagers.RowCodec)
	var file bytes.Buffer
	b.Run("write", func(b *testing.B) {
		begun := processorTime(b)
		for b.Loop() {
			file.Reset()
			if err := codec.Encode(&file, rows); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N*len(rows)), "cpu-ns/row")
		b.ReportMetric(float64(file.Len())/float64(len(rows)), "bytes/row")
		b.ReportMetric(0, "ns/op")
	})
	b.Run("read", func(b *testing.B) {
		batch := make([]T, 0, 1024)
		begun := processorTime(b)
		for b.Loop() {
			decoder, err := codec.NewRowDecoder(bytes.NewReader(file.Bytes()), reflect.TypeFor[[]T]())
			if err != nil {
				b.Fatal(err)
			}
			for read := 0; read < len(rows); read += len(batch) {
				clear(batch[:cap(batch)])
				batch = batch[:0]
				if err := decoder.Read(&batch); err != nil {
					b.Fatal(err)
				}
			}
			if err := decoder.Close(); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(processorTime(b)-begun)/float64(b.N*len(rows)), "cpu-ns/row")
		b.ReportMetric(0, "ns/op")
	})
}
