package automation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/container"
	"github.com/fxrun/fxrun/internal/child"
	"github.com/fxrun/fxrun/internal/excerpt"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
)

// Evaluation is what the function of a tick has decided.
type Evaluation struct {
	// Requests are the runs to make. Each names a job or a selection, and has the tags
	// and the priority of the definition.
	Requests []RunRequest
	// Skipped says that the function skipped the tick, and Reason why.
	Skipped bool
	Reason  string
	// Cursor is the cursor after the tick, and Moved says that the function has set it.
	Cursor string
	Moved  bool
	// Log are the first lines that were logged, as JSON objects.
	Log []LogLine
	// Duration is how long it took, with the start and stop of resources.
	Duration time.Duration
}

// Evaluate calls the function of a schedule or a sensor for one tick: it starts the
// resources that the function needs in a child container of their own, calls the function,
// goes through the requests that it returns, and stops the resources. It launches nothing
// and stores nothing. A schedule without a function asks for a run of its target.
//
// The error says why the tick has failed: the error of the function, a panic, a resource
// that did not start or stop, or a request that names nothing to run. The evaluation then
// has the log lines, and no requests. The error of an unknown name matches
// container.ErrInvalid.
func (a *Automations) Evaluate(ctx context.Context, kind Kind, name string, occasion Occasion) (Evaluation, error) {
	one, err := a.find(kind, name)
	if err != nil {
		return Evaluation{}, err
	}
	if err := occasion.check(one); err != nil {
		return Evaluation{}, err
	}
	return one.evaluate(ctx, occasion.inside(), panics.Guard)
}

// evaluate is [Automations.Evaluate]. guard calls what users supply.
func (a *automation) evaluate(ctx context.Context, on *occasion, guard func(func() error) error) (Evaluation, error) {
	began := time.Now()
	if on.scheduled.IsZero() {
		on.scheduled = began
	}
	if a.kind == KindSchedule {
		on.scheduled = on.scheduled.In(a.times.Zone())
		if !on.previous.IsZero() {
			on.previous = on.previous.In(a.times.Zone())
		}
	}
	if !a.called {
		return Evaluation{Requests: []RunRequest{a.completed(RunRequest{})}, Cursor: on.cursor}, nil
	}
	e := &evaluation{
		automation: a, occasion: on, mask: func(text string) string { return text },
		tick: Tick{name: a.name, scheduled: on.scheduled, previous: on.previous, cursor: on.cursor, attempt: max(1, on.attempt)},
	}
	on.lines = &e.lines
	bounded, cancel := context.WithTimeout(ctx, a.settings.timeout)
	defer cancel()
	err := guard(func() error { return e.run(bounded) })
	if err != nil && ctx.Err() == nil && errors.Is(bounded.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("it did not end within %s: %w", a.settings.timeout, err)
	}
	result := Evaluation{Cursor: on.cursor, Log: e.lines.all(), Duration: time.Since(began)}
	if err != nil {
		return result, fmt.Errorf("evaluating %s %s: %w", a.kind, a.name, fault.Masked(err, e.mask))
	}
	result.Requests, result.Skipped, result.Reason = e.requests, e.tick.skipped, excerpt.Of(e.mask(e.tick.reason))
	result.Cursor, result.Moved = e.tick.cursor, e.tick.moved
	return result, nil
}

// evaluation is one call of a function.
type evaluation struct {
	*automation
	occasion *occasion
	tick     Tick
	lines    logLines
	mask     func(string) string
	requests []RunRequest
}

// run opens the child container, if the function needs anything of it, and closes it.
func (e *evaluation) run(ctx context.Context) (err error) {
	if e.wired == nil {
		return e.call(ctx, nil)
	}
	options := append([]fx.Option{container.Needs((*container.Target)(e.wired))}, e.occasion.options...)
	prepared, err := e.of.container.Prepare(options...)
	if err != nil {
		return err
	}
	e.mask = prepared.Mask
	opened, err := prepared.Open(ctx, container.Logger(e.logger()))
	if err != nil {
		return err
	}
	outcome := panics.ErrGoexit // which a panic leaves too: nothing is to be committed then
	defer func() { err = errors.Join(err, opened.Close(outcome)) }()
	outcome = panics.Guard(func() error { return e.call(ctx, (*child.Child)(opened).Arguments((*graph.Target)(e.wired))) })
	return outcome
}

