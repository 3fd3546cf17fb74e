package ui

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/inspect"
)

// zoomQuery is what the address of a run asks to see of its timeline.
type zoomQuery struct {
	Show     string // "" for all lines, or showCritical or showFailed
	From, To time.Duration
	query    url.Values // all of the address
}

const showCritical, showFailed = "critical", "failed"

// shortest is the shortest part of a timeline that is shown.
const shortest = 10 * time.Microsecond

func zoomOf(r *http.Request) zoomQuery {
	micros := func(name string) time.Duration {
		n, err := strconv.ParseInt(r.FormValue(name), 10, 64)
		if err != nil || n < 0 || n > int64(24*365*time.Hour/time.Microsecond) {
			return 0
		}
		return time.Duration(n) * time.Microsecond
	}
	return zoomQuery{Show: r.FormValue("show"), From: micros("from"), To: micros("to"), query: r.URL.Query()}
}

// within returns the part of a timeline that is asked for: where it begins, and how long
// it is.
func (z zoomQuery) within(length time.Duration) (offset, scale time.Duration) {
	from, to := z.From, min(z.To, length)
	if to == 0 {
		to = length
	}
	if to-from < shortest {
		return 0, length
	}
	return from, to - from
}

// shows reports whether a line of the timeline is asked for.
func (z zoomQuery) shows(lane inspect.Lane) bool {
	switch z.Show {
	case showCritical:
		return slices.ContainsFunc(lane.Spans, func(span inspect.Span) bool { return span.Critical })
	case showFailed:
		return lane.Because != "" || slices.ContainsFunc(lane.Spans, func(span inspect.Span) bool { return span.Status == history.StepStatusFailed })
	}
	return true
}

// path returns the address of the page with another part of the timeline.
func (z zoomQuery) path(show string, from, to time.Duration) string {
	query := make(url.Values)
	for _, kept := range []string{"step", "level", "text", "stream"} {
		if value := z.query.Get(kept); value != "" {
			query.Set(kept, value)
		}
	}
	if show != "" {
		query.Set("show", show)
	}
	if to > 0 {
		query.Set("from", strconv.FormatInt(from.Microseconds(), 10))
		query.Set("to", strconv.FormatInt(to.Microseconds(), 10))
	}
	return "?" + query.Encode() + "#timeline"
}

// zoom are the links that show another part of a timeline, and what its script needs.
type zoom struct {
	Choices        []choice
	Moves          []choice
	From, Length   int64 // the part that is shown, in microseconds
	IsWhole        bool
	ShownFrom, End string
}

// choice is one of some links, of which one may be the current one.
type choice struct {
	Text, Title, Path string
	Current           bool
}

func newZoom(asked zoomQuery, offset, scale, length time.Duration) *zoom {
	z := &zoom{From: offset.Microseconds(), Length: scale.Microseconds(), IsWhole: scale >= length, ShownFrom: axisText(offset), End: axisText(offset + scale)}
	from, to := offset, offset+scale
	if z.IsWhole {
		from, to = 0, 0
	}
	for _, one := range []choice{{Text: "All"}, {Text: "Critical path", Title: showCritical}, {Text: "Failed", Title: showFailed}} {
		z.Choices = append(z.Choices, choice{Text: one.Text, Path: asked.path(one.Title, from, to), Current: asked.Show == one.Title})
	}
	move := func(text, title string, from, to time.Duration) {
		from = max(0, from)
		to = min(to, length)
		if to-from < shortest || from == offset && to == offset+scale {
			return
		}
		if from == 0 && to == length {
			to = 0
		}
		z.Moves = append(z.Moves, choice{Text: text, Title: title, Path: asked.path(asked.Show, from, to)})
	}
	move("+", "Zoom in", offset+scale/4, offset+scale*3/4)
	move("\u2212", "Zoom out", offset-scale/2, offset+scale*3/2)
	if offset > 0 {
		back := min(offset, scale/2)
		move("\u2190", "Earlier", offset-back, offset+scale-back)
	}
	if rest := length - offset - scale; rest > 0 {
		on := min(rest, scale/2)
		move("\u2192", "Later", offset+on, offset+scale+on)
	}
	if !z.IsWhole {
		move("whole", "The whole run", 0, length)
	}
	return z
}
