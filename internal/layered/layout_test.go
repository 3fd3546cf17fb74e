package layered_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fxrun/fxrun/internal/layered"
)

var spacing = layered.Spacing{Column: 60, Row: 12}

func boxes(n int) []layered.Node {
	nodes := make([]layered.Node, n)
	for i := range nodes {
		nodes[i] = layered.Node{ID: fmt.Sprint(i), Width: 100 + float64(i%3)*20, Height: 30}
	}
	return nodes
}

// randomArrows returns arrows from smaller to larger numbers, so without cycles.
func randomArrows(random *rand.Rand, nodes, arrows int) []layered.Arrow {
	var list []layered.Arrow
	for range arrows {
		a, b := random.IntN(nodes), random.IntN(nodes)
		if a != b {
			list = append(list, layered.Arrow{From: fmt.Sprint(min(a, b)), To: fmt.Sprint(max(a, b))})
		}
	}
	return list
}

func TestPlace(t *testing.T) {
	t.Parallel()
	t.Run("a graph without nodes is empty", func(t *testing.T) {
		t.Parallel()
		if got := layered.Place(nil, nil, spacing); got.Width != 0 || got.Height != 0 || len(got.Boxes) != 0 {
			t.Errorf("the layout is %+v, want an empty one", got)
		}
	})
	t.Run("a chain lies on one line", func(t *testing.T) {
		t.Parallel()
		got := layered.Place(boxes(3), []layered.Arrow{{From: "0", To: "1"}, {From: "1", To: "2"}}, spacing)
		want := []layered.Box{
			{ID: "0", X: 0, Y: 0, Width: 100, Height: 30}, {ID: "1", X: 160, Y: 0, Width: 120, Height: 30}, {ID: "2", X: 340, Y: 0, Width: 140, Height: 30},
		}
		if diff := cmp.Diff(want, got.Boxes); diff != "" {
			t.Errorf("the boxes differ (-want +got):\n%s", diff)
		}
	})
	t.Run("an arrow of a cycle leads back", func(t *testing.T) {
		t.Parallel()
		got := layered.Place(boxes(3), []layered.Arrow{{From: "0", To: "1"}, {From: "1", To: "2"}, {From: "2", To: "0"}}, spacing)
		var back []layered.Arrow
		for _, route := range got.Routes {
			if route.Back {
				back = append(back, route.Arrow)
			}
		}
		if diff := cmp.Diff([]layered.Arrow{{From: "2", To: "0"}}, back); diff != "" {
			t.Errorf("the arrows that lead back differ (-want +got):\n%s", diff)
		}
	})
	t.Run("arrows to unknown nodes, to themselves and twice are left out", func(t *testing.T) {
		t.Parallel()
		got := layered.Place(boxes(2), []layered.Arrow{{From: "0", To: "x"}, {From: "1", To: "1"}, {From: "0", To: "1"}, {From: "0", To: "1"}}, spacing)
		if len(got.Routes) != 1 {
			t.Errorf("there are %d routes, want 1", len(got.Routes))
		}
	})
}

func TestPlaceRandomGraphs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		n := 1 + random.IntN(60)
		nodes, arrows := boxes(n), randomArrows(random, n, random.IntN(2*n+1))
		got := layered.Place(nodes, arrows, spacing)
		if diff := cmp.Diff(got, layered.Place(nodes, arrows, spacing)); diff != "" {
			t.Fatalf("seed %d: the same graph has two layouts:\n%s", seed, diff)
		}
		byID := make(map[string]layered.Box)
		for _, box := range got.Boxes {
			byID[box.ID] = box
			if box.X < 0 || box.Y < -1e-6 || box.X+box.Width > got.Width+1e-6 || box.Y+box.Height > got.Height+1e-6 {
				t.Errorf("seed %d: box %+v leaves the drawing of %v x %v", seed, box, got.Width, got.Height)
			}
		}
		for i, a := range got.Boxes {
			for _, b := range got.Boxes[i+1:] {
				if a.X < b.X+b.Width && b.X < a.X+a.Width && a.Y+1e-6 < b.Y+b.Height && b.Y+1e-6 < a.Y+a.Height {
					t.Errorf("seed %d: the boxes %+v and %+v overlap", seed, a, b)
				}
			}
		}
		for _, route := range got.Routes {
			from, to := byID[route.From], byID[route.To]
			if from.X+from.Width >= to.X {
				t.Errorf("seed %d: the arrow %v does not lead to the right", seed, route.Arrow)
			}
			if !slices.IsSortedFunc(route.Points, func(a, b layered.Point) int { return int(a.X - b.X) }) {
				t.Errorf("seed %d: the route %v goes back", seed, route)
			}
		}
	}
}

func BenchmarkPlace(b *testing.B) {
	for _, n := range []int{50, 1000, 2000} {
		b.Run(fmt.Sprintf("%d nodes", n), func(b *testing.B) {
			nodes, arrows := boxes(n), randomArrows(rand.New(rand.NewPCG(1, 1)), n, n*6/5)
			for b.Loop() {
				layered.Place(nodes, arrows, spacing)
			}
		})
	}
}
