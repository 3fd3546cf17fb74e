// Package layered lays out directed graphs in columns, from left to right: an arrow
// leads from one column to a later one. It knows nothing of what the nodes stand for,
// and imports the standard library only. The same graph always gets the same layout.
//
// The method is that of Sugiyama, Tagawa and Toda (1981): columns by longest paths,
// helper nodes where an arrow passes a column, an order within each column that
// lowers the number of crossings, and heights that keep long arrows straight.
package layered

import "slices"

// Node is a box that is to be placed.
type Node struct {
	// ID tells the node from all others.
	ID string
	// Width and Height are the size of the box.
	Width, Height float64
}

// Arrow leads from one node to another, by their IDs. An arrow from or to an unknown
// node is left out, and so is an arrow from a node to itself.
type Arrow struct{ From, To string }

// Spacing are the distances between boxes.
type Spacing struct {
	// Column is the distance between columns, and Row the one between the boxes of a
	// column.
	Column, Row float64
}

// Box is the place of a node.
type Box struct {
	ID                  string
	X, Y, Width, Height float64
}

// Point is a place in the drawing. X grows to the right, and Y downwards.
type Point struct{ X, Y float64 }

// Route is the way of an arrow.
type Route struct {
	Arrow
	// Points begin at the box that the arrow leaves, and end at the box that it leads
	// to. There are at least two.
	Points []Point
	// Back says that the arrow is part of a cycle and was turned around for the
	// layout: it leads from right to left.
	Back bool
}

// Layout is the place of everything. The upper left corner is (0, 0).
type Layout struct {
	Width, Height float64
	// Boxes are in the order of the nodes.
	Boxes []Box
	// Routes are in the order of the arrows, without those that were left out.
	Routes []Route
}

// Place lays out a graph. Arrows that close a cycle are turned around.
func Place(nodes []Node, arrows []Arrow, spacing Spacing) Layout {
	g := newGraph(nodes, arrows)
	g.breakCycles()
	g.rank()
	g.split()
	g.order()
	g.level(spacing.Row)
	return g.layout(spacing.Column)
}

// vertex is a node, or a helper where an arrow passes a column.
type vertex struct {
	box           int // index of the node, or -1 for a helper
	width, height float64
	rank          int
	y             float64 // of its middle
	in, out       []int   // vertices of the columns before and after
}

// link is an arrow between vertices. path are the vertices that it passes, with both
// ends.
type link struct {
	arrow    Arrow
	from, to int
	back     bool
	path     []int
}

type graph struct {
	nodes    []Node
	vertices []vertex
	links    []link
	columns  [][]int
}

func newGraph(nodes []Node, arrows []Arrow) *graph {
	g := &graph{nodes: nodes}
	index := make(map[string]int, len(nodes))
	for i, node := range nodes {
		index[node.ID] = i
		g.vertices = append(g.vertices, vertex{box: i, width: node.Width, height: node.Height})
	}
	seen := make(map[Arrow]bool, len(arrows))
	for _, arrow := range arrows {
		from, hasFrom := index[arrow.From]
		to, hasTo := index[arrow.To]
		if !hasFrom || !hasTo || from == to || seen[arrow] {
			continue
		}
		seen[arrow] = true
		g.links = append(g.links, link{arrow: arrow, from: from, to: to})
	}
	return g
}

// outgoing returns the indexes of the links that leave each vertex.
func (g *graph) outgoing() [][]int {
	out := make([][]int, len(g.vertices))
	for i, link := range g.links {
		out[link.from] = append(out[link.from], i)
	}
	return out
}

// breakCycles turns the links around that lead back to a vertex on the way of a depth
// first search.
func (g *graph) breakCycles() {
	const (
		unseen = iota
		open
		done
	)
	out, state := g.outgoing(), make([]int, len(g.vertices))
	type visit struct{ vertex, next int }
	for start := range g.vertices {
		if state[start] != unseen {
			continue
		}
		state[start] = open
		for way := []visit{{vertex: start}}; len(way) > 0; {
			top := &way[len(way)-1]
			if top.next == len(out[top.vertex]) {
				state[top.vertex] = done
				way = way[:len(way)-1]
				continue
			}
			i := out[top.vertex][top.next]
			top.next++
			switch target := g.links[i].to; state[target] {
			case open:
				g.links[i].back = true
			case unseen:
				state[target] = open
				way = append(way, visit{vertex: target})
			}
		}
	}
	for i := range g.links {
		if l := &g.links[i]; l.back {
			l.from, l.to = l.to, l.from
		}
	}
}

