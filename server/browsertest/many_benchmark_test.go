package browsertest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// BenchmarkZoom measures a step of the zoom in the lineage of a program with 1,000 assets,
// with all groups closed and with three of them open: the time from the key to the frame.
func BenchmarkZoom(b *testing.B) {
	address, _ := serve(b, many(50, 20))
	page := open(b, address)
	for name, path := range map[string]string{
		"closed":     "/lineage",
		"three-open": "/lineage?open=group_01&open=group_02&open=group_03",
	} {
		b.Run(name, func(b *testing.B) {
			page.show(path)
			page.wait(`document.readyState === "complete" && document.querySelector("svg.drawing")`)
			var frames []float64
			for b.Loop() {
				frame, err := chromedp.Run(page.ctx, chromedp.Evaluate[float64](`(async () => {
					const graph = document.querySelector(".graph"), began = performance.now();
					window.zoomedIn = !window.zoomedIn;
					graph.dispatchEvent(new KeyboardEvent("keydown", { key: window.zoomedIn ? "+" : "-", bubbles: true }));
					await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
					return performance.now() - began;
				})()`, chromedp.EvalAwaitPromise))
				if err != nil {
					b.Fatal(err)
				}
				frames = append(frames, frame)
			}
			reportTimes(b, frames, "ms/frame")
		})
	}
}

// BenchmarkFirstPaint measures after what time a browser has painted something of a page of a
// program with 10,000 assets.
func BenchmarkFirstPaint(b *testing.B) {
	address, _ := serve(b, many(100, 100))
	page := open(b, address)
	for _, path := range []string{"/", "/lineage", "/assets", "/assets/g00/a00", "/runs", "/launch?select=g00/a00", "/instance"} {
		name, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "?")
		if name == "" {
			name = "overview"
		}
		b.Run(name, func(b *testing.B) {
			var paints []float64
			for b.Loop() {
				page.show(path)
				page.wait(`performance.getEntriesByName("first-contentful-paint").length > 0`)
				paint, err := chromedp.Run(page.ctx, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0].startTime`))
				if err != nil {
					b.Fatal(err)
				}
				paints = append(paints, paint)
			}
			reportTimes(b, paints, "ms/paint")
		})
	}
}

// reportTimes reports the median and the largest of the measured times.
func reportTimes(b *testing.B, times []float64, unit string) {
	slices.Sort(times)
	b.ReportMetric(times[len(times)/2], unit)
	b.ReportMetric(times[len(times)-1], "largest-"+unit)
}
