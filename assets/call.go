package assets

import (
	"context"
	"log/slog"
	"reflect"
)

// Call calls the step's function, and returns a value for each of the step's
// Outputs that has a type. It panics where the function does.
//
// ctx ends when the step is cancelled, and about tells the function about the
// step. arguments are what a child gives for the step's Target, in order, and
// inputs are the values of the step's Inputs. Executors of runs use it by way of
// package runs.
func (s *Step) Call(ctx context.Context, about *Context, arguments, inputs []reflect.Value) ([]reflect.Value, error) {
	params := make([]reflect.Value, len(s.maker.params))
	for i, p := range s.maker.params {
		switch p.kind {
		case inputParam:
			params[i] = inputs[p.at]
		case groupParam:
			params[i] = p.gather(s.maker.function.Params[i], s.maker.inputs, inputs)
		case containerParam:
			params[i] = arguments[p.at]
		default:
			params[i] = own(ctx, s.maker.function.Params[i].Type, about)
		}
	}
	return s.maker.function.Call(params)
}

// own is what a step itself gives to its function.
func own(ctx context.Context, t reflect.Type, about *Context) reflect.Value {
	switch t {
	case contextType:
		return reflect.ValueOf(ctx)
	case stepContextType:
		return reflect.ValueOf(about)
	default:
		return reflect.ValueOf((*slog.Logger)(about.Logger()))
	}
}
