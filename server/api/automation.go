package api

import (
	"errors"
	"net/http"
	"time"

	"github.com/fxrun/fxrun/automation"
	"github.com/fxrun/fxrun/internal/fault"
)

// automations are the operations on schedules, or on sensors.
type automations struct {
	*API

	kind automation.Kind
}

func (a automations) control() (*automation.Control, error) {
	return automation.NewControl(a.config.Automations, a.config.Launcher.Store())
}

func (a automations) list(c call[noQuery]) ([]automation.Status, error) {
	control, err := a.control()
	if err != nil {
		return nil, err
	}
	all, err := control.All(c.Context(), a.kind)
	return append([]automation.Status{}, all...), err
}

// named returns the control and the status of what the path names.
func (a automations) named(r *http.Request) (*automation.Control, automation.Status, error) {
	control, err := a.control()
	if err != nil {
		return nil, automation.Status{}, err
	}
	status, err := control.Status(r.Context(), a.kind, r.PathValue("name"))
	return control, status, unknown(err)
}

func (a automations) one(c call[noQuery]) (automation.Status, error) {
	_, status, err := a.named(c.Request)
	return status, err
}

func (a automations) ticks(c call[limitQuery]) ([]automation.TickRecord, error) {
	limit, err := limitOf(c.query.Limit, usualItems, mostItems, c.has("limit"))
	if err != nil {
		return nil, err
	}
	control, status, err := a.named(c.Request)
	if err != nil {
		return nil, err
	}
	ticks, err := control.Ticks(c.Context(), a.kind, status.Name, limit)
	return append([]automation.TickRecord{}, ticks...), err
}

// Switch says whether a schedule or a sensor is to be on.
type Switch struct {
	On *bool `json:"on"`
	// CatchUp also ticks for the time at which it was off.
	CatchUp bool `json:"catch_up,omitempty" jsonschema:"also tick for the time at which it was off"`
}

func (a automations) turn(r *http.Request, body Switch) (automation.Status, error) {
	control, status, err := a.named(r)
	if err != nil {
		return status, err
	}
	switch {
	case body.On == nil:
		return status, invalid(readingBody, "on: it must be given, true or false")
	case !*body.On && body.CatchUp:
		return status, invalid(readingBody, "catch_up is only for what is turned on")
	}
	if err := control.Switch(r.Context(), a.kind, status.Name, *body.On, automation.SwitchOptions{CatchUp: body.CatchUp}); err != nil {
		return status, err
	}
	a.audit(r, "switch", string(a.kind), status.Name, "on", *body.On)
	_, status, err = a.named(r)
	return status, err
}

// Reset says what to reset.
type Reset struct {
	// Cursor is the new cursor. "" is the cursor before the first tick, and without the
	// field it stays as it is.
	Cursor *string  `json:"cursor,omitempty" jsonschema:"the new cursor; the empty text is the one before the first tick"`
	Keys   []string `json:"keys,omitempty" jsonschema:"keys of requests that may make a run again"`
}

func (a automations) reset(r *http.Request, body Reset) (automation.Status, error) {
	control, status, err := a.named(r)
	if err != nil {
		return status, err
	}
	if err := control.Reset(r.Context(), a.kind, status.Name, automation.Reset{Cursor: body.Cursor, Keys: body.Keys}); err != nil {
		return status, err
	}
	a.audit(r, "reset", string(a.kind), status.Name)
	_, status, err = a.named(r)
	return status, err
}

// PreviewRequest says for what a tick is evaluated.
type PreviewRequest struct {
	// At is the time that the tick is for. The default is the present time.
	At string `json:"at,omitempty" jsonschema:"the time that the tick is for, as in 2026-03-29T02:30:00Z; the default is now"`
	// Cursor is the cursor that the tick finds. The default is that of the history.
	Cursor string `json:"cursor,omitempty" jsonschema:"the cursor that the tick finds; the default is that of the history"`
}

func (a automations) preview(r *http.Request, body PreviewRequest) (automation.Preview, error) {
	control, status, err := a.named(r)
	if err != nil {
		return automation.Preview{}, err
	}
	occasion := automation.Occasion{Cursor: body.Cursor}
	if body.At != "" {
		if occasion.Scheduled, err = time.Parse(time.RFC3339, body.At); err != nil {
			return automation.Preview{}, invalid(readingBody, "at: it must be a time as 2026-03-29T02:30:00Z or 2026-03-29T02:30:00+01:00, not %q", body.At)
		}
	}
	a.audit(r, "preview", string(a.kind), status.Name)
	preview, err := control.Preview(r.Context(), a.config.Launcher, a.kind, status.Name, occasion)
	if preview.Requests == nil {
		preview.Requests = []automation.PreviewedRun{}
	}
	if err != nil && r.Context().Err() == nil {
		return preview, evaluationFault(err)
	}
	return preview, err
}

// evaluationFault makes the failure of a tick an error that a person can correct: the
// server itself has not failed.
func evaluationFault(err error) error {
	if _, ok := errors.AsType[*fault.Faults](err); ok {
		return err
	}
	return fault.Join("previewing a tick", []error{err})
}
