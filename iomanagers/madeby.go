package iomanagers

import (
	"context"
	"errors"
	"fmt"
)

// RunPlace is a [Place] that keeps, with each object, the run that made it. The object and its
// run become visible in one step, and are read as they were at one moment. Over such a place a
// [CodecManager] can tell the values of two runs apart, which may store one asset at the same
// time. Over a place with the four methods of Place only, it never calls Input.Confirm.
type RunPlace interface {
	Place

	// CreateOf does what Create does, and keeps runID with the object.
	CreateOf(ctx context.Context, name, runID string) (Draft, error)

	// OpenOf does what Open does if the run runID made the object. If another run made it, or
	// nobody knows who did, the error matches [ErrReplaced]. If the storage cannot keep runs
	// with objects, the error matches errors.ErrUnsupported, and the manager calls Open.
	OpenOf(ctx context.Context, name, runID string) (Content, error)
}

// create begins the object of a run.
func (m *CodecManager) create(ctx context.Context, name, runID string) (Draft, error) {
	if place, ok := m.place.(RunPlace); ok && runID != "" {
		return place.CreateOf(ctx, name, runID)
	}
	return m.place.Create(ctx, name)
}

// wanted says whose value a Load wants.
type wanted struct {
	runID   string // "" for anybody's
	confirm func() // as Input.Confirm
}

func wantedBy(in Input) wanted { return wanted{runID: in.MadeBy, confirm: in.Confirm} }

// open opens an object of a place, if it is the wanted run's.
func (w wanted) open(ctx context.Context, place Place, name string) (Content, error) {
	runs, ok := place.(RunPlace)
	if !ok || w.runID == "" {
		return place.Open(ctx, name)
	}
	content, err := runs.OpenOf(ctx, name, w.runID)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return place.Open(ctx, name)
	case err == nil && w.confirm != nil:
		w.confirm()
	}
	return content, err
}

// CheckMadeBy compares the run that made a stored value with the run whose value is wanted.
// It calls in.Confirm if they are the same run. Otherwise its error matches [ErrReplaced]. If
// in.MadeBy is "", it does nothing. Managers call it in Load, and at each pass over a stream,
// with the value and its run read as they were at one moment.
func (i Input) CheckMadeBy(runID string) error {
	switch {
	case i.MadeBy == "":
		return nil
	case i.MadeBy != runID:
		return Replaced(runID)
	case i.Confirm != nil:
		i.Confirm()
	}
	return nil
}

// Replaced returns an error that matches [ErrReplaced] and names the run that made the stored
// value. "" means that the run is not known.
func Replaced(runID string) error {
	if runID == "" {
		return fmt.Errorf("%w: it is not known who stored it", ErrReplaced)
	}
	return fmt.Errorf("%w: it is the value of run %s", ErrReplaced, runID)
}
