package iomanagers_test

import (
	"bytes"
	"context"
	"io"
	"iter"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// trade is a row of the kind that data jobs move: numbers, short texts, a time.
type trade struct {
	ID       int64
	Customer string
	Item     string
	Price    float64
	Count    int64
	At       time.Time
}

func trades(n int) []trade {
	all := make([]trade, n)
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range all {
		all[i] = trade{int64(i), "customer " + strconv.Itoa(i%10_007), [...]string{"tea", "milk", "coffee beans"}[i%3], float64(i%997) / 4, int64(i % 7), begin.Add(time.Duration(i) * time.Second)}
	}
	return all
}

func BenchmarkCSVWrite(b *testing.B) {
	all := trades(100_000)
	for b.Loop() {
		if err := iomanagers.CSV().Encode(io.Discard, all); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(all)), "ns/row")
}

func BenchmarkCSVRead(b *testing.B) {
	var text bytes.Buffer
	if err := iomanagers.CSV().Encode(&text, trades(100_000)); err != nil {
		b.Fatal(err)
	}
	codec := iomanagers.CSV().(iomanagers.RowCodec)
	for b.Loop() {
		n := 0
		var batches iter.Seq2[[]trade, error]
		if err := rows.Fill(b.Context(), &batches, openCSV[trade](codec, text.Bytes())); err != nil {
			b.Fatal(err)
		}
		for batch, err := range batches {
			if err != nil {
				b.Fatal(err)
			}
			n += len(batch)
		}
		if n != 100_000 {
			b.Fatal(n)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100_000, "ns/row")
}

func openCSV[T any](codec iomanagers.RowCodec, text []byte) func(context.Context) (rows.Source, error) {
	return func(context.Context) (rows.Source, error) {
		return codec.NewRowDecoder(bytes.NewReader(text), reflect.TypeFor[[]T]())
	}
}
