package container

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/fxrun/fxrun/internal/panics"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/signature"
)

// Child is a child container: the resources that its targets need, started. It
// must be closed. It is safe for concurrent use.
type Child struct {
	state    *childState
	forget   func() // takes a nested child from its parent's list
	once     sync.Once
	closeErr error
}

// NewChild opens a child: a fresh Fx app that holds only what its targets need
// (see [Needs], [NeedsResources], [Populate]), values of the host application,
// and the plain fx.Options among opts, and starts it.
//
// A constructor is called only after everything that it depends on has
// started. Constructors are called one at a time; the start hooks of resources
// that don't depend on each other run at the same time, unless plain fx.Options
// are given, whose decorators may touch any value. After something went wrong
// nothing more is begun.
// With fx.Replace among them, the constructor that it stands in for is not
// called and its config is not asked for.
//
// Everything wrong with the launch (unknown resources and fields, wrong types,
// missing values) is found before anything starts, and reported at once as a
// *[Faults]. If starting goes wrong, everything that had started is stopped
// before NewChild returns, and the error joins all that happened, each as a
// *[ResourceError].
//
// Resources that live per process start with the first child that needs them,
// and are shared; see [PerProcess].
//
// NewChild is [Container.Prepare] and [Prepared.Open] in one.
//
// When ctx ends during NewChild, starting ends early. The context that
// constructors get ends with ctx, or when the child has been closed.
func (c *Container) NewChild(ctx context.Context, opts ...fx.Option) (*Child, error) {
	prepared, err := c.Prepare(opts...)
	if err != nil {
		return nil, err
	}
	return prepared.Open(ctx)
}

// NewChild opens a nested child, for a step of a run: it has its own instances
// of the resources that live per step (see [PerStep]), and the values of all
// others are those of ch, which must have been opened with [NeedsLater] of the
// same targets.
//
// What ch was opened with holds for the nested child too: launch-time config,
// logger, observers, plain fx.Options. opts are added. Config is not read
// again: each nested child gets a copy of the values that were resolved when ch
// was prepared. The exceptions are resources and steps for which opts have a
// [Launch], and those of targets that ch was not opened with. Closing ch closes
// nested children that are still open.
func (ch *Child) NewChild(ctx context.Context, opts ...fx.Option) (*Child, error) {
	parent := ch.state
	preparation, err := parent.container.prepare(newChildConfig(opts).inherit(parent.config), parent)
	if err != nil {
		return nil, err
	}
	acquired, err := parent.container.process.acquire(ctx, preparation, preparation.perProcess())
	if err != nil {
		return nil, err
	}
	borrowed := maps.Clone(parent.at)
	maps.Copy(borrowed, acquired)
	child, err := openChild(ctx, preparation, borrowed)
	if err != nil {
		return nil, err
	}
	if !parent.nest(child) {
		return nil, errors.Join(fmt.Errorf("opening the nested child container: %w", errChildClosed), child.Close(errChildClosed))
	}
	return child, nil
}

// openChild builds what was prepared, with borrowed instances of what lives
// longer.
func openChild(ctx context.Context, p *preparation, borrowed map[*node]*instance) (*Child, error) {
	child := &Child{state: newChildState(ctx, p, borrowed)}
	returned := false
	defer func() {
		if !returned { // one of the options ended the goroutine, as testing.T.FailNow does
			_ = child.Close(panics.ErrGoexit)
		}
	}()
	err := child.open(p)
	returned = true
	if err != nil {
		return nil, errors.Join(err, child.Close(err))
	}
	return child, nil
}

// open builds and starts everything.
func (ch *Child) open(p *preparation) error {
	err := p.builder.build(p, ch)
	if failures := ch.state.failures(); len(failures) > 0 {
		return errors.Join(failures...) // Fx's own error only says that it was told so
	}
	if ended := ch.state.ctx.Err(); ended != nil {
		if cause := context.Cause(ch.state.ctx); !errors.Is(cause, ended) {
			return fmt.Errorf("opening the child container: %w: %w", ended, cause)
		}
		return fmt.Errorf("opening the child container: %w", context.Cause(ch.state.ctx))
	}
	if err != nil {
		return fmt.Errorf("opening the child container: %w", err)
	}
	for _, populate := range p.populate {
		if err := ch.Call(populate); err != nil {
			return err
		}
	}
	return nil
}

// Arguments returns the values for the target's parameters, in order. A step's
// config is copied for each call. It panics for a target that was not among
// those of [Needs].
func (ch *Child) Arguments(target *Target) []reflect.Value {
	arguments, ok := ch.state.bound[target]
	if !ok {
		panic("container: " + target.name + " was not among the child's targets")
	}
	arguments = slices.Clone(arguments)
	for i, in := range target.inputs {
		if in.kind == configInput {
			arguments[i] = target.step.config.Copy(ch.state.steps[target])
		}
	}
	return arguments
}

// Call calls the target's function and returns its error; a panic in it comes
// back as a *[PanicError]. It panics for a target that was not among those of
// [Needs].
func (ch *Child) Call(target *Target) error {
	arguments := ch.Arguments(target)
	// The function ends when it ends: unlike a hook it has no deadline.
	return guard(context.WithoutCancel(ch.state.ctx), func() error {
		_, err := target.function.Call(arguments)
		return err
	})
}

// Close stops everything that started, in the exact reverse of the order in
// which it started, and returns all that went wrong. outcome is what the child
// was used for came to: nil, or why it failed or was cancelled.
//
// Each resource has its own deadline, which does not depend on the child's
// context: a child whose context was cancelled is torn down like any other.
// The first call does the work; others wait for it and return the same error.
func (ch *Child) Close(outcome error) error {
	ch.once.Do(func() {
		ch.closeErr = ch.state.stop(outcome)
		if ch.forget != nil {
			ch.forget()
		}
	})
	return ch.closeErr
}

// Invoke opens a child, calls fn with what it asks for once everything has
// started, and closes the child, whatever fn comes to: error, panic or
// cancellation. It returns fn's error joined with those of closing.
//
// fn's parameters are as for [Container.Target]; its context is the child's.
func (c *Container) Invoke(ctx context.Context, fn any, opts ...fx.Option) error {
	function, err := signature.Of(fn)
	if err != nil {
		return fault.Join("checking the function to invoke", []error{err})
	}
	target, err := c.Target(function.Name, fn)
	if err != nil {
		return err
	}
	child, err := c.NewChild(ctx, append(slices.Clone(opts), Needs(target))...)
	if err != nil {
		return err
	}
	err = child.Call(target)
	return errors.Join(err, child.Close(err))
}
