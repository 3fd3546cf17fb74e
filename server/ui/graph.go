package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/fxrun/fxrun/internal/layered"
)

// graphNode is a box of a drawn graph.
type graphNode struct {
	ID, Text, Path string
	// Detail is a second, smaller line.
	Detail string
	// Class is the class of the box: its kind and its state.
	Class string
	Needs []string // IDs
}

// drawing is a graph with places, ready to be drawn.
type drawing struct {
	Width, Height int
	ViewBox       string
	Boxes         []drawnBox
	Arrows        []drawnArrow
}

type drawnBox struct {
	graphNode
	X, Y, W, H           string
	TextX, TextY, SmallY string
	Label                string // the whole text
	Cut                  bool   // whether the text is shown in part
}

type drawnArrow struct{ D, Class, From, To string }

const (
	boxHeight, smallBoxHeight = 44.0, 30.0
	// letter is about how wide a letter of the box's text is.
	letter = 7.1
	// longestText is how many letters of a key are shown: the end of it, which says most.
	longestText = 34
)

// draw lays out nodes and their needs. What is needed stands on the left.
func draw(nodes []graphNode) drawing {
	nodes = slices.Clone(nodes)
	slices.SortStableFunc(nodes, func(a, b graphNode) int { return strings.Compare(a.ID, b.ID) })
	var boxes []layered.Node
	var arrows []layered.Arrow
	for _, node := range nodes {
		height := smallBoxHeight
		if node.Detail != "" {
			height = boxHeight
		}
		width := max(textWidth(shown(node.Text)), textWidth(node.Detail)*0.86) + 28
		boxes = append(boxes, layered.Node{ID: node.ID, Width: max(72, width), Height: height})
		for _, need := range slices.Sorted(slices.Values(node.Needs)) {
			arrows = append(arrows, layered.Arrow{From: need, To: node.ID})
		}
	}
	layout := layered.Place(boxes, arrows, layered.Spacing{Column: 56, Row: 14})
	const margin = 8
	d := drawing{Width: int(layout.Width) + 2*margin, Height: int(layout.Height) + 2*margin}
	d.ViewBox = fmt.Sprintf("%d %d %d %d", -margin, -margin, d.Width, d.Height)
	for i, box := range layout.Boxes {
		node := nodes[i]
		drawn := drawnBox{
			graphNode: node, X: length(box.X), Y: length(box.Y), W: length(box.Width), H: length(box.Height),
			TextX: length(box.X + 14), TextY: length(box.Y + box.Height/2 + 4.5), Label: node.Text,
		}
		if node.Detail != "" {
			drawn.TextY, drawn.SmallY = length(box.Y+19), length(box.Y+34)
			drawn.Label += ", " + node.Detail
		}
		drawn.Text = shown(node.Text)
		drawn.Cut = drawn.Text != node.Text
		d.Boxes = append(d.Boxes, drawn)
	}
	for _, route := range layout.Routes {
		class := "edge"
		if route.Back {
			class += " back"
		}
		d.Arrows = append(d.Arrows, drawnArrow{D: curve(route.Points), Class: class, From: route.From, To: route.To})
	}
	return d
}

func textWidth(text string) float64 { return float64(utf8.RuneCountInString(text)) * letter }

// shown cuts a long key at its beginning.
func shown(text string) string {
	letters := []rune(text)
	if len(letters) <= longestText {
		return text
	}
	return "…" + string(letters[len(letters)-longestText+1:])
}

func length(value float64) string { return strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0") }

// curve returns the path of an arrow: from point to point by curves that begin and end
// level.
func curve(points []layered.Point) string {
	var d strings.Builder
	fmt.Fprintf(&d, "M%s %s", length(points[0].X), length(points[0].Y))
	for i, to := range points[1:] {
		from := points[i]
		if cmp.Compare(from.Y, to.Y) == 0 {
			fmt.Fprintf(&d, "H%s", length(to.X))
			continue
		}
		middle := (from.X + to.X) / 2
		fmt.Fprintf(&d, "C%s %s %s %s %s %s", length(middle), length(from.Y), length(middle), length(to.Y), length(to.X), length(to.Y))
	}
	return d.String()
}
