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
// other functions. These options have one frame, which names the start of the package.
var (
	providing  = withShortStack(reflect.ValueOf(fx.Provide()))
	invoking   = withShortStack(reflect.ValueOf(fx.Invoke()))
	decorating = withShortStack(reflect.ValueOf(fx.Decorate()))
)

// withShortStack returns a copy of an option whose stack is as short as Fx allows. Each
// application that gets the option writes it as text several times. withShortStack returns the
// option itself if it does not have the fields that options of Fx 1.24 have.
func withShortStack(option reflect.Value) reflect.Value {
	if option.Kind() != reflect.Struct {
		return option
	}
	stack := option.FieldByName("Stack")
	if !stack.IsValid() || stack.Kind() != reflect.Slice || stack.Len() == 0 || stack.Type().Elem().Kind() != reflect.Struct {
		return option
	}
	short := reflect.MakeSlice(stack.Type(), 1, 1)
	if function := short.Index(0).FieldByName("Function"); function.IsValid() && function.Kind() == reflect.String {
		function.Set(stack.Index(0).FieldByName("Function"))
	}
	made := reflect.New(option.Type()).Elem()
	made.Set(option)
	made.FieldByName("Stack").Set(short)
	return made
}

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
	targets := made.FieldByName("Targets")
	if !targets.CanSet() || targets.Type() != reflect.TypeOf(functions) {
		return nil
	}
	targets.Set(reflect.ValueOf(functions))
	return made.Interface().(fx.Option)
}
