// Table measures the contenders and prints the tables that docs/performance.md
// shows, in Markdown.
//
//	go run ./table [-rounds 5] [-benchtime 200ms]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fxrun/fxrun/bench"
)

func main() {
	testing.Init()
	rounds := flag.Int("rounds", 5, "how often each figure is measured; the least of them counts")
	benchtime := flag.String("benchtime", "200ms", "how long to measure one figure, once")
	flag.Parse()
	err := flag.Set("test.benchtime", *benchtime)
	if err == nil {
		err = write(os.Stdout, full(), *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

// plan is what is measured.
type plan struct {
	shapes   []bench.Shape
	sizes    []size
	memory   size          // for which memory is shown
	start    time.Duration // of each resource of those in three levels
	declared int           // resources in the container that is made anew
}

// size is how much of a graph is needed, of how much.
type size struct{ needed, declared int }

func (s size) String() string { return thousands(s.needed) + " of " + thousands(s.declared) }

func full() plan {
	return plan{
		shapes:   []bench.Shape{bench.Chain, bench.FanIn},
		sizes:    []size{{1, 10}, {10, 10}, {10, 1000}, {10, 10_000}, {100, 1000}, {100, 10_000}},
		memory:   size{10, 10},
		start:    50 * time.Millisecond,
		declared: 10_000,
	}
}

// write measures everything and prints it.
func write(out io.Writer, p plan, rounds int) error {
	// The first of all: the memory that counts is that of the first container of a process.
	anew := newContainer(p.declared)
	figures := []*figure{anew}
	var tables []table
	for _, shape := range p.shapes {
		tables = append(tables, runs(p, shape))
	}
	tables = append(tables, others(p))
	for _, t := range tables {
		figures = append(figures, t.figures...)
	}
	for range rounds { // each of one after the other: what disturbs a while disturbs one round
		for _, f := range figures {
			if err := f.measure(); err != nil {
				return err
			}
		}
	}
	var text strings.Builder
	for _, t := range tables {
		t.write(&text)
	}
	fmt.Fprintf(&text, "container.New with %s resources takes %s.\n\n", thousands(p.declared), anew.text(anew))
	fmt.Fprintf(&text, "Measured with %s on %d processors (%s/%s), the least of %d. To repeat it: `cd bench && go run ./table`\n",
		runtime.Version(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, rounds)
	_, err := io.WriteString(out, text.String())
	return err
}
