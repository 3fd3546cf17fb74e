package cli

import (
	"context"
	"io"
	"net"
	"os"
	"runtime/debug"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/quantity"
)

// Frame draws the board of a run of which these are the events.
func Frame(events []history.Event, now time.Time, width, height int, colours bool) []string {
	b := newBoard(attempts{"flaky": 3})
	for _, event := range events {
		b.apply(event)
	}
	return b.frame(now, width, height, screen{terminal: true, colours: colours})
}

// Painter shows a run on a terminal.
type Painter struct{ p *painter }

// NewPainter paints on a terminal of 80 columns and 24 lines.
func NewPainter(out io.Writer) Painter {
	return Painter{newPainter(out, screen{terminal: true, fd: -1}, lookAt{program: "shop"}, false, nil)}
}

// Event takes the next event.
func (p Painter) Event(event history.Event) { p.p.event(event) }

// Note tells what the command does.
func (p Painter) Note(text string) { p.p.note(text) }

// End writes the summary.
func (p Painter) End() history.Record { return p.p.end() }

// Abandon gives the terminal back.
func (p Painter) Abandon() { p.p.abandon() }

// Clean is the filter that all foreign text passes.
func Clean(text string) string { return clean(text) }

// DurationText, CountText and SizeText are how quantities are shown.
func DurationText(d time.Duration) string { return durationText(d) }
func CountText(n int64) string            { return countText(n) }
func SizeText(n int64) string             { return quantity.Size(n) }

// Reporter writes lines about a run.
type Reporter struct{ l *lineReporter }

// NewReporter writes lines about a run whose step flaky is tried three times.
func NewReporter(out io.Writer, verbose bool) Reporter {
	return Reporter{newLineReporter(out, io.Discard, lookAt{program: "shop"}, verbose, attempts{"flaky": 3})}
}

// Event takes the next event.
func (r Reporter) Event(event history.Event) { r.l.event(event) }

// End writes the summary.
func (r Reporter) End() history.Record { return r.l.end() }

// Abandon ends the output.
func (r Reporter) Abandon() { r.l.abandon() }

// TypedProgram is how a program was called.
func TypedProgram(name string, info *debug.BuildInfo) string { return typedProgram(name, info) }

// ParseAge is parseAge.
func ParseAge(text string) (time.Duration, error) { return parseAge(text) }

// During calls do as a command does whose caller has this context. At the first request
// to stop it calls note.
func During(caller context.Context, do func(context.Context) error, note func()) error {
	interrupts := listen(caller)
	defer interrupts.close()
	return interrupts.during(do, note)
}

// AskedAsItEnds is During for a request that is made in the moment in which do returns err.
func AskedAsItEnds(err error, note func()) error {
	caller, cancel := context.WithCancel(context.Background())
	interrupts := listen(caller)
	defer interrupts.close()
	returned := make(chan error, 1)
	returned <- err
	cancel()
	return interrupts.await(returned, note)
}

// SharedSocket is sharedSocket.
func SharedSocket(listener *net.TCPListener) (*os.File, error) { return sharedSocket(listener) }
