package inspect

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/fxrun/fxrun/history"
)

// Timeline says when the steps and the resources of a run started and ended. Events are
// added to it in the order of the log, so a timeline can follow a run that is not
// finished. The zero Timeline is that of a run of which nothing is known yet.
type Timeline struct {
	// Start is the time of the first event, and End that of the last event about a
	// step, a resource or the run. Both are zero before the first event.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// Steps are the steps, in the order of history.RunQueued.
	Steps []Lane `json:"steps"`
	// Resources are the resources, in the order in which they began to start. Each
	// instance of a resource that lives per step has a lane of its own, and so has each
	// instance on another worker.
	Resources []Lane `json:"resources"`
	// Finished says that the run has ended.
	Finished bool `json:"finished"`

	stepAt map[string]int // where each step stands in Steps
}

// Lane is the line of one step, or of one resource, in a [Timeline].
type Lane struct {
	// Key is the key of the step or of the resource.
	Key string `json:"key"`
	// Step is the key of the step that the instance of a resource belongs to. It is ""
	// for a step, and for a resource of the whole run.
	Step string `json:"step,omitempty"`
	// Worker names the process that has the instance of a resource, or the process of the last
	// attempt at a step, if it is not a process of the owner of the run.
	Worker string `json:"worker,omitempty"`
	// Spans are the parts of the line, in the order of their beginnings.
	Spans []Span `json:"spans"`
	// WaitsFor says what a step waits for that has not begun, such as a place in a pool. It
	// is "" for all others, and where the timeline has no log lines.
	WaitsFor string `json:"waits_for,omitempty"`
	// Because says why a step was never started. It is "" for all others.
	Because string `json:"because,omitempty"`
}

// SpanKind says what a [Span] shows.
type SpanKind string

const (
	// SpanWaiting is the time between two attempts at a step.
	SpanWaiting SpanKind = "waiting"
	// SpanAttempt is an attempt at a step.
	SpanAttempt SpanKind = "attempt"
	// SpanStarting is the start of a resource.
	SpanStarting SpanKind = "starting"
	// SpanInUse is the time between the start and the stop of a resource.
	SpanInUse SpanKind = "in_use"
	// SpanStopping is the stop of a resource.
	SpanStopping SpanKind = "stopping"
)

// Span is a part of a [Lane].
type Span struct {
	Kind SpanKind `json:"kind"`
	// Start and End limit the span. End is zero while the span goes on.
	Start time.Time `json:"start"`
	End   time.Time `json:"end,omitzero"`
	// Status is that of an attempt: running, succeeded, failed or cancelled. For a
	// resource it is failed if its start or its stop failed, and "" otherwise.
	Status history.StepStatus `json:"status,omitempty"`
	// Attempt is the number of the attempt. It is 0 for other kinds.
	Attempt int `json:"attempt,omitempty"`
	// Worker names the process of the attempt, as in history.StepStarted. It is "" for other
	// kinds.
	Worker string `json:"worker,omitempty"`
	// Error is why the attempt, the start or the stop failed.
	Error string `json:"error,omitempty"`
	// Critical says that the span is on the critical path: see [Timeline.MarkCritical].
	Critical bool `json:"critical,omitempty"`
}

