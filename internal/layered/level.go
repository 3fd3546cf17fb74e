package layered

import (
	"cmp"
	"slices"
)

// rounds is how often the heights are adapted to the neighbours.
const rounds = 12

// level gives each vertex its height in the drawing. The order of the columns and the
// gaps stay. Within them each vertex comes close to the median of its neighbours. Helpers
// count more, so that long arrows are straight.
func (g *graph) level(gap float64) {
	for _, column := range g.columns {
		y := 0.0
		for _, v := range column {
			vertex := &g.vertices[v]
			vertex.y = y + vertex.height/2
			y += vertex.height + gap
		}
	}
	for round := range rounds {
		forward := round%2 == 0
		for i := range g.columns {
			rank := i
			if !forward {
				rank = len(g.columns) - 1 - i
			}
			g.levelColumn(g.columns[rank], forward, gap)
		}
	}
}

// levelColumn moves the vertices of one column to the heights that they want, as far as
// their order and the gaps allow. It minimizes the weighted squares of the distances:
// the heights without the gaps must not descend, which is the isotonic regression that
// "pool adjacent violators" solves.
func (g *graph) levelColumn(column []int, forward bool, gap float64) {
	type block struct {
		sum, weight float64
		count       int
	}
	var blocks []block
	offsets := make([]float64, len(column)) // of each vertex to the first, with all gaps closed up
	for i, v := range column {
		if i > 0 {
			before := g.vertices[column[i-1]]
			offsets[i] = offsets[i-1] + before.height/2 + gap + g.vertices[v].height/2
		}
		want, weight := g.wanted(v, forward)
		blocks = append(blocks, block{sum: (want - offsets[i]) * weight, weight: weight, count: 1})
		for n := len(blocks); n > 1 && blocks[n-2].sum/blocks[n-2].weight > blocks[n-1].sum/blocks[n-1].weight; n-- {
			last := blocks[n-1]
			blocks = blocks[:n-1]
			blocks[n-2].sum += last.sum
			blocks[n-2].weight += last.weight
			blocks[n-2].count += last.count
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.count {
			g.vertices[column[i]].y = b.sum/b.weight + offsets[i]
			i++
		}
	}
}

// wanted returns the height that a vertex should have, and how much this counts.
func (g *graph) wanted(v int, forward bool) (y, weight float64) {
	vertex := &g.vertices[v]
	neighbours := vertex.in
	if !forward {
		neighbours = vertex.out
	}
	if len(neighbours) == 0 {
		return vertex.y, 0.1
	}
	if vertex.box < 0 {
		return g.vertices[neighbours[0]].y, 8
	}
	heights := make([]float64, len(neighbours))
	for i, n := range neighbours {
		heights[i] = g.vertices[n].y
	}
	slices.SortFunc(heights, cmp.Compare)
	middle := len(heights) / 2
	if len(heights)%2 == 0 {
		return (heights[middle-1] + heights[middle]) / 2, 1
	}
	return heights[middle], 1
}
