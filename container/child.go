package container

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/child"
)

// Child is a child container: the resources that its targets need, started. It
// must be closed. It is safe for concurrent use.
type Child child.Child

// started is the child as the packages of fxrun know it.
func (ch *Child) started() *child.Child { return (*child.Child)(ch) }

// NewChild opens a nested child, for a step of a run: it has its own instances
// of the resources that live per step (see [PerStep]), and the values of all
// others are those of ch, which must have been opened with [NeedsLater] of the
// same targets.
//
// What ch was opened with holds for the nested child too: launch-time config,
// logger, observers. The functions of ch's plain fx.Options are not called again:
// the nested child gets the values that came of them. Only what decorates or
// replaces values that live per step is applied in each nested child. Options
// among opts are for this nested child alone. Config is not read
// again: each nested child gets a copy of the values that were resolved when ch
// was prepared. The exceptions are resources and steps for which opts have a
// [Launch], and those of targets that ch was not opened with. Closing ch closes
// nested children that are still open.
func (ch *Child) NewChild(ctx context.Context, opts ...fx.Option) (*Child, error) {
	nested, err := ch.started().NewChild(ctx, opts)
	return (*Child)(nested), err
}

// Call calls the target's function and returns its error; a panic in it comes
// back as a *[PanicError]. It panics for a target that was not among those of
// [Needs].
func (ch *Child) Call(target *Target) error { return ch.started().Call(target.checked()) }

// Close stops everything that started, in the exact reverse of the order in
// which it started, and returns all that went wrong. outcome is what the child
// was used for came to: nil, or why it failed or was cancelled.
//
// Each resource has its own deadline, which does not depend on the child's
// context: a child whose context was cancelled is torn down like any other.
// The first call does the work; others wait for it and return the same error.
func (ch *Child) Close(outcome error) error { return ch.started().Close(outcome) }

// Health checks the resources of the child that have a [Health] check, all at
// once, each for no longer than its start timeout, and returns a report for
// each, by key. A check that panics is an error.
func (ch *Child) Health(ctx context.Context) []HealthReport { return ch.started().Health(ctx) }

// HealthReport says how one resource is: its key (Resource), what the check
// returned (Err, nil if the resource is well), and how long the check took
// (Duration).
type HealthReport = child.HealthReport
