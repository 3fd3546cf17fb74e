package main

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/fxrun/fxrun/bench"
)

// figure is one thing that is measured, several times: a cell of a table.
type figure struct {
	contender, column string
	benchmark         func(*testing.B)
	text              func(*figure) string
	first             testing.BenchmarkResult
	best              testing.BenchmarkResult // the one that took least
}

// measure measures it once more.
func (f *figure) measure() error {
	result := testing.Benchmark(f.benchmark)
	if result.N == 0 { // of what went wrong nothing else is told
		return fmt.Errorf("measuring %s, %s: it went wrong; go test -bench says more", f.contender, f.column)
	}
	if f.first.N == 0 {
		f.first = result
	}
	if f.best.N == 0 || perRun(result) < perRun(f.best) {
		f.best = result
	}
	return nil
}

func (f *figure) time() string { return duration(perRun(f.best)) }

func (f *figure) memory() string { return bytes(float64(f.best.AllocedBytesPerOp())) }

// newContainer is the figure of the declaring and checking of a container.
func newContainer(declared int) *figure {
	return &figure{
		contender: "container.New",
		column:    thousands(declared),
		benchmark: func(b *testing.B) { bench.NewContainer(b, declared) },
		text: func(f *figure) string {
			return fmt.Sprintf("%s and %s for each resource",
				duration(time.Duration(f.best.Extra["ns/resource"])), bytes(f.first.Extra["first-B/resource"]))
		},
	}
}

func perRun(r testing.BenchmarkResult) time.Duration { return r.T / time.Duration(r.N) }

// duration is a time in three digits.
func duration(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return digits(float64(d)/float64(time.Microsecond)) + " µs"
	case d < time.Second:
		return digits(float64(d)/float64(time.Millisecond)) + " ms"
	}
	return digits(d.Seconds()) + " s"
}

// bytes is an amount of memory in three digits.
func bytes(n float64) string {
	switch {
	case n < 1e3:
		return digits(n) + " B"
	case n < 1e6:
		return digits(n/1e3) + " kB"
	}
	return digits(n/1e6) + " MB"
}

// digits rounds to three digits where there are fractions.
func digits(n float64) string {
	places := 2
	for limit := 10.0; n >= limit && places > 0; limit *= 10 {
		places--
	}
	return strconv.FormatFloat(n, 'f', places, 64)
}

// thousands separates thousands by commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
