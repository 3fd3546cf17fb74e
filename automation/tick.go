package automation

import (
	"fmt"
	"sync"
	"time"
)

// Tick is one tick of a schedule or a sensor, as its function sees it. It is safe for
// concurrent use while the function runs.
type Tick struct {
	name      string
	scheduled time.Time
	previous  time.Time
	attempt   int

	mu      sync.Mutex
	cursor  string
	moved   bool
	skipped bool
	reason  string
}

// Name returns the name of the schedule or sensor.
func (t *Tick) Name() string { return t.name }

// Scheduled returns the time that the tick is for, in the zone of the schedule. For a
// sensor it is the begin of the tick, and for one that ticks for events it is the time of
// the event.
func (t *Tick) Scheduled() time.Time { return t.scheduled }

// Previous returns the time that the last tick before this one was for, for a schedule in
// its zone. It is zero for the first one.
func (t *Tick) Previous() time.Time { return t.previous }

// Attempt returns the number of the attempt at this tick, counted from 1. Also after a
// crash in the middle of a tick the function is called again: what it does itself, besides
// asking for runs, may then happen twice.
func (t *Tick) Attempt() int { return t.attempt }

// Cursor returns the text that was given to [Tick.SetCursor] last, in this tick or in an
// earlier one. It is "" at first.
func (t *Tick) Cursor() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.cursor
}

// SetCursor keeps a text for the next tick, such as how far the function has read. It is
// stored in the same write as the runs that this tick asks for, and only if the tick does
// not fail. A cursor that is not UTF-8 or that is larger than 1 MiB makes the tick fail.
func (t *Tick) SetCursor(cursor string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.cursor, t.moved = cursor, true
}

// Skip says why the tick asks for no run. The text is formatted as by fmt.Sprintf, and
// shown with the tick. Of a text of more than 1 MiB the beginning is kept. A tick that
// skips must not return requests.
func (t *Tick) Skip(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped, t.reason = true, fmt.Sprintf(format, args...)
}
