package browsertest_test

import (
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// slowestFrame is how long a step of the zoom may take with 1,000 assets on a machine that
// does other work too; it is far above what a person notices on an idle one.
const slowestFrame = 2 * time.Second

// TestTheLineageOfAThousandAssetsIsFluid opens groups of the graph and zooms.
func TestTheLineageOfAThousandAssetsIsFluid(t *testing.T) {
	address, _ := serve(t, many(50, 20))
	b := open(t, address)
	for _, path := range []string{"/lineage", "/lineage?open=group_01&open=group_02&open=group_03"} {
		b.show(path)
		b.wait(`document.readyState === "complete" && document.querySelector("svg.drawing")`)
		took, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]float64](`(async () => {
			const graph = document.querySelector(".graph"), frames = [];
			for (let n = 0; n < 20; n++) {
				const began = performance.now();
				graph.dispatchEvent(new KeyboardEvent("keydown", { key: n % 2 ? "+" : "-", bubbles: true }));
				await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
				frames.push(performance.now() - began);
			}
			const paint = performance.getEntriesByName("first-contentful-paint")[0];
			return [...frames.sort((a, b) => a - b), paint ? paint.startTime : -1];
		})()`, chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		frames := took[:len(took)-1]
		t.Logf("%s: a frame of the zoom takes %.0f ms (median), %.0f ms at most; first paint after %.0f ms", path, frames[len(frames)/2], frames[len(frames)-1], took[len(took)-1])
		if median := time.Duration(frames[len(frames)/2] * float64(time.Millisecond)); median > slowestFrame {
			t.Errorf("%s: a frame of the zoom takes %v", path, median)
		}
	}
}

// TestTheFirstPaintOfALargeProgramIsSoon opens pages of a program with 10,000 assets, each some
// times, and tells after what time the browser has painted something.
func TestTheFirstPaintOfALargeProgramIsSoon(t *testing.T) {
	const times = 7
	address, _ := serve(t, many(100, 100))
	b := open(t, address)
	for _, path := range []string{"/", "/lineage", "/assets", "/assets/g00/a00", "/runs", "/launch?select=g00/a00", "/instance"} {
		var paints []float64
		for range times {
			b.show(path)
			b.wait(`performance.getEntriesByName("first-contentful-paint").length > 0`)
			paint, err := chromedp.Run(b.ctx, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0].startTime`))
			if err != nil {
				t.Fatal(err)
			}
			paints = append(paints, paint)
		}
		slices.Sort(paints)
		t.Logf("%s: first paint after %.0f ms (median of %d)", path, paints[times/2], times)
		if fastest := time.Duration(paints[0] * float64(time.Millisecond)); fastest > slowestFrame {
			t.Errorf("%s: the first paint comes after %v", path, fastest)
		}
	}
}