// Add adds the next event of the run.
func (t *Timeline) Add(event history.Event) {
	at := event.Time
	switch data := event.Data.(type) {
	case history.RunQueued:
		for _, step := range data.Steps {
			t.step(step)
		}
	case history.RunStarting, history.RunStarted:
	case history.RunFinished:
		t.finish(at)
	case history.StepStarted:
		lane := t.step(data.Step)
		lane.end(at, "", "")
		lane.Worker, lane.WaitsFor = data.Worker, ""
		lane.begin(Span{Kind: SpanAttempt, Start: at, Status: history.StepStatusRunning, Attempt: data.Attempt, Worker: data.Worker})
	case history.StepSucceeded:
		t.step(data.Step).end(at, history.StepStatusSucceeded, "")
	case history.StepFailed:
		lane := t.step(data.Step)
		lane.end(at, history.StepStatusFailed, data.Error.Message)
		if data.Retry {
			lane.begin(Span{Kind: SpanWaiting, Start: at})
		}
	case history.StepCancelled:
		t.step(data.Step).end(at, history.StepStatusCancelled, "")
	case history.StepSkipped:
		lane := t.step(data.Step)
		lane.Because, lane.WaitsFor = data.Because, ""
	case history.ResourceStarting:
		t.Resources = append(t.Resources, Lane{
			Key: data.Resource, Step: data.Step, Worker: data.Worker, Spans: []Span{{Kind: SpanStarting, Start: at}},
		})
	case history.ResourceStarted:
		lane := t.resource(data.Resource, data.Step, data.Worker)
		lane.endOf(at, data.Error)
		if data.Error == (history.Failure{}) {
			lane.begin(Span{Kind: SpanInUse, Start: at})
		}
	case history.ResourceStopping:
		lane := t.resource(data.Resource, data.Step, data.Worker)
		lane.end(at, "", "")
		lane.begin(Span{Kind: SpanStopping, Start: at})
	case history.ResourceStopped:
		t.resource(data.Resource, data.Step, data.Worker).endOf(at, data.Error)
	case history.LogWritten:
		if waits := waitsFor(data); waits != "" {
			t.step(data.Step).WaitsFor = waits
		}
		return
	default:
		return
	}
	if t.Start.IsZero() {
		t.Start = at
	}
	if at.After(t.End) {
		t.End = at
	}
}

// finish ends what the run has left without an end.
func (t *Timeline) finish(at time.Time) {
	t.Finished = true
	for i := range t.Steps {
		t.Steps[i].end(at, history.StepStatusCancelled, "")
		t.Steps[i].WaitsFor = ""
	}
	for i := range t.Resources {
		t.Resources[i].end(at, "", "")
	}
}

func (t *Timeline) step(key string) *Lane {
	i, ok := t.stepAt[key]
	if !ok {
		if t.stepAt == nil {
			t.stepAt = make(map[string]int)
		}
		i = len(t.Steps)
		t.stepAt[key] = i
		t.Steps = append(t.Steps, Lane{Key: key, Spans: []Span{}})
	}
	return &t.Steps[i]
}

// resource returns the last instance of a resource on a worker.
func (t *Timeline) resource(key, step, worker string) *Lane {
	for i := len(t.Resources) - 1; i >= 0; i-- {
		if lane := &t.Resources[i]; lane.Key == key && lane.Step == step && lane.Worker == worker {
			return lane
		}
	}
	t.Resources = append(t.Resources, Lane{Key: key, Step: step, Worker: worker, Spans: []Span{}})
	return &t.Resources[len(t.Resources)-1]
}

// Workers returns the names of the processes that have executed the run, sorted. "" stands for
// the processes of the owner of the run.
func (t *Timeline) Workers() []string {
	var workers []string
	for _, lane := range t.Steps {
		for _, span := range lane.Spans {
			if span.Kind == SpanAttempt {
				workers = append(workers, span.Worker)
			}
		}
	}
	for _, lane := range t.Resources {
		workers = append(workers, lane.Worker)
	}
	slices.Sort(workers)
	return slices.Compact(workers)
}

func (l *Lane) begin(span Span) { l.Spans = append(l.Spans, span) }

// end ends the last span, unless it has ended.
func (l *Lane) end(at time.Time, status history.StepStatus, problem string) {
	if len(l.Spans) == 0 || !l.Spans[len(l.Spans)-1].End.IsZero() {
		return
	}
	span := &l.Spans[len(l.Spans)-1]
	span.End = at
	if span.Kind == SpanAttempt || status == history.StepStatusFailed {
		span.Status, span.Error = status, problem
	}
}

func (l *Lane) endOf(at time.Time, failure history.Failure) {
	if failure == (history.Failure{}) {
		l.end(at, "", "")
		return
	}
	l.end(at, history.StepStatusFailed, failure.Message)
}

