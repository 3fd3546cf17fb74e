package automation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/runs"
)

// Control turns schedules and sensors on and off, resets them, and tells what they did. It
// reads and writes the history, so the daemon may be in another process. The daemon follows
// a change within a second. It is safe for concurrent use.
type Control struct {
	automations *Automations
	store       history.Store
	journals    history.Journals
}

// NewControl returns a control over a history. The error says that the store keeps no
// history.Journals.
func NewControl(automations *Automations, store history.Store) (*Control, error) {
	journals, ok := store.(history.Journals)
	if !ok {
		return nil, fmt.Errorf("reading schedules and sensors: the history is a %T, which keeps no history.Journals", store)
	}
	return &Control{automations, store, journals}, nil
}

// Status is a definition with its state.
type Status struct {
	Description
	// Ticking says that it is on.
	Ticking bool `json:"ticking"`
	// State is what is known after its last tick. It is zero if no daemon has seen it yet.
	State State `json:"state"`
	// Next is the next time of a schedule that is on, or of the next attempt. It is zero
	// for sensors, and if there is none.
	Next time.Time `json:"next,omitzero"`
	// Tick is the last tick, or nil.
	Tick *TickRecord `json:"last_tick,omitempty"`
}

// All returns the status of all schedules, or of all sensors, sorted by name. Status.Tick
// is set only if the last tick has failed, and nothing was changed after it.
func (c *Control) All(ctx context.Context, kind Kind) ([]Status, error) {
	last, err := c.journals.Entries(ctx, history.EntryQuery{Last: true})
	if err != nil {
		return nil, err
	}
	states, failed := make(map[string]State, len(last)), make(map[string]TickRecord)
	for _, entry := range last {
		if entry.Journal == daemonJournal {
			continue
		}
		if entry.Kind == kindFailed {
			if failed[entry.Journal], err = decode[TickRecord](entry.Data); err != nil {
				return nil, fmt.Errorf("reading entry %d of %s: %w", entry.Seq, entry.Journal, err)
			}
		}
		if states[entry.Journal], err = decode[State](entry.State); err != nil {
			return nil, fmt.Errorf("reading the state of %s: %w", entry.Journal, err)
		}
	}
	all := []Status{}
	for _, a := range c.automations.all {
		if a.kind == kind {
			status := a.status(states[a.journal()], time.Now())
			if tick, ok := failed[a.journal()]; ok {
				status.Tick = &tick
			}
			all = append(all, status)
		}
	}
	return all, nil
}

// Status returns the status of a schedule or a sensor. The error of an unknown name matches
// container.ErrInvalid.
func (c *Control) Status(ctx context.Context, kind Kind, name string) (Status, error) {
	a, j, err := c.open(ctx, kind, name)
	if err != nil {
		return Status{}, err
	}
	status := a.status(j.known(), time.Now())
	ticks, err := c.Ticks(ctx, kind, name, 1)
	if len(ticks) > 0 {
		status.Tick = &ticks[0]
	}
	return status, err
}

func (a *automation) status(state State, now time.Time) Status {
	status := Status{Description: a.describe(), State: state, Ticking: a.isOn(state)}
	switch {
	case !status.Ticking:
	case !state.Again.IsZero():
		status.Next = state.Again
	case a.kind == KindSchedule:
		base := later(state.Since, state.Last)
		if base.IsZero() {
			base = now
		}
		status.Next = a.times.Next(base)
	}
	return status
}

// Ticks returns the last ticks, the newest first: at most limit, or all for 0.
func (c *Control) Ticks(ctx context.Context, kind Kind, name string, limit int) ([]TickRecord, error) {
	a, err := c.automations.find(kind, name)
	if err != nil {
		return nil, err
	}
	found, err := c.journals.Entries(ctx, history.EntryQuery{
		Journal: a.journal(), Kinds: []string{kindRequested, kindSkipped, kindFailed}, Limit: limit,
	})
	if err != nil {
		return nil, err
	}
	ticks := make([]TickRecord, len(found))
	for i, entry := range found {
		if ticks[i], err = decode[TickRecord](entry.Data); err != nil {
			return nil, fmt.Errorf("reading entry %d of %s: %w", entry.Seq, entry.Journal, err)
		}
	}
	return ticks, nil
}

// open returns a definition and its journal.
func (c *Control) open(ctx context.Context, kind Kind, name string) (*automation, *journal, error) {
	a, err := c.automations.find(kind, name)
	if err != nil {
		return nil, nil, err
	}
	j := &journal{store: c.journals, name: a.journal()}
	return a, j, j.load(ctx)
}

// SwitchOptions are the options of [Control.Switch].
type SwitchOptions struct {
	// CatchUp makes a schedule that is turned on count the times at which it was off as
	// missed, and a sensor that ticks for events tick for those that it has missed. Without
	// it, they go on from now.
	CatchUp bool
}

