package container

import (
	"context"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/child"
)

// Child is a child container: it holds the resources that its targets need, and
// they have started. It must be closed. It is safe for concurrent use.
type Child child.Child

// started is the child as the packages of fxrun know it.
func (ch *Child) started() *child.Child { return (*child.Child)(ch) }

// NewChild opens a nested child, for a step of a run. The nested child has its own
// instances of the resources that live per step (see [PerStep]), and uses all other
// values of ch. So ch must have been opened with [NeedsLater] of the same targets.
//
// The nested child has the launch-time config, the logger and the observers of ch,
// and those of opts besides. The functions of the plain fx.Options of ch are not
// called again: the nested child gets the values that came of them. Only what
// decorates or replaces values that live per step is applied in each nested child.
// Options among opts are for this nested child alone.
//
// Config is not read again. Each nested child gets a copy of the values that were
// read when ch was prepared. The exceptions are the resources and steps for which
// opts have a [Launch], and those of targets that ch was not opened with.
//
// Closing ch closes nested children that are still open.
func (ch *Child) NewChild(ctx context.Context, opts ...fx.Option) (*Child, error) {
	nested, err := ch.started().NewChild(ctx, opts)
	return (*Child)(nested), err
}

// Call calls the function of the target and returns its error. A panic in the
// function is returned as a *[PanicError]. The function has no deadline. After
// Close the function is not called, and the error matches [ErrClosed]. Call panics
// for a target that was not among those of [Needs].
func (ch *Child) Call(target *Target) error { return ch.started().Call(target.checked()) }

// Close stops everything that started, in the exact reverse of the order in
// which it started, and returns all errors. outcome is the result of the work
// that the child was opened for: nil, or why the work failed or was cancelled.
// Hooks read it with [Outcome].
//
// Nested children are closed first. Those that are being opened begin nothing
// more, and their running starts are waited for. A running [Child.Call] is not
// waited for.
//
// Each resource has its own deadline, which does not depend on the context of the
// child: a child whose context was cancelled stops like any other. The first
// call does the work. Other calls wait for it and return the same error.
//
// If a hook, a constructor or an observer calls Close, and Close would have to
// wait for that function, Close returns an error at once, and the child is closed
// after the function has returned.
func (ch *Child) Close(outcome error) error { return ch.started().Close(outcome) }

// Health checks the resources of the child that have a [Health] check, all at the
// same time, each for no longer than its start timeout. It returns a report for
// each, sorted by key. A panic in a check is an error of its report. After Close
// no check is called, and the error of each report matches [ErrClosed].
func (ch *Child) Health(ctx context.Context) []HealthReport { return ch.started().Health(ctx) }

// HealthReport is the result of the check of one resource. Resource is its key,
// Err is what the check returned and nil if the resource is well, and Duration is
// how long the check took.
type HealthReport = child.HealthReport
