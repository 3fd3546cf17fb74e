package rows_test

import (
	"context"
	"io"
	"iter"
	"testing"
	"time"

	"github.com/fxrun/fxrun/rows"
)

// wide is a row of 88 bytes, as data jobs have them.
type wide struct {
	ID       int64
	Customer string
	Item     string
	Price    float64
	Count    int64
	At       time.Time
}

// wides is a source of n rows.
type wides struct{ left int }

func (w *wides) Read(dst any) error {
	into := dst.(*[]wide)
	n := min(w.left, cap(*into))
	if w.left -= n; n == 0 {
		return io.EOF
	}
	*into = (*into)[:n]
	return nil
}

func (*wides) Close() error { return nil }

// BenchmarkReflection measures the single rows of an iter.Seq2, whose type is known only at run
// time, beside those of a rows.Seq.
func BenchmarkReflection(b *testing.B) {
	const n = 100_000
	made := func(yield func(wide, error) bool) {
		for i := range n {
			if !yield(wide{ID: int64(i)}, nil) {
				return
			}
		}
	}
	for name, value := range map[string]any{"iter.Seq2": iter.Seq2[wide, error](made), "rows.Seq": rows.Seq[wide](made)} {
		b.Run("storing an "+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, err := range rows.Batches(value, 0) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
		})
	}
	open := func(context.Context) (rows.Source, error) { return &wides{left: n}, nil }
	b.Run("loading an iter.Seq2", func(b *testing.B) { benchmarkLoading[iter.Seq2[wide, error]](b, n, open) })
	b.Run("loading a rows.Seq", func(b *testing.B) { benchmarkLoading[rows.Seq[wide]](b, n, open) })
}

func benchmarkLoading[S ~func(func(wide, error) bool)](b *testing.B, n int, open func(context.Context) (rows.Source, error)) {
	b.ReportAllocs()
	var stream S
	if err := rows.Fill(b.Context(), &stream, open); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		got := 0
		for _, err := range stream {
			if err != nil {
				b.Fatal(err)
			}
			got++
		}
		if got != n {
			b.Fatalf("%d rows", got)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/row")
}