// rank gives each vertex a column: one after the last of those that lead to it. Then
// it moves vertices to the right, next to the first of those that they lead to.
func (g *graph) rank() {
	out, waits := g.outgoing(), make([]int, len(g.vertices))
	for _, link := range g.links {
		waits[link.to]++
	}
	var ready, sorted []int
	for v := range g.vertices {
		if waits[v] == 0 {
			ready = append(ready, v)
		}
	}
	for len(ready) > 0 {
		v := ready[0]
		ready, sorted = ready[1:], append(sorted, v)
		for _, i := range out[v] {
			to := g.links[i].to
			g.vertices[to].rank = max(g.vertices[to].rank, g.vertices[v].rank+1)
			if waits[to]--; waits[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for _, v := range slices.Backward(sorted) {
		nearest := -1
		for _, i := range out[v] {
			if rank := g.vertices[g.links[i].to].rank - 1; nearest < 0 || rank < nearest {
				nearest = rank
			}
		}
		g.vertices[v].rank = max(g.vertices[v].rank, nearest)
	}
}

// split puts a helper into each column that a link passes, and fills the columns.
func (g *graph) split() {
	for i := range g.links {
		l := &g.links[i]
		l.path = []int{l.from}
		for rank := g.vertices[l.from].rank + 1; rank < g.vertices[l.to].rank; rank++ {
			g.vertices = append(g.vertices, vertex{box: -1, rank: rank})
			l.path = append(l.path, len(g.vertices)-1)
		}
		l.path = append(l.path, l.to)
		for j := range len(l.path) - 1 {
			a, b := l.path[j], l.path[j+1]
			g.vertices[a].out = append(g.vertices[a].out, b)
			g.vertices[b].in = append(g.vertices[b].in, a)
		}
	}
	last := 0
	for _, v := range g.vertices {
		last = max(last, v.rank)
	}
	g.columns = make([][]int, last+1)
}

// layout returns the places, moved so that the drawing begins at (0, 0).
func (g *graph) layout(gap float64) Layout {
	left := make([]float64, len(g.columns))
	widths := make([]float64, len(g.columns))
	for _, v := range g.vertices {
		widths[v.rank] = max(widths[v.rank], v.width)
	}
	var result Layout
	for rank, x := 0, 0.0; rank < len(left); rank++ {
		left[rank] = x
		result.Width = x + widths[rank]
		x += widths[rank] + gap
	}
	top := 0.0
	for i, v := range g.vertices {
		if y := v.y - v.height/2; i == 0 || y < top {
			top = y
		}
	}
	for i := range g.vertices {
		v := &g.vertices[i]
		v.y -= top
		result.Height = max(result.Height, v.y+v.height/2)
	}
	for i, node := range g.nodes {
		v := g.vertices[i]
		result.Boxes = append(result.Boxes, Box{ID: node.ID, X: left[v.rank], Y: v.y - v.height/2, Width: v.width, Height: v.height})
	}
	for _, l := range g.links {
		result.Routes = append(result.Routes, Route{Arrow: l.arrow, Points: g.points(l, left, widths), Back: l.back})
	}
	return result
}

// points returns the way of a link: out of the right side of a box, through the
// columns that it passes, into the left side of the other box.
func (g *graph) points(l link, left, widths []float64) []Point {
	first, last := g.vertices[l.path[0]], g.vertices[l.path[len(l.path)-1]]
	points := []Point{{left[first.rank] + first.width, first.y}}
	if widths[first.rank] > first.width { // pass the wider boxes of the column straight on
		points = append(points, Point{left[first.rank] + widths[first.rank], first.y})
	}
	for _, v := range l.path[1 : len(l.path)-1] {
		helper := g.vertices[v]
		points = append(points, Point{left[helper.rank], helper.y}, Point{left[helper.rank] + widths[helper.rank], helper.y})
	}
	points = append(points, Point{left[last.rank], last.y})
	if l.back {
		slices.Reverse(points)
	}
	return points
}
