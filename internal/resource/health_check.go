package resource

import (
	"context"
	"reflect"
)

// healthCheck is what Health was told.
type healthCheck struct {
	Typ   reflect.Type
	Check func(ctx context.Context, value reflect.Value) error
}

// Health says how to find out whether the resource, once started, is well. T is
// the type of the constructor's first result. See Child.Health.
func Health[T any](check func(ctx context.Context, value T) error) Option {
	return optionFunc(func(d *Declaration) {
		if check == nil {
			d.fault("container.Health(nil): it checks nothing")
			return
		}
		d.Health = &healthCheck{
			Typ: reflect.TypeFor[T](),
			Check: func(ctx context.Context, value reflect.Value) error {
				return check(ctx, value.Interface().(T))
			},
		}
	})
}