// Ended returns when the last attempt at a step ended, and false if it goes on or if
// there was none.
func (l Lane) Ended() (time.Time, bool) {
	for _, span := range slices.Backward(l.Spans) {
		if span.Kind == SpanAttempt {
			return span.End, !span.End.IsZero()
		}
	}
	return time.Time{}, false
}

// Busy returns how long the attempts of a step took, or the start and the stop of a
// resource. Spans that go on count until now.
func (l Lane) Busy(now time.Time) time.Duration {
	var sum time.Duration
	for _, span := range l.Spans {
		if span.Kind == SpanInUse || span.Kind == SpanWaiting {
			continue
		}
		end := span.End
		if end.IsZero() {
			end = now
		}
		sum += max(0, end.Sub(span.Start))
	}
	return sum
}

// MarkCritical marks the attempts of the critical path: the step that ended last, then
// of the steps that it needs the one that ended last, and so on. needs has the keys of
// the steps that each step needs. While the run goes on, nothing is marked.
func (t *Timeline) MarkCritical(needs map[string][]string) {
	if !t.Finished {
		return
	}
	lanes := make(map[string]*Lane, len(t.Steps))
	keys := make([]string, 0, len(t.Steps))
	for i := range t.Steps {
		lanes[t.Steps[i].Key] = &t.Steps[i]
		keys = append(keys, t.Steps[i].Key)
	}
	for marked := make(map[string]bool); len(keys) > 0; {
		last := lastToEnd(lanes, keys)
		if last == "" || marked[last] {
			return
		}
		marked[last] = true
		for i := range lanes[last].Spans {
			lanes[last].Spans[i].Critical = lanes[last].Spans[i].Kind == SpanAttempt
		}
		keys = needs[last]
	}
}

// lastToEnd returns the key of the lane whose last attempt ended last, or "".
func lastToEnd(lanes map[string]*Lane, keys []string) string {
	ended := func(key string) time.Time {
		if lane, ok := lanes[key]; ok {
			end, _ := lane.Ended()
			return end
		}
		return time.Time{}
	}
	if len(keys) == 0 {
		return ""
	}
	last := slices.MaxFunc(keys, func(a, b string) int {
		return cmp.Or(ended(a).Compare(ended(b)), strings.Compare(b, a))
	})
	if ended(last).IsZero() {
		return ""
	}
	return last
}

// timelineTypes are the types of the events that a timeline is made from. Log lines and
// progress, of which a run may have millions, are not among them.
var timelineTypes = []history.EventType{
	history.TypeRunQueued, history.TypeRunStarting, history.TypeRunStarted, history.TypeRunFinished,
	history.TypeStepStarted, history.TypeStepSucceeded, history.TypeStepFailed, history.TypeStepSkipped, history.TypeStepCancelled,
	history.TypeResourceStarting, history.TypeResourceStarted, history.TypeResourceStopping, history.TypeResourceStopped,
}

// Timeline returns the timeline of a run, with its critical path.
func (i *Inspector) Timeline(ctx context.Context, run history.Record) (*Timeline, error) {
	timeline := new(Timeline)
	for event, err := range history.EachEvent(ctx, i.store, history.EventQuery{RunID: run.ID, Types: timelineTypes}) {
		if err != nil {
			return nil, err
		}
		timeline.Add(event)
	}
	timeline.MarkCritical(i.StepNeeds(run))
	return timeline, nil
}

// StepNeeds returns the keys of the steps that each step of a run needs, by the
// definitions as they are now. It is empty if these have neither the job nor the
// selection of the run.
func (i *Inspector) StepNeeds(run history.Record) map[string][]string {
	needs := make(map[string][]string)
	plan, err := i.plan(Scope{Job: run.Job, Selection: run.Selection})
	if err != nil || plan == nil {
		return needs
	}
	for _, step := range plan.Steps {
		needs[step.Key] = step.Needs
	}
	return needs
}
