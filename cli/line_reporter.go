package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fxrun/fxrun/history"
)

// lineReporter writes a line for each event. Without --verbose, it writes a single
// line for all resources that started without an error, and one for those that
// stopped.
type lineReporter struct {
	out, err io.Writer
	look     lookAt
	verbose  bool

	mu       sync.Mutex
	board    *board
	told     map[string]time.Time // when the progress of a step was last written, by the key of the step
	starts   turns
	stops    turns
	overdue  map[string]*time.Timer // timers that report slow resources
	finished bool
	errors   toldErrors
}

func newLineReporter(out, err io.Writer, look lookAt, verbose bool, attempts attempts) *lineReporter {
	return &lineReporter{
		out: out, err: err, look: look, verbose: verbose, board: newBoard(attempts),
		told: make(map[string]time.Time), overdue: make(map[string]*time.Timer),
	}
}

const (
	// progressEvery is the shortest time between two lines about the progress of a
	// step.
	progressEvery = 5 * time.Second
	// slowResource is how long a resource may take to start, or to stop, before
	// it gets lines of its own.
	slowResource = 2 * time.Second
)

// turns are the resources that have started, or stopped, without an error.
type turns struct {
	keys        []string
	first, last time.Time
}

func (t *turns) begin(at time.Time) {
	if t.first.IsZero() {
		t.first = at
	}
}

func (t *turns) end(key string, at time.Time) {
	t.keys, t.last = append(t.keys, key), at
}

func (l *lineReporter) event(event history.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.board.apply(event)
	switch data := event.Data.(type) {
	case history.StepProgress:
		if event.Time.Sub(l.told[data.Step]) < progressEvery {
			return
		}
		l.told[data.Step] = event.Time
	case history.ResourceStarting, history.ResourceStarted, history.ResourceStopping, history.ResourceStopped, history.RunStarting, history.RunStarted, history.RunFinished:
		if !l.verbose && l.sumUp(event) {
			return
		}
	default: // it gets a line of its own
	}
	line := l.errors.line(event, l.board.attempts)
	if line.debug && !l.verbose {
		return
	}
	l.write(event.Time, line.text)
}

func (l *lineReporter) write(at time.Time, text string) {
	_, _ = fmt.Fprintln(l.out, at.Local().Format(time.TimeOnly)+gap+text)
}

// sumUp remembers an event for the line about several resources. It returns false
// if the event needs a line of its own.
func (l *lineReporter) sumUp(event history.Event) bool {
	switch data := event.Data.(type) {
	case history.ResourceStarting:
		l.expect(&l.starts, instance{data.Resource, data.Step, data.Worker}, "starting", event.Time)
	case history.ResourceStarted:
		return l.ended(&l.starts, instance{data.Resource, data.Step, data.Worker}, data.Duration, data.Error, event.Time)
	case history.ResourceStopping:
		l.expect(&l.stops, instance{data.Resource, data.Step, data.Worker}, "stopping", event.Time)
	case history.ResourceStopped:
		return l.ended(&l.stops, instance{data.Resource, data.Step, data.Worker}, data.Duration, data.Error, event.Time)
	case history.RunStarted:
		l.tell(l.starts, "started", event.Time)
	case history.RunFinished:
		l.tell(l.stops, "stopped", event.Time)
		return false
	default:
	}
	return true
}

// instance is an instance of a resource: that of a step, if step is not "", on a worker, if
// worker is not "".
type instance struct{ resource, step, worker string }

func (i instance) name() string { return resourceName(i.resource, i.step, i.worker) }

// expect remembers that a resource begins to start or to stop. If this takes long,
// a line is written, so that a run that hangs shows where it hangs.
func (l *lineReporter) expect(turns *turns, of instance, doing string, at time.Time) {
	if of.step == "" {
		turns.begin(at)
	}
	name := of.name()
	l.overdue[name] = time.AfterFunc(slowResource, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, waiting := l.overdue[name]; waiting && !l.finished {
			l.write(time.Now(), name+" still "+doing+" after "+durationText(slowResource))
		}
	})
}

// ended reports whether the end of the start or stop of a resource needs no line of
// its own.
func (l *lineReporter) ended(turns *turns, of instance, took time.Duration, failure history.Failure, at time.Time) bool {
	name := of.name()
	if timer := l.overdue[name]; timer != nil {
		timer.Stop()
		delete(l.overdue, name)
	}
	if failure.Message != "" {
		return false
	}
	if of.step == "" { // otherwise there would be a line for each step
		turns.end(of.resource, at)
	}
	return took < slowResource
}

func (l *lineReporter) tell(turns turns, done string, at time.Time) {
	if len(turns.keys) == 0 {
		return
	}
	const most = 8                          // so that people can read the line
	slices.Sort(turns.keys)                 // they end in a random order
	turns.keys = slices.Compact(turns.keys) // each once, however many workers have it
	keys := strings.Join(turns.keys[:min(len(turns.keys), most)], ", ")
	if more := len(turns.keys) - most; more > 0 {
		keys += fmt.Sprintf(" and %d more", more)
	}
	took := max(turns.last.Sub(turns.first), time.Nanosecond)
	l.write(at, fmt.Sprintf("%s %s in %s: %s", counted(len(turns.keys), "resource"), done, durationText(took), clean(keys)))
}

func (l *lineReporter) note(text string) { _, _ = fmt.Fprintln(l.err, text) }

func (l *lineReporter) end() history.Record {
	l.abandon()
	l.mu.Lock()
	defer l.mu.Unlock()
	writeSummary(l.out, screen{}, l.board.record, l.errors.without(why(l.board.record)), l.board.values, l.look)
	return l.board.record
}

func (l *lineReporter) abandon() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finished = true
	for name, timer := range l.overdue {
		timer.Stop()
		delete(l.overdue, name)
	}
}
