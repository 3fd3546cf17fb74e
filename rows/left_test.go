package rows_test

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"testing"

	"github.com/fxrun/fxrun/rows"
)

// promising is a source of n rows that says how many are left.
type promising struct {
	n, given int
	left     func(left int) int
	most     int // the largest memory that was offered
}

func (p *promising) Read(dst any) error {
	into := dst.(*[]row)
	p.most = max(p.most, p.given+cap(*into))
	if p.given == p.n {
		return io.EOF
	}
	for p.given < p.n && len(*into) < cap(*into) {
		*into = append(*into, row{p.given})
		p.given++
	}
	return nil
}

func (p *promising) Left() int    { return p.left(p.n - p.given) }
func (p *promising) Close() error { return nil }

func TestALargeSliceIsReadIntoMemoryThatIsMadeOnce(t *testing.T) { // not parallel: it measures
	for _, c := range []struct {
		name string
		n    int
		left func(left int) int
		most float64 // of what the rows themselves need, in all that is allocated
	}{
		{"an exact source", 1_000_000, func(left int) int { return left }, 1.2},
		{"half as many rows", 300_000, func(left int) int { return left }, 1.2},
		{"a small exact source", 300, func(left int) int { return left }, 1.5},
		{"an estimate that is an eighth too large", 1_000_000, func(left int) int { return left * 9 / 8 }, 1.5},
		{"an estimate that is too small", 1_000_000, func(left int) int { return left * 9 / 10 }, 3},
		{"a source that knows nothing", 1_000_000, func(int) int { return 0 }, 4.2},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all []row
			var before, after runtime.MemStats
			source := &promising{n: c.n, left: c.left}
			runtime.ReadMemStats(&before)
			err := rows.Fill(t.Context(), &all, func(context.Context) (rows.Source, error) { return source, nil })
			runtime.ReadMemStats(&after)
			if err != nil || len(all) != c.n || all[c.n-1].ID != c.n-1 {
				t.Fatalf("%d rows, %v", len(all), err)
			}
			share := float64(after.TotalAlloc-before.TotalAlloc) / float64(8*c.n)
			t.Logf("%.2f of the rows", share)
			if share > c.most && c.n > 1000 {
				t.Errorf("%.2f times the memory of the rows is allocated, want at most %.2f", share, c.most)
			}
			if c.n < 1000 && cap(all) != c.n+1 {
				t.Errorf("there is memory for %d rows", cap(all))
			}
		})
	}
}

func TestAPromiseOfTooManyRowsTakesLittleMemory(t *testing.T) {
	t.Parallel()
	for _, promise := range []int{math.MaxInt, math.MaxInt - 5000, 1 << 40, -1, math.MinInt} {
		for _, n := range []int{0, 1, 1023, 1024, 1025, 5000} {
			var all []row
			source := &promising{n: n, left: func(int) int { return promise }}
			err := rows.Fill(t.Context(), &all, func(context.Context) (rows.Source, error) { return source, nil })
			if err != nil || fmt.Sprint(all) != fmt.Sprint(some(n)) {
				t.Errorf("%d rows come as %d, %v", n, len(all), err)
			}
			if most := 16*max(n, rows.Size) + 1; source.most > most {
				t.Errorf("a source that promises %d rows and has %d is given memory for %d", promise, n, source.most)
			}
		}
	}
}
