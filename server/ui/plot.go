package ui

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
)

// plot is a number of the metadata over time.
type plot struct {
	Name, Line, Area string
	Points           []plotPoint
	Low, High, Last  string
	From, To         time.Time
}

type plotPoint struct{ X, Y, Title string }

const (
	plotWidth, plotHeight, plotMargin = 260.0, 72.0, 6.0
	// plottedAtMost is how many materializations a plot shows: the newest.
	plottedAtMost = 200
)

// plots returns a plot for each number of the metadata that at least two
// materializations have, sorted by name. The events are newest first.
func plots(events []history.Event) []plot {
	type sample struct {
		at    time.Time
		value float64
	}
	samples := make(map[string][]sample)
	for _, event := range events[:min(len(events), plottedAtMost)] {
		value, ok := event.Data.(history.AssetMaterialized)
		if !ok {
			continue
		}
		if value.Size > 0 {
			samples["size in bytes"] = append(samples["size in bytes"], sample{event.Time, float64(value.Size)})
		}
		for name, given := range value.Metadata {
			if name == "bytes" && value.Size > 0 { // the same as the size
				continue
			}
			if n, ok := number(given); ok && !math.IsNaN(n) && !math.IsInf(n, 0) {
				samples[name] = append(samples[name], sample{event.Time, n})
			}
		}
	}
	var list []plot
	for name, points := range samples {
		if len(points) < 2 {
			continue
		}
		slices.Reverse(points) // oldest first
		low := slices.MinFunc(points, func(a, b sample) int { return cmp.Compare(a.value, b.value) }).value
		high := slices.MaxFunc(points, func(a, b sample) int { return cmp.Compare(a.value, b.value) }).value
		made := plot{Name: name, Low: numberText(low), High: numberText(high), Last: numberText(points[len(points)-1].value), From: points[0].at, To: points[len(points)-1].at}
		var line []string
		for i, point := range points {
			x := plotMargin + float64(i)*(plotWidth-2*plotMargin)/float64(len(points)-1)
			y := plotHeight / 2
			if high > low {
				y = plotHeight - plotMargin - (point.value-low)/(high-low)*(plotHeight-2*plotMargin)
			}
			line = append(line, fmt.Sprintf("%.1f %.1f", x, y))
			made.Points = append(made.Points, plotPoint{
				fmt.Sprintf("%.1f", x), fmt.Sprintf("%.1f", y), numberText(point.value) + ", " + point.at.UTC().Format("2006-01-02 15:04:05") + " UTC",
			})
		}
		made.Line = "M" + strings.Join(line, "L")
		made.Area = fmt.Sprintf("%sL%.1f %.1fL%.1f %.1fZ", made.Line, plotWidth-plotMargin, plotHeight, plotMargin, plotHeight)
		list = append(list, made)
	}
	slices.SortFunc(list, func(a, b plot) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// numberText returns whole numbers as such, and others with four digits.
func numberText(value float64) string {
	if value == math.Trunc(value) && math.Abs(value) < 1e15 {
		return countText(int64(value))
	}
	return strconv.FormatFloat(value, 'g', 4, 64)
}
