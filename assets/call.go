package assets

import (
	"context"
	"log/slog"
	"reflect"
)

// call calls the function, and returns a value for each output that has a type. It
// panics where the function does. Package runs finds it as the body of the target.
//
// ctx ends when the step is cancelled, and about tells the function about the
// step. arguments are what a child gives for the target, in order, and inputs are the
// values of the step's Inputs.
func (m *maker) call(ctx context.Context, about *Context, arguments, inputs []reflect.Value) ([]reflect.Value, error) {
	params := make([]reflect.Value, len(m.params))
	for i, p := range m.params {
		switch p.kind {
		case inputParam:
			params[i] = inputs[p.at]
		case groupParam:
			params[i] = p.gather(m.function.Params[i], m.inputs, inputs)
		case containerParam:
			params[i] = arguments[p.at]
		default:
			params[i] = own(ctx, m.function.Params[i].Type, about)
		}
	}
	return m.function.Call(params)
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
