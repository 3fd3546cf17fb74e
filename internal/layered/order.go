package layered

import (
	"cmp"
	"slices"
)

// sweeps is how often the columns are put in order from left to right and back. More
// sweeps find few better orders.
const sweeps = 8

// order puts the vertices of each column in an order with few crossings: each vertex
// at the average place of its neighbours in the column before, then after. It keeps the
// best order that it has seen.
func (g *graph) order() {
	g.firstOrder()
	place := make([]int, len(g.vertices))
	g.keepPlaces(place)
	best, fewest := g.copyColumns(), g.crossings(place)
	for sweep := 0; sweep < sweeps && fewest > 0; sweep++ {
		forward := sweep%2 == 0
		for i := range g.columns {
			rank := i
			if !forward {
				rank = len(g.columns) - 1 - i
			}
			g.sortColumn(rank, forward, place)
		}
		if crossings := g.crossings(place); crossings < fewest {
			best, fewest = g.copyColumns(), crossings
		}
	}
	g.columns = best
}

// firstOrder is the order of a depth first search, in which the vertices of one part of
// the graph are next to each other.
func (g *graph) firstOrder() {
	seen := make([]bool, len(g.vertices))
	for start := range g.vertices {
		if len(g.vertices[start].in) > 0 || seen[start] {
			continue
		}
		for way := []int{start}; len(way) > 0; {
			v := way[len(way)-1]
			way = way[:len(way)-1]
			if seen[v] {
				continue
			}
			seen[v] = true
			g.columns[g.vertices[v].rank] = append(g.columns[g.vertices[v].rank], v)
			for _, next := range slices.Backward(g.vertices[v].out) {
				if !seen[next] {
					way = append(way, next)
				}
			}
		}
	}
}

func (g *graph) keepPlaces(place []int) {
	for _, column := range g.columns {
		for i, v := range column {
			place[v] = i
		}
	}
}

func (g *graph) copyColumns() [][]int {
	columns := make([][]int, len(g.columns))
	for i, column := range g.columns {
		columns[i] = slices.Clone(column)
	}
	return columns
}

// sortColumn sorts a column by the average place of the neighbours. A vertex without
// neighbours on that side keeps its place.
func (g *graph) sortColumn(rank int, forward bool, place []int) {
	column := g.columns[rank]
	average := make(map[int]float64, len(column))
	for i, v := range column {
		neighbours := g.vertices[v].in
		if !forward {
			neighbours = g.vertices[v].out
		}
		average[v] = float64(i)
		if len(neighbours) > 0 {
			sum := 0
			for _, n := range neighbours {
				sum += place[n]
			}
			average[v] = float64(sum) / float64(len(neighbours))
		}
	}
	slices.SortStableFunc(column, func(a, b int) int { return cmp.Compare(average[a], average[b]) })
	for i, v := range column {
		place[v] = i
	}
}

// crossings counts the pairs of links between neighbouring columns that cross.
func (g *graph) crossings(place []int) int {
	total := 0
	for rank := range len(g.columns) - 1 {
		var ends []int // where the links end, in the order in which they begin
		for _, v := range g.columns[rank] {
			from := len(ends)
			for _, next := range g.vertices[v].out {
				ends = append(ends, place[next])
			}
			slices.Sort(ends[from:])
		}
		total += inversions(ends, len(g.columns[rank+1]))
	}
	return total
}

// inversions counts the pairs that are in descending order, with a Fenwick tree over
// the values 0 to limit-1.
func inversions(values []int, limit int) int {
	tree, total := make([]int, limit+1), 0
	for i, value := range values {
		notLarger := 0
		for at := value + 1; at > 0; at -= at & -at {
			notLarger += tree[at]
		}
		total += i - notLarger
		for at := value + 1; at <= limit; at += at & -at {
			tree[at]++
		}
	}
	return total
}
