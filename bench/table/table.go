package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fxrun/fxrun/bench"
)

// table has a row for each contender.
type table struct {
	title   string
	figures []*figure
}

// runs is the table of runs of one shape, with a column for each size.
func runs(p plan, shape bench.Shape) table {
	t := table{title: fmt.Sprintf("Open, use and close a %s: needed of declared", shape)}
	add := func(s size, column string, text func(*figure) string) {
		graph := bench.Graph{Shape: shape, Needed: s.needed, Declared: s.declared}
		for _, contender := range bench.Contenders() {
			run := func(b *testing.B) { bench.Run(b, contender, graph) }
			t.figures = append(t.figures, &figure{contender: contender.Name, column: column, benchmark: run, text: text})
		}
	}
	for _, s := range p.sizes {
		add(s, s.String(), (*figure).time)
	}
	add(p.memory, "memory, "+p.memory.String(), (*figure).memory)
	return t
}

// others is the table of what else runs are asked for.
func others(p plan) table {
	t := table{title: "Other runs"}
	ten := bench.Graph{Shape: bench.Chain, Needed: 10, Declared: 10}
	for _, contender := range bench.Contenders() {
		if contender.Everything { // the same thing, where all is needed
			continue
		}
		t.figures = append(t.figures, &figure{
			contender: contender.Name,
			column:    "chains of ten a second, as many at once as there are processors",
			benchmark: func(b *testing.B) { bench.RunParallel(b, contender, ten) },
			text:      func(f *figure) string { return thousands(int(f.best.Extra["runs/s"])) },
		})
		if contender.Starts {
			t.figures = append(t.figures, &figure{
				contender: contender.Name,
				column:    fmt.Sprintf("30 resources in three levels, which take %s each to start", p.start),
				benchmark: func(b *testing.B) { bench.StartThreeLevels(b, contender, p.start) },
				text:      (*figure).time,
			})
		}
	}
	return t
}

func (t table) write(out *strings.Builder) {
	var columns, rows []string
	for _, f := range t.figures {
		if !slices.Contains(columns, f.column) {
			columns = append(columns, f.column)
		}
		if !slices.Contains(rows, f.contender) {
			rows = append(rows, f.contender)
		}
	}
	fmt.Fprintf(out, "| %s |", t.title)
	for _, column := range columns {
		fmt.Fprintf(out, " %s |", column)
	}
	fmt.Fprint(out, "\n|---|")
	for range columns {
		fmt.Fprint(out, "--:|")
	}
	for _, row := range rows {
		fmt.Fprintf(out, "\n| %s |", row)
		for _, column := range columns {
			fmt.Fprintf(out, " %s |", t.cell(row, column))
		}
	}
	fmt.Fprint(out, "\n\n")
}

// cell is what stands in a row and a column: nothing, where nothing was measured.
func (t table) cell(row, column string) string {
	for _, f := range t.figures {
		if f.contender == row && f.column == column {
			return f.text(f)
		}
	}
	return ""
}
