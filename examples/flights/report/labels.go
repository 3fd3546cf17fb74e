package report

// point is a place in an SVG.
type point struct{ x, y float64 }

// circle is a dot that may get a label.
type circle struct {
	point
	r       float64
	text    string
	flights int
}

// label is the text beside a dot.
type label struct {
	X, Y, Text string
	Major      bool // shown on small screens too
}

// box is the room that a label takes.
type box struct{ left, top, right, bottom float64 }

const (
	labelWidth  = 28 // of three letters
	labelHeight = 12
	labelGap    = 3 // between dot and label

	mostLabels         = 24
	majorLabels        = 8   // so many of the first are major
	fewestLabelFlights = 100 // of an airport with a label
)

// placeLabels gives the largest circles a label each, where there is room to
// the right, to the left, above or below; a circle without room goes without.
// The circles must be ordered by size, the largest first.
func placeLabels(circles []circle) []label {
	var labels []label
	var taken []box
	for _, c := range circles {
		if len(labels) == mostLabels || c.flights < fewestLabelFlights {
			break
		}
		for _, b := range rooms(c) {
			if !free(b, c, circles, taken) {
				continue
			}
			taken = append(taken, b)
			labels = append(labels, label{
				X:     coordinate((b.left + b.right) / 2),
				Y:     coordinate(b.bottom - 1),
				Text:  c.text,
				Major: len(labels) < majorLabels,
			})
			break
		}
	}
	return labels
}

// rooms are the places for a circle's label, the best first.
func rooms(c circle) []box {
	around := func(x, y float64) box {
		return box{x - labelWidth/2, y - labelHeight/2, x + labelWidth/2, y + labelHeight/2}
	}
	sideways, upright := c.r+labelGap+labelWidth/2, c.r+labelGap+labelHeight/2
	return []box{
		around(c.x+sideways, c.y), around(c.x-sideways, c.y), around(c.x, c.y-upright), around(c.x, c.y+upright),
	}
}

// free reports whether a label of c in b is on the map and hides neither
// another label nor another circle that would have one.
func free(b box, c circle, circles []circle, taken []box) bool {
	if b.left < 0 || b.top < 0 || b.right > mapWidth || b.bottom > mapHeight {
		return false
	}
	for _, t := range taken {
		if b.left < t.right && t.left < b.right && b.top < t.bottom+labelGap && t.top < b.bottom+labelGap {
			return false
		}
	}
	for _, other := range circles {
		if other.flights < fewestLabelFlights {
			break
		}
		if other.text == c.text {
			continue
		}
		dx := other.x - min(max(other.x, b.left), b.right)
		dy := other.y - min(max(other.y, b.top), b.bottom)
		if dx*dx+dy*dy < other.r*other.r {
			return false
		}
	}
	return true
}
