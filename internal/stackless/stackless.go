// Package stackless makes options of Fx without the call stack of their callers. Fx
// keeps the stack at which an option is made, and takes apart the name of each
// function in it. This was a fifth of the time in which a program defines ten
// thousand assets. Each application that gets the option may also write the stack as
// text, which was a fifth of the cost of a child container. Nobody needs these
// stacks, because the errors of fxrun name the place of a definition themselves.
package stackless

import (
	"reflect"

	"go.uber.org/fx"
)

// An option without the stack of a caller can only be a copy of another option, with
// other functions. These options have the stack of their package's start.
var (
	providing  = reflect.ValueOf(fx.Provide())
	invoking   = reflect.ValueOf(fx.Invoke())
	decorating = reflect.ValueOf(fx.Decorate())
)

// Provide is fx.Provide.
func Provide(constructors ...any) fx.Option {
	if option := with(providing, constructors); option != nil {
		return option
	}
	return fx.Provide(constructors...)
}

// Invoke is fx.Invoke.
func Invoke(functions ...any) fx.Option {
	if option := with(invoking, functions); option != nil {
		return option
	}
	return fx.Invoke(functions...)
}

// Decorate is fx.Decorate.
func Decorate(decorators ...any) fx.Option {
	if option := with(decorating, decorators); option != nil {
		return option
	}
	return fx.Decorate(decorators...)
}

// with returns a copy of an option with other functions. It returns nil if the option
// does not have the fields that options of Fx 1.24 have.
func with(option reflect.Value, functions []any) fx.Option {
	if option.Kind() != reflect.Struct || option.NumField() != 2 {
		return nil
	}
	made := reflect.New(option.Type()).Elem()
	made.Set(option)
	targets, stack := made.FieldByName("Targets"), made.FieldByName("Stack")
	if !targets.CanSet() || targets.Type() != reflect.TypeOf(functions) || !stack.CanSet() || stack.Kind() != reflect.Slice {
		return nil
	}
	targets.Set(reflect.ValueOf(functions))
	stack.Set(stack.Slice3(0, 1, 1)) // Fx needs one
	return made.Interface().(fx.Option)
}
