package assets

import (
	"context"
	"log/slog"
	"reflect"
)

// Call is what a step's function is called with.
type Call struct {
	// Context ends when the step is cancelled.
	Context context.Context
	// Step tells the function about the step.
	Step *Context
	// Arguments are what a child gives for the step's Target.
	Arguments []reflect.Value
	// Inputs are the values of the step's Inputs.
	Inputs []reflect.Value
}

// Call calls the step's function and returns a value for each of the step's
// Outputs that has a type. It panics where the function does.
func (s *Step) Call(call Call) ([]reflect.Value, error) {
	arguments := make([]reflect.Value, len(s.maker.params))
	for i, p := range s.maker.params {
		switch p.kind {
		case inputParam:
			arguments[i] = call.Inputs[p.at]
		case containerParam:
			arguments[i] = call.Arguments[p.at]
		default:
			arguments[i] = own(s.maker.function.Params[i].Type, call)
		}
	}
	return s.maker.function.Call(arguments)
}

// own is what a step itself gives to its function.
func own(t reflect.Type, call Call) reflect.Value {
	switch t {
	case contextType:
		return reflect.ValueOf(call.Context)
	case stepContextType:
		return reflect.ValueOf(call.Step)
	default:
		return reflect.ValueOf((*slog.Logger)(call.Step.Logger()))
	}
}
