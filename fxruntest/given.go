package fxruntest

import (
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/assets"
	"github.com/fxrun/fxrun/container"
)

// Given gives the value of an upstream asset, as if an earlier run had stored it.
// The run of the test does not compute this asset. value has the type that the
// function of the asset returns, or holds the same rows in another form, such as
// a slice for a stream. If several values are given for one asset, the last one is used.
func Given(asset string, value any) fx.Option {
	return member("fxruntest.given", given{asset, value})
}

// Config gives the run config of the launch. If several configs set the same
// field, the last one is used.
func Config(config container.RunConfig) fx.Option { return member("fxruntest.config", config) }

// Tag puts a tag on the run. If several tags have one name, the last one is used.
func Tag(name, value string) fx.Option { return member("fxruntest.tag", tag{name, value}) }

// member puts a value into an Fx value group.
func member[T any](group string, value T) fx.Option {
	return fx.Provide(fx.Annotated{Group: group, Target: func(c *counter) numbered[T] {
		c.given++
		return numbered[T]{c.given, value}
	}})
}

// counter counts what options give: Fx asks for the members of a group in the
// order of the options, and shuffles them then.
type counter struct{ given int }

type numbered[T any] struct {
	number int
	value  T
}

// inOrder returns the members of a group in the order of the options.
func inOrder[T any](members []numbered[T]) []T {
	slices.SortFunc(members, func(a, b numbered[T]) int { return a.number - b.number })
	values := make([]T, len(members))
	for i, member := range members {
		values[i] = member.value
	}
	return values
}

type given struct {
	asset string
	value any
}

type tag struct{ name, value string }

func (g given) fault(format string, args ...any) error {
	return fmt.Errorf("asset %s: "+format, append([]any{g.asset}, args...)...)
}

// fits reports what keeps the value from being the asset's.
func (g given) fits(output assets.Output) error {
	t := reflect.TypeOf(g.value)
	switch {
	case output.Type == nil:
		return g.fault("it stores its data itself, so it has no value to give")
	case t == output.Type || t != nil && sameRows(t, output.Type):
		return nil
	case t != nil && output.Type.Kind() == reflect.Interface && t.Implements(output.Type):
		return nil
	}
	return g.fault("it is a %s, and a %v was given", output.Type, t)
}
