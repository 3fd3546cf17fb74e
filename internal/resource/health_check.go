package resource

import (
	"context"
	"reflect"
)

// healthCheck is the check that Health was given.
type healthCheck struct {
	Typ   reflect.Type
	Check func(ctx context.Context, value reflect.Value) error
}

// Health gives the resource a check of whether it works after its start. T is
// the type of the first result of the constructor. See Child.Health.
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
