package automation

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
)

// Occasion says what a tick is for. The zero value of each field is as at the first tick.
type Occasion struct {
	// Scheduled is the time that the tick is for. The function of a schedule gets it in the
	// zone of the schedule. The default is the time of Event, or else the present time.
	Scheduled time.Time
	// Previous is the time that the tick before was for.
	Previous time.Time
	// Cursor is the cursor that an earlier tick has set.
	Cursor string
	// Attempt is counted from 1, which is the default.
	Attempt int
	// Event is the event of a sensor that ticks for events, and Record the run of it. An
	// event for which the sensor does not tick is an error.
	Event  history.Event
	Record history.Record
	// Logger gets the lines of the tick. Nil discards them; they are in the Evaluation.
	Logger *slog.Logger
	// Options are given to the child container of the tick, for instance fx.Replace with
	// a fake.
	Options []fx.Option
}

// occasion is an [Occasion] as ticks pass it on. The event is apart, since it is large, and
// most sensors tick often and without one.
type occasion struct {
	scheduled time.Time
	previous  time.Time
	cursor    string
	attempt   int
	event     *eventOfRun // nil if the tick is for no event
	logger    *slog.Logger
	options   []fx.Option

	identity string // of its runs, the same for all attempts, also after a crash; "" is that of the number of the tick
	position int64  // of the event

	lines  *logLines // of the function, once it was called
	exited bool      // the function has ended the goroutine of the tick
}

// guardInPlace calls what users supply in this goroutine, which saves two switches between
// goroutines. If that ends the goroutine, guardInPlace does not return.
func (on *occasion) guardInPlace(call func() error) (err error) {
	panics.Call(call, func(ended error) {
		err, on.exited = ended, errors.Is(ended, panics.ErrGoexit)
	})
	return err
}

// check refuses an event that would never make the automation tick.
func (o Occasion) check(a *automation) error {
	if o.Event.Data == nil || a.events != nil && a.events.fits(o.Event) {
		return nil
	}
	return fault.Join(fmt.Sprintf("evaluating %s %s", a.kind, a.name), []error{fmt.Errorf("it does not tick for this event: %s", o.Event.Type())})
}

// eventOfRun is an event with its run.
type eventOfRun struct {
	event  history.Event
	record history.Record
}

func (o Occasion) inside() *occasion {
	scheduled := o.Scheduled
	if scheduled.IsZero() {
		scheduled = o.Event.Time
	}
	return &occasion{
		scheduled: scheduled, previous: o.Previous, cursor: o.Cursor, attempt: o.Attempt, event: &eventOfRun{o.Event, o.Record},
		logger: o.Logger, options: o.Options,
	}
}
