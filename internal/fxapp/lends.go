package fxapp

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// Lends has the values that the Fx application of a child makes for nested
// children.
type Lends struct {
	Params  []signature.Param      // the values that they will borrow
	Touched map[signature.Key]bool // those of the values that are not simply results of resources
}

// invoke makes the application build the values that nested children will
// borrow, and keeps those that are not simply results of resources.
func (l Lends) invoke() fx.Option {
	params := append([]signature.Param{{Key: childKey}}, l.Params...)
	return stackless.Invoke(signature.Make(params, nil, func(values []reflect.Value) ([]reflect.Value, error) {
		child := values[0].Interface().(*Child)
		for i, param := range l.Params {
			if l.Touched[param.Key] {
				child.Lends[param.Key] = values[i+1]
			}
		}
		return nil, nil
	}))
}
