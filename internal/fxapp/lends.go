package fxapp

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// Lends is what the Fx application of a child makes for nested children.
type Lends struct {
	Params  []signature.Param      // what they will borrow
	Touched map[signature.Key]bool // of these, what is not just a resource's result
}

// invoke makes the application build what nested children will borrow, and keeps
// the values that are not just a resource's results.
func (l Lends) invoke() fx.Option {
	params := append([]signature.Param{{Key: childKey}}, l.Params...)
	return invoke(signature.Make(params, nil, func(values []reflect.Value) ([]reflect.Value, error) {
		child := values[0].Interface().(*Child)
		for i, param := range l.Params {
			if l.Touched[param.Key] {
				child.Lends[param.Key] = values[i+1]
			}
		}
		return nil, nil
	}))
}
