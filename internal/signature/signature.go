// Package signature takes functions apart the way Fx reads them: parameters
// by type, the fields of fx.In and fx.Out structs with their tags, an error
// last. It is the only place of fxrun that builds and calls functions by
// reflection. Everything above it works with [Func], [Param] and [Result].
package signature

import (
	"errors"
	"fmt"
	"path"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"go.uber.org/dig"

	"github.com/fxrun/fxrun/internal/typename"
)

// Key says which value is meant: by its Go type, and by the name or the group of an
// fx.In or fx.Out field. At most one of Name and Group is set.
type Key struct {
	Type  reflect.Type
	Name  string
	Group string
}

// String returns the type, with the name or the group after it, as in
// *sql.DB[name="warehouse"].
func (k Key) String() string {
	switch {
	case k.Name != "":
		return fmt.Sprintf("%s[name=%q]", typename.Of(k.Type), k.Name)
	case k.Group != "":
		return fmt.Sprintf("%s[group=%q]", typename.Of(k.Type), k.Group)
	}
	return typename.Of(k.Type)
}

// Func is a function taken apart. It is immutable and safe for concurrent use.
type Func struct {
	// Name is the function's name with its package, as in "flights.NewCarrier".
	Name string
	// Position is where the function is written, as in "carrier.go:31".
	Position string
	// Params are the parameters of the function, in order. An fx.In struct is
	// replaced by its fields. A variadic parameter is left out, and gets no values,
	// as in Fx.
	Params []Param
	// Results are the results of the function without the error. An fx.Out struct
	// is replaced by its fields.
	Results []Result

	value   reflect.Value
	isError bool
}

var errorType = reflect.TypeFor[error]()

// ErrNotFunc is the error for a value that is no function.
var ErrNotFunc = errors.New("not a function")

// ErrAnnotated is the error for a function that was wrapped by fx.Annotate or
// fx.Annotated, which hide its signature.
var ErrAnnotated = errors.New("wrapped by fx.Annotate, which hides its parameters")

// Of reads the signature of fn. The error matches [ErrNotFunc] or [ErrAnnotated], or
// it names the tag or the parameter that cannot be read.
func Of(fn any) (Func, error) {
	value := reflect.ValueOf(fn)
	if !value.IsValid() || value.Kind() != reflect.Func {
		if isAnnotated(value) {
			return Func{}, ErrAnnotated
		}
		return Func{}, fmt.Errorf("%w: %T", ErrNotFunc, fn)
	}
	if value.IsNil() {
		return Func{}, fmt.Errorf("%w: nil %T", ErrNotFunc, fn)
	}
	name, position := describe(value)
	f := Func{Name: name, Position: position, value: value}
	t := value.Type()
	var faults []error
	arguments := t.NumIn()
	if t.IsVariadic() {
		arguments--
	}
	for i := range arguments {
		params, err := paramsOf(t.In(i), i)
		f.Params = append(f.Params, params...)
		faults = append(faults, err)
	}
	for i := range t.NumOut() {
		if t.Out(i) == errorType {
			if i != t.NumOut()-1 {
				faults = append(faults, fmt.Errorf("result %d is an error: only the last result may be one", i+1))
			}
			f.isError = true
			continue
		}
		results, err := resultsOf(t.Out(i), i)
		f.Results = append(f.Results, results...)
		faults = append(faults, err)
	}
	return f, errors.Join(faults...)
}

// ReturnsError reports whether the function's last result is an error.
func (f Func) ReturnsError() bool { return f.isError }

// Call calls the function with one value for each of Params. It returns one value for
// each of Results, and the error of the function. It panics if the function panics.
func (f Func) Call(params []reflect.Value) ([]reflect.Value, error) {
	t := f.value.Type()
	arguments := make([]reflect.Value, t.NumIn())
	if t.IsVariadic() {
		arguments = arguments[:t.NumIn()-1]
	}
	for i := range arguments {
		if isIn(t.In(i)) {
			arguments[i] = reflect.New(t.In(i)).Elem()
		}
	}
	for i, param := range f.Params {
		if param.field == nil {
			arguments[param.argument] = params[i]
			continue
		}
		arguments[param.argument].FieldByIndex(param.field).Set(params[i])
	}
	out := f.value.Call(arguments)
	if f.isError {
		if err, _ := out[len(out)-1].Interface().(error); err != nil {
			return nil, err
		}
	}
	results := make([]reflect.Value, len(f.Results))
	for i, result := range f.Results {
		results[i] = out[result.result]
		if result.field != nil {
			results[i] = results[i].FieldByIndex(result.field)
		}
	}
	return results, nil
}

func isIn(t reflect.Type) bool  { return t.Kind() == reflect.Struct && dig.IsIn(t) }
func isOut(t reflect.Type) bool { return t.Kind() == reflect.Struct && dig.IsOut(t) }

// isAnnotated recognises the result of fx.Annotate by its fields, which have been the
// same since Fx 1.15, and fx.Annotated by its name. Neither type has a method that
// tells.
func isAnnotated(value reflect.Value) bool {
	return value.IsValid() && strings.HasSuffix(value.Type().PkgPath(), "go.uber.org/fx") &&
		strings.EqualFold(value.Type().Name(), "annotated")
}

// eachField visits the fields of an fx.In or fx.Out struct and of the structs of the
// same kind in it, but not the marker itself. ignored says that the field is
// unexported, in a struct with the tag ignore-unexported.
func eachField(t, marker reflect.Type, visit func(field reflect.StructField, index []int, ignored bool)) {
	ignoreUnexported := false
	for field := range t.Fields() {
		if field.Type == marker {
			ignoreUnexported, _ = strconv.ParseBool(field.Tag.Get("ignore-unexported"))
		}
	}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Type == marker { // also where it is not embedded, as in what fx.Extract makes
			continue
		}
		ignored := ignoreUnexported && !field.IsExported()
		visit(field, []int{i}, ignored)
		nested := isIn(field.Type) && marker == reflect.TypeFor[dig.In]() || isOut(field.Type) && marker == reflect.TypeFor[dig.Out]()
		if nested && !ignored {
			eachField(field.Type, marker, func(inner reflect.StructField, index []int, ignored bool) {
				visit(inner, append([]int{i}, index...), ignored)
			})
		}
	}
}

// describe returns the name of a function for people, which begins with the last part
// of the path of its package, and its file and line.
func describe(value reflect.Value) (name, position string) {
	f := runtime.FuncForPC(value.Pointer())
	if f == nil {
		return value.Type().String(), ""
	}
	file, line := f.FileLine(value.Pointer())
	name = strings.TrimSuffix(path.Base(f.Name()), "-fm")
	return name, fmt.Sprintf("%s:%d", path.Base(file), line)
}
