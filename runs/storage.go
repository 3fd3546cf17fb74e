package runs

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/history"
	"github.com/fxrun/fxrun/internal/binding"
	"github.com/fxrun/fxrun/iomanagers"
	"github.com/fxrun/fxrun/rows"
)

// targets are all that a plan needs of a child, as options of it.
func (l *Launcher) targets(plan *assets.Plan) []fx.Option { return binding.Options(plan, l.storage) }

// ioManager returns the step's IO manager of a key.
func (x *stepExecution) ioManager(key string) iomanagers.IOManager {
	if manager := x.site.launcher.config.IO; manager != nil {
		return manager
	}
	manager, _ := x.arguments(x.site.launcher.storage[key])[0].Interface().(iomanagers.IOManager)
	return manager
}

// load loads the step's inputs.
func (x *stepExecution) load(ctx context.Context) ([]reflect.Value, error) {
	values := make([]reflect.Value, len(x.step.Inputs))
	x.own = nil
	for i, input := range x.step.Inputs {
		value := reflect.New(x.step.Moves(input.As))
		in := iomanagers.Input{
			Asset: x.site.storedKey(input.Output), RunID: x.site.launch.id, Format: input.Format, Stored: input.Type, Type: value.Type().Elem(),
		}
		own := x.ownInput(input, &in)
		inner, done := x.site.tell(ctx, x.about(ActivityLoad, input.Key, input.IO))
		err := x.ioManager(input.IO).Load(inner, in, value.Interface())
		if own != nil && err == nil && !own.confirmed.Load() {
			err = x.site.unchanged(own.key)
		}
		done(Outcome{Err: err})
		switch {
		case errors.Is(err, iomanagers.ErrNotFound) && !input.Planned:
			return nil, fmt.Errorf("%w: it is not part of this run, run it first (--select %q)", err, "+"+input.Key)
		case err != nil:
			return nil, replaced(err)
		}
		values[i] = value.Elem().Convert(input.As)
		if shape, ok := rows.Of(input.As); ok && own != nil && shape.Form.Streams() {
			x.own = append(x.own, own) // read later, by the function
		}
	}
	return values, nil
}

// store stores the step's outputs, and notes which are stored and what their IO
// managers tell about each.
func (x *stepExecution) store(ctx context.Context, values []reflect.Value) error {
	turn, err := x.takeTurn(ctx)
	if err != nil {
		return err
	}
	x.turn = turn
	var assignments []iomanagers.Assignment
	for i, output := range x.step.Outputs {
		if output.Type == nil {
			continue
		}
		about, moved := make(history.Values), x.step.Moves(output.Type)
		key := x.site.storedKey(output)
		kept, ended := x.site.begin(output, key)
		defer ended()
		assignments = append(assignments, iomanagers.Assignment{
			Manager: x.ioManager(output.IO),
			Output: iomanagers.Output{
				Asset: key, RunID: x.site.launch.id, Format: output.Format, Type: moved, Metadata: about,
				Progress: x.progress.stored,
			},
			Value: values[i].Convert(moved).Interface(),
			Stored: func() {
				x.stored[i] = about
				kept()
			},
		})
	}
	inner, done := x.beginStores(ctx)
	err = storeAll(inner, assignments)
	done(err)
	return err
}

func storeAll(ctx context.Context, assignments []iomanagers.Assignment) error {
	if len(assignments) != 1 {
		return iomanagers.StoreAll(ctx, assignments)
	}
	one := assignments[0]
	err := one.Manager.Store(ctx, one.Output, one.Value)
	if err == nil {
		one.Stored()
	}
	return err
}

// beginStores tells the observer of the stores of all outputs, which take place together. The
// context is that of the store if there is only one.
func (x *stepExecution) beginStores(ctx context.Context) (inner context.Context, done func(error)) {
	if x.site.launcher.config.Observer == nil {
		return ctx, func(error) {}
	}
	ends := make(map[int]func(Outcome))
	inner = ctx
	for i, output := range x.step.Outputs {
		if output.Type != nil {
			inner, ends[i] = x.site.tell(ctx, x.about(ActivityStore, output.Key, output.IO))
		}
	}
	if len(ends) > 1 {
		inner = ctx
	}
	return inner, func(err error) {
		for i, end := range ends {
			outcome := Outcome{Err: err}
			if x.stored[i] != nil {
				outcome.Err = nil
				outcome.Rows, outcome.Bytes = storedSize(x.stored[i])
			}
			end(outcome)
		}
	}
}

// storesPerStep reports whether an IO manager lives per step: then the stop of
// its resources, such as a commit, is part of storing a value.
func (x *stepExecution) storesPerStep(key string) bool {
	return x.site.launcher.config.IO == nil && x.site.launcher.storage[key].LivesPerStep()
}