// Switch turns a schedule or a sensor on or off. It does nothing if that is so already.
func (c *Control) Switch(ctx context.Context, kind Kind, name string, on bool, options SwitchOptions) error {
	a, j, err := c.open(ctx, kind, name)
	if err != nil {
		return err
	}
	if state := j.known(); a.isOn(state) == on && state.Switched != "" {
		return nil
	}
	end, err := c.end(ctx, a)
	if err != nil {
		return err
	}
	now := time.Now()
	return j.append(ctx, change{kind: kindSwitched, at: now, apply: func(state *State, _ int64) (any, error) {
		wasOn := a.isOn(*state)
		state.Switched = "off"
		if !on {
			return nil, nil
		}
		state.Switched = "on"
		if !wasOn && !options.CatchUp {
			state.Since = now.UTC()
			state.Attempt, state.Again, state.Scheduled = 0, time.Time{}, time.Time{}
			if a.events != nil {
				state.Position, state.Started = end, true
			}
		}
		return nil, nil
	}})
}

// end returns the end of the history, for a sensor that ticks for events.
func (c *Control) end(ctx context.Context, a *automation) (int64, error) {
	feed, ok := c.store.(history.Feed)
	if a.events == nil || !ok {
		return 0, nil
	}
	_, end, err := feed.EventsAfter(ctx, -1, history.EventQuery{})
	return end, err
}

// Reset says what to reset.
type Reset struct {
	// Cursor is the new cursor; nil leaves it as it is.
	Cursor *string
	// Keys are keys of requests that may make a run again.
	Keys []string
}

// Reset sets the cursor of a sensor, or lets keys make a run again. A tick that is
// evaluated meanwhile counts for nothing.
func (c *Control) Reset(ctx context.Context, kind Kind, name string, reset Reset) error {
	if reset.Cursor == nil && len(reset.Keys) == 0 {
		return fault.Join(fmt.Sprintf("resetting %s %s", kind, name), []error{errors.New("nothing to reset is given: give a cursor, or keys")})
	}
	_, j, err := c.open(ctx, kind, name)
	if err != nil {
		return err
	}
	claimed, err := c.journals.Claimed(ctx, j.name, reset.Keys)
	if err != nil {
		return err
	}
	var faults []error
	if reset.Cursor != nil {
		faults = append(faults, fault.Of(checkCursor(*reset.Cursor))...)
	}
	for _, key := range reset.Keys {
		if !slices.Contains(claimed, key) {
			faults = append(faults, fmt.Errorf("the key %q has made no run", key))
		}
	}
	if err := fault.Join(fmt.Sprintf("resetting %s %s", kind, name), faults); err != nil {
		return err
	}
	return j.append(ctx, change{kind: kindReset, at: time.Now(), releases: reset.Keys, apply: func(state *State, _ int64) (any, error) {
		state.Resets++
		state.Attempt, state.Again, state.Scheduled = 0, time.Time{}, time.Time{}
		if reset.Cursor != nil {
			state.Cursor = *reset.Cursor
		}
		return nil, nil
	}})
}

// Preview says what a tick would ask for.
type Preview struct {
	// Occasion is what the tick was evaluated for.
	Scheduled time.Time `json:"scheduled"`
	// Requests are the runs that it would make, with their config checked.
	Requests []PreviewedRun `json:"requests"`
	// Skipped, Reason and Cursor are as in [Evaluation].
	Skipped bool      `json:"skipped,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	Cursor  string    `json:"cursor,omitempty"`
	Log     []LogLine `json:"log,omitempty"`
}

// PreviewedRun is a run that a tick would make.
type PreviewedRun struct {
	Key string `json:"key,omitempty"`
	// Known says that the key has made a run before, so that it would make none.
	Known bool           `json:"known,omitempty"`
	Run   runs.QueuedRun `json:"run"`
}

// Preview evaluates a tick with real resources, and checks the runs that it asks for. It
// launches nothing and stores nothing. The cursor and the previous time are those of the
// history, unless the occasion has others. The error is that of the evaluation, or says
// what is wrong with the requests.
func (c *Control) Preview(ctx context.Context, launcher *runs.Launcher, kind Kind, name string, occasion Occasion) (Preview, error) {
	a, j, err := c.open(ctx, kind, name)
	if err != nil {
		return Preview{}, err
	}
	state := j.known()
	if occasion.Previous.IsZero() {
		occasion.Previous = state.Last
	}
	if occasion.Cursor == "" {
		occasion.Cursor = state.Cursor
	}
	if err := occasion.check(a); err != nil {
		return Preview{}, err
	}
	on := occasion.inside()
	on.identity = "preview"
	result, err := a.evaluate(ctx, on, panics.Guard)
	preview := Preview{Scheduled: on.scheduled, Requests: []PreviewedRun{}, Skipped: result.Skipped, Reason: result.Reason, Cursor: result.Cursor, Log: result.Log}
	if err != nil {
		return preview, err
	}
	asker := &asker{automation: a, launcher: launcher, journals: c.journals}
	asked, known, err := asker.prepare(ctx, state, on, result.Requests, true, time.Now())
	for _, request := range asked {
		preview.Requests = append(preview.Requests, PreviewedRun{Key: request.Key, Known: slices.Contains(known, request.Key), Run: request.Run})
	}
	return preview, err
}