// logger returns the logger of the tick.
func (e *evaluation) logger() *slog.Logger {
	outside := e.occasion.logger
	if e.wired != nil && e.wired.ModuleLogger() != nil {
		outside = e.wired.ModuleLogger()
	}
	return newTickLogger(&e.lines, outside, e.mask, slog.String(string(e.kind), e.name))
}

// call calls the function, and goes through the requests that it returns.
func (e *evaluation) call(ctx context.Context, arguments []reflect.Value) error {
	params := make([]reflect.Value, len(e.params))
	for i, p := range e.params {
		if p.own {
			params[i] = e.own(ctx, e.function.Params[i].Type)
		} else {
			params[i] = arguments[p.at]
		}
	}
	results, err := e.function.Call(params)
	if err != nil {
		return err
	}
	if len(results) == 1 {
		if err := e.gather(ctx, requestsOf(results[0].Type())(results[0].Interface())); err != nil {
			return err
		}
	}
	if e.tick.skipped && len(e.requests) > 0 {
		return fmt.Errorf("it skips the tick (%s), and asks for %d runs: do one of these", e.tick.reason, len(e.requests))
	}
	if cursor := e.tick.Cursor(); e.tick.moved {
		if err := checkCursor(cursor); err != nil {
			return err
		}
	}
	if ctx.Err() != nil { // the function has ignored its end
		return context.Cause(ctx)
	}
	return nil
}

// own returns what the tick itself gives to the function.
func (e *evaluation) own(ctx context.Context, t reflect.Type) reflect.Value {
	switch t {
	case contextType:
		return reflect.ValueOf(ctx)
	case tickType:
		return reflect.ValueOf(&e.tick)
	case eventType:
		return reflect.ValueOf(e.occasion.event.event)
	case recordType:
		return reflect.ValueOf(e.occasion.event.record)
	default:
		return reflect.ValueOf(e.logger())
	}
}

// gather takes the requests from a sequence, and completes and checks each. It ends at the first
// error, also of a sequence that goes on after it.
func (e *evaluation) gather(ctx context.Context, sequence iter.Seq2[RunRequest, error]) (err error) {
	number, ended := 0, false
	sequence(func(request RunRequest, failed error) bool {
		if ended {
			return false
		}
		number++
		ended, err = e.take(ctx, number, request, failed)
		return !ended
	})
	return err
}

// take takes one request, or the error in its place. It reports whether it is the last one.
func (e *evaluation) take(ctx context.Context, number int, request RunRequest, err error) (last bool, _ error) {
	single := e.function.Results[0].Type == reflect.TypeFor[RunRequest]()
	switch {
	case err != nil:
		return true, err
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	case single && e.tick.skipped && reflect.ValueOf(request).IsZero():
		return true, nil
	}
	completed := e.completed(request)
	switch {
	case request.Job != "" && request.Selection != "":
		err = errors.New("it names a job and a selection: give one of them")
	case completed.Job == "" && completed.Selection == "":
		err = fmt.Errorf("it names neither a job nor a selection, and the %s has no target: give one by automation.For", e.kind)
	}
	if err != nil {
		return true, fault.Join(fmt.Sprintf("checking request %d%s", number, ofKey(request.Key)), []error{err})
	}
	e.requests = append(e.requests, completed)
	return false, nil
}

// maxCursor is how many bytes a cursor has at most. Each tick that is recorded stores it again.
const maxCursor = 1 << 20

// checkCursor refuses a cursor that the history could not keep, or would keep at a high price.
func checkCursor(cursor string) error {
	switch {
	case len(cursor) > maxCursor:
		return fmt.Errorf("its cursor has %d bytes, and may have %d: keep the data elsewhere, and its place in the cursor", len(cursor), maxCursor)
	case !utf8.ValidString(cursor):
		return errors.New("its cursor is not UTF-8, so it could not be stored as it is: encode it as text, for instance by base64")
	}
	return nil
}

func ofKey(key string) string {
	if key == "" {
		return ""
	}
	if len(key) > maxKey {
		key = strings.ToValidUTF8(key[:50], "") + "..."
	}
	return fmt.Sprintf(" (key %q)", key)
}

// completed returns a request with what the definition says about all.
func (a *automation) completed(request RunRequest) RunRequest {
	if request.Job == "" && request.Selection == "" {
		request.Job, request.Selection = a.target.job, a.target.selection
	}
	tags := maps.Clone(a.settings.tags)
	maps.Copy(tags, request.Tags)
	request.Tags = tags
	request.Priority = cmp.Or(request.Priority, a.settings.priority)
	return request
}
