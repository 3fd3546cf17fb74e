package child

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/fxrun/fxrun/internal/digerror"
	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/panics"
	"github.com/fxrun/fxrun/internal/prepare"
)

// liveChild is a child from the beginning of its opening until its end.
type liveChild struct {
	state    *state
	opened   chan struct{} // closed when the opening has ended
	closing  *closing
	siblings *openChildren // the open children of its parent, which contain it until it is closed
}

// newLiveChild makes a child that will be opened, with borrowed instances of
// resources that live longer. If outer is not nil, the child is nested in it.
func newLiveChild(ctx context.Context, p *prepare.Preparation, outer *state, borrowed map[*graph.Node]*instance, siblings *openChildren) *liveChild {
	return &liveChild{
		state: newState(ctx, p, outer, borrowed), opened: make(chan struct{}), closing: newClosing(), siblings: siblings,
	}
}

// refuse returns the error of a use of a child that was closed.
func (ch *liveChild) refuse(act string) error {
	if ch.state.nested.isClosed() {
		return fmt.Errorf("%s: %w", act, errChildClosed)
	}
	return nil
}

// start opens the child, and closes it again if the opening fails.
func (ch *liveChild) start() error {
	returned := false
	defer func() {
		if !returned { // one of the options ended the goroutine, as testing.T.FailNow does
			close(ch.opened)
			_ = ch.Close(panics.ErrGoexit)
		}
	}()
	err := ch.open()
	ch.state.calls.Rest(1) // the stops will need one worker
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
		return errors.Join(append(failures, closed)...) // the error of Fx only repeats one of these errors
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
		return fmt.Errorf("opening the child container: %w", digerror.Plainly(err))
	}
	for _, populate := range ch.state.preparation.Populate {
		if err := ch.Call(populate); err != nil {
			return err
		}
	}
	return nil
}

// Arguments returns the values for the parameters of the target, in order. The
// config of a step is copied for each call. Arguments panics for a target that
// was not given to the child.
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

// Call calls the function of the target and returns its error. A panic in the
// function is returned as a *PanicError. Call panics for a target that was not
// given to the child.
func (ch *liveChild) Call(target *graph.Target) error {
	if err := ch.refuse("calling " + target.Name()); err != nil {
		return err
	}
	arguments := ch.Arguments(target)
	// Unlike a hook, the function has no deadline.
	return panics.Guard(func() error {
		_, err := target.Function().Call(arguments)
		return err
	})
}

// Close stops everything that has started, in the exact reverse of the order in
// which it started, and returns all errors. Package container documents it.
func (ch *liveChild) Close(outcome error) error {
	inside := ch.calls()
	ch.state.nested.close() // after this, nothing more begins
	return ch.closing.run(inside, func() error {
		<-ch.opened
		defer ch.siblings.remove(ch)
		return ch.state.stop(outcome)
	})
}

// calls reports whether the calling goroutine executes a user's function that
// the end of the child has to wait for.
func (ch *liveChild) calls() bool { return ch.state.members.HasCaller() || ch.state.nested.call() }

func (ch *liveChild) beginNothing() { ch.state.nested.close() }
