package child

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/fxapp"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/prepare"
)

// liveChild is a child from when its opening begins until it is closed.
type liveChild struct {
	state    *state
	opened   chan struct{} // closed when the opening has ended
	closing  *closing
	siblings *openChildren // of its parent, with itself until it is closed
}

// newLiveChild makes a child that is to be opened, in an outer one if that is not
// nil, with borrowed instances of what lives longer.
func newLiveChild(ctx context.Context, p *prepare.Preparation, outer *state, borrowed map[*graph.Node]*instance, siblings *openChildren) *liveChild {
	return &liveChild{
		state: newState(ctx, p, outer, borrowed), opened: make(chan struct{}), closing: newClosing(), siblings: siblings,
	}
}

// refuse returns the error of an act with a child that has been closed.
func (ch *liveChild) refuse(act string) error {
	if ch.state.nested.isClosed() {
		return fmt.Errorf("%s: %w", act, errChildClosed)
	}
	return nil
}

// start opens the child, and closes it again if that goes wrong.
func (ch *liveChild) start() error {
	returned := false
	defer func() {
		if !returned { // one of the options ended the goroutine, as testing.T.FailNow does
			close(ch.opened)
			_ = ch.Close(panics.ErrGoexit)
		}
	}()
	err := ch.open()
	ch.state.calls.Rest(1) // it will be needed again for the stops
	returned = true
	close(ch.opened)
	if err != nil {
		return errors.Join(err, ch.Close(err))
	}
	return nil
}

// open builds and starts everything.
func (ch *liveChild) open() error {
	err := ch.state.build()
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
		return fmt.Errorf("opening the child container: %w", fxapp.Plainly(err))
	}
	for _, populate := range ch.state.preparation.Populate {
		if err := ch.Call(populate); err != nil {
			return err
		}
	}
	return nil
}

// Arguments returns the values for the target's parameters, in order. A step's
// config is copied for each call. It panics for a target that was not among
// those that the child needs.
func (ch *liveChild) Arguments(target *graph.Target) []reflect.Value {
	arguments, ok := ch.state.app.Bound[target]
	if !ok {
		panic("container: " + target.Name() + " was not among the child's targets")
	}
	arguments = slices.Clone(arguments)
	for i, in := range target.Inputs() {
		if in.Kind == graph.ConfigInput {
			arguments[i] = target.Step().Config.Copy(ch.state.preparation.Steps[target])
		}
	}
	return arguments
}

// Call calls the target's function and returns its error; a panic in it comes
// back as a *PanicError. It panics for a target that was not among those that
// the child needs.
func (ch *liveChild) Call(target *graph.Target) error {
	if err := ch.refuse("calling " + target.Name()); err != nil {
		return err
	}
	arguments := ch.Arguments(target)
	// The function ends when it ends: unlike a hook it has no deadline.
	return panics.Guard(func() error {
		_, err := target.Function().Call(arguments)
		return err
	})
}

// Close stops everything that started, in the exact reverse of the order in
// which it started, and returns all that went wrong. Package container
// documents it.
func (ch *liveChild) Close(outcome error) error {
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
func (ch *liveChild) calls() bool { return ch.state.members.HasCaller() || ch.state.nested.call() }

func (ch *liveChild) beginNothing() { ch.state.nested.close() }
