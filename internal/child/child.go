package child

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/fault"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/signature"
)

// Child is a child container: the resources that its targets need, started. It
// must be closed. It is safe for concurrent use.
type Child struct {
	state    *childState
	opened   chan struct{} // closed when the opening has ended
	closing  *closing
	siblings *openChildren // of its parent, with itself until it is closed
}

// NewChild opens a child. Package container documents it.
func (c *Parent) NewChild(ctx context.Context, opts []fx.Option) (*Child, error) {
	if err := c.refuse(); err != nil {
		return nil, err
	}
	prepared, err := c.Prepare(opts)
	if err != nil {
		return nil, err
	}
	return prepared.Open(ctx, nil)
}

// NewChild opens a nested child, for a step of a run. Package container
// documents it.
func (ch *Child) NewChild(ctx context.Context, opts []fx.Option) (*Child, error) {
	parent := ch.state
	if err := ch.refuse("opening a nested child container"); err != nil {
		return nil, err
	}
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
	child := newChild(ctx, preparation, borrowed, parent.nested)
	child.state.members.Outer = parent.container.process.membersOfCaller()
	if !parent.nested.add(child) {
		child.state.cancel(errChildClosed)
		return nil, ch.refuse("opening a nested child container")
	}
	return child.start(preparation)
}

// refuse returns the error of an act with a child that has been closed.
func (ch *Child) refuse(act string) error {
	if ch.state.nested.isClosed() {
		return fmt.Errorf("%s: %w", act, errChildClosed)
	}
	return nil
}

// newChild makes a child that is to be opened, with borrowed instances of what
// lives longer.
func newChild(ctx context.Context, p *preparation, borrowed map[*graph.Node]*instance, siblings *openChildren) *Child {
	return &Child{
		state: newChildState(ctx, p, borrowed), opened: make(chan struct{}), closing: newClosing(), siblings: siblings,
	}
}

// start opens the child, and closes it again if that goes wrong.
func (ch *Child) start(p *preparation) (*Child, error) {
	returned := false
	defer func() {
		if !returned { // one of the options ended the goroutine, as testing.T.FailNow does
			close(ch.opened)
			_ = ch.Close(panics.ErrGoexit)
		}
	}()
	err := ch.open(p)
	ch.state.calls.rest(1) // it will be needed again for the stops
	returned = true
	close(ch.opened)
	if err != nil {
		return nil, errors.Join(err, ch.Close(err))
	}
	return ch, nil
}

// open builds and starts everything.
func (ch *Child) open(p *preparation) error {
	err := p.builder.build(p, ch)
	closed := ch.refuse("opening the child container")
	if failures := ch.state.failures(); len(failures) > 0 {
		return errors.Join(append(failures, closed)...) // Fx's own error only says that it was told so
	}
	if closed != nil {
		return closed
	}
	if ended := ch.state.ctx.Err(); ended != nil {
		if cause := context.Cause(ch.state.ctx); !errors.Is(cause, ended) {
			return fmt.Errorf("opening the child container: %w: %w", ended, cause)
		}
		return fmt.Errorf("opening the child container: %w", context.Cause(ch.state.ctx))
	}
	if err != nil {
		return fmt.Errorf("opening the child container: %w", plainly(err))
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
func (ch *Child) Arguments(target *graph.Target) []reflect.Value {
	arguments, ok := ch.state.bound[target]
	if !ok {
		panic("container: " + target.Name() + " was not among the child's targets")
	}
	arguments = slices.Clone(arguments)
	for i, in := range target.Inputs() {
		if in.Kind == graph.ConfigInput {
			arguments[i] = target.Step().Config.Copy(ch.state.steps[target])
		}
	}
	return arguments
}

// Call calls the target's function and returns its error; a panic in it comes
// back as a *PanicError. It panics for a target that was not among those of
// [Needs].
func (ch *Child) Call(target *graph.Target) error {
	if err := ch.refuse("calling " + target.Name()); err != nil {
		return err
	}
	arguments := ch.Arguments(target)
	returned := make(chan error, 1)
	// The function ends when it ends: unlike a hook it has no deadline.
	go panics.Call(func() error {
		_, err := target.Function().Call(arguments)
		return err
	}, func(err error) { returned <- err })
	return <-returned
}

// Close stops everything that started, in the exact reverse of the order in
// which it started, and returns all that went wrong. Package container
// documents it.
func (ch *Child) Close(outcome error) error {
	inside := ch.calls()
	ch.state.nested.close() // from here on nothing more begins
	return ch.closing.run(inside, func() error {
		<-ch.opened
		defer ch.siblings.remove(ch)
		return ch.state.stop(outcome)
	})
}

// calls reports whether the calling goroutine is in a function of the user's
// that the child's end has to wait for.
func (ch *Child) calls() bool { return ch.state.members.HasCaller() || ch.state.nested.call() }

// Invoke opens a child, calls fn with what it asks for once everything has
// started, and closes the child, whatever fn comes to. Package container
// documents it.
func (c *Parent) Invoke(ctx context.Context, fn any, opts []fx.Option) error {
	function, err := signature.Of(fn)
	if err != nil {
		return fault.Join("checking the function to invoke", []error{err})
	}
	target, err := c.graph.NewTarget(function.Name, function, nil)
	if err != nil {
		return err
	}
	child, err := c.NewChild(ctx, append(slices.Clone(opts), Needs([]*graph.Target{target})))
	if err != nil {
		return err
	}
	err = child.Call(target)
	return errors.Join(err, child.Close(err))
}
