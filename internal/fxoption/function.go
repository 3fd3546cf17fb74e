package fxoption

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// Kind is the option of Fx that has the function.
type Kind int

// The kinds of functions.
const (
	Provide Kind = iota
	Supply
	Decorate
	Replace
	Invoke // fx.Populate has this kind too
	Logger // fx.WithLogger
)

var kindNames = [...]string{"fx.Provide", "fx.Supply", "fx.Decorate", "fx.Replace", "fx.Invoke", "fx.WithLogger"}

// String returns the name of the option, as in "fx.Provide".
func (k Kind) String() string { return kindNames[k] }

// Provides reports whether the function gives values that nobody had before.
func (k Kind) Provides() bool { return k == Provide || k == Supply }

// Decorates reports whether the function gives other values in the place of values.
func (k Kind) Decorates() bool { return k == Decorate || k == Replace }

// Function is one function of an option. The values of fx.Supply and fx.Replace
// are functions without parameters.
type Function struct {
	signature.Func

	Kind     Kind
	InModule bool // the function stands in an fx.Module
	Private  bool // only functions of its module get what the function gives

	// Value is the type of the value that was given to fx.Supply or fx.Replace.
	Value reflect.Type
	// Option is an option of the same kind with this function alone. It is nil
	// for a logger and for functions in a module.
	Option fx.Option
}

// String names the function for people, as in "fx.Provide(pkg.New)".
func (f Function) String() string {
	if f.Kind == Supply || f.Kind == Replace || f.Name == "" || strings.HasPrefix(f.Name, "reflect.") {
		return f.Kind.String()
	}
	return f.Kind.String() + "(" + f.Name + ")"
}

// Gives reports whether the function gives the key.
func (f Function) Gives(key signature.Key) bool {
	for _, result := range f.Results {
		if result.Key == key {
			return true
		}
	}
	return false
}

// StandsIn reports whether the function gives values without the use of the
// values that it replaces.
func (f Function) StandsIn() bool {
	return f.Kind.Decorates() && len(f.Params) == 0
}

// signatureOf finds the parameters and the results of the function of an
// option.
func signatureOf(target any) (signature.Func, error) {
	if wrong := wrongAnnotation(target); wrong != nil {
		return signature.Func{}, wrong
	}
	if option, ok := target.(fx.Option); ok {
		return signature.Func{}, fmt.Errorf("it was given %v, which is an option itself and not a function: give it beside the other options", option)
	}
	if annotated, ok := target.(fx.Annotated); ok {
		return annotatedBefore(annotated)
	}
	function, err := signature.Of(target)
	if !errors.Is(err, signature.ErrAnnotated) {
		return function, err
	}
	built, err := build(target)
	if err != nil {
		return signature.Func{}, err
	}
	function, err = signature.Of(built)
	function.Name, function.Position = nameOf(target), ""
	return function, err
}

// annotatedBefore reads an fx.Annotated, which puts one name or one group on
// all results.
func annotatedBefore(annotated fx.Annotated) (signature.Func, error) {
	function, err := signature.Of(annotated.Target)
	if err != nil {
		return function, err
	}
	group, option, _ := strings.Cut(annotated.Group, ",")
	results := make([]signature.Result, len(function.Results))
	for i, result := range function.Results {
		result.Name, result.Group = annotated.Name, group
		if option == "flatten" && result.Type.Kind() == reflect.Slice {
			result.Flatten, result.Type = true, result.Type.Elem()
		}
		results[i] = result
	}
	function.Results = results
	return function, nil
}

// wrongAnnotation returns the error of a wrong fx.Annotate. fx.Annotate returns it
// in place of a function, as a value of a type that does not implement error.
func wrongAnnotation(target any) error {
	value := reflect.ValueOf(target)
	if !value.IsValid() || value.Type().Name() != "annotationError" {
		return nil
	}
	wrong, err := field(value, "err")
	if err != nil {
		return err
	}
	wrapped, _ := wrong.Interface().(error)
	return wrapped
}

// build returns the function that Fx makes of what fx.Annotate returns.
func build(target any) (any, error) {
	value := reflect.New(reflect.TypeOf(target))
	value.Elem().Set(reflect.ValueOf(target))
	method := value.MethodByName("Build")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 2 {
		return nil, fmt.Errorf("what fx.Annotate returns is a %T, which is not known", target)
	}
	built := method.Call(nil)
	if err, _ := built[1].Interface().(error); err != nil {
		return nil, err
	}
	return built[0].Interface(), nil
}

// nameOf returns the name of the function that was given to fx.Annotate.
func nameOf(annotated any) string {
	field := reflect.ValueOf(annotated).FieldByName("Target")
	if !field.IsValid() || field.IsNil() {
		return ""
	}
	function, err := signature.Of(field.Interface())
	if err != nil {
		return ""
	}
	return function.Name
}

// wholeGroups returns the results of a decorator, which gives a group as one slice
// of all members.
func wholeGroups(results []signature.Result) []signature.Result {
	results = slices.Clone(results)
	for i, result := range results {
		if result.Group != "" && !result.Flatten && result.Type.Kind() == reflect.Slice {
			results[i].Flatten, results[i].Type = true, result.Type.Elem()
		}
	}
	return results
}
