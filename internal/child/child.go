package child

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"

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
	forget   func() // takes a nested child from its parent's list
	once     sync.Once
	closeErr error
}

// NewChild opens a child. Package container documents it.
func (c *Parent) NewChild(ctx context.Context, opts []fx.Option) (*Child, error) {
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
func openChild(ctx context.Context, p *preparation, borrowed map[*graph.Node]*instance) (*Child, error) {
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
	arguments := ch.Arguments(target)
	// The function ends when it ends: unlike a hook it has no deadline.
	return guard(context.WithoutCancel(ch.state.ctx), func() error {
		_, err := target.Function().Call(arguments)
		return err
	})
}

// Close stops everything that started, in the exact reverse of the order in
// which it started, and returns all that went wrong. Package container
// documents it.
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
