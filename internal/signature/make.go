package signature

import (
	"fmt"
	"reflect"

	"go.uber.org/dig"
)

// Make returns a function for fx.Provide or fx.Invoke that calls body. The function
// has the given parameters and results, and an error as its last result. Parameters
// and results that are optional, or have a name or a group, become fields of an fx.In
// or fx.Out struct. The others stay plain, because this costs dig less.
func Make(params []Param, results []Key, body func(params []reflect.Value) ([]reflect.Value, error)) any {
	in, read := inOf(params)
	out, write := outOf(results)
	out = append(out, errorType)
	return reflect.MakeFunc(reflect.FuncOf(in, out, false), func(arguments []reflect.Value) []reflect.Value {
		values, err := body(read(arguments))
		returned := write(values)
		failure := reflect.Zero(errorType)
		if err != nil {
			failure = reflect.ValueOf(&err).Elem()
		}
		return append(returned, failure)
	}).Interface()
}

func inOf(params []Param) (types []reflect.Type, read func([]reflect.Value) []reflect.Value) {
	tagged := taggedStruct{name: "In", embedded: reflect.TypeFor[dig.In]()}
	carried := make([]bool, len(params))
	plain := make([]int, len(params)) // position among the arguments, or minus the field
	for i, param := range params {
		carried[i] = param.Group == "" && IsError(param.Type)
		if param.Name == "" && param.Group == "" && !param.Optional {
			plain[i] = len(types)
			types = append(types, carrier(param.Type))
			continue
		}
		plain[i] = -tagged.add(param.Key, param.Optional)
	}
	if len(tagged.fields) > 0 {
		types = append(types, tagged.typ())
	}
	return types, func(arguments []reflect.Value) []reflect.Value {
		values := make([]reflect.Value, len(params))
		for i, at := range plain {
			if at >= 0 {
				values[i] = arguments[at]
			} else {
				values[i] = arguments[len(arguments)-1].Field(-at)
			}
			if carried[i] {
				values[i] = values[i].Index(0)
			}
		}
		return values
	}
}

func outOf(results []Key) (types []reflect.Type, write func([]reflect.Value) []reflect.Value) {
	tagged := taggedStruct{name: "Out", embedded: reflect.TypeFor[dig.Out]()}
	carried := make([]bool, len(results))
	plain := make([]int, len(results))
	for i, result := range results {
		carried[i] = result.Group == "" && IsError(result.Type)
		if result.Name == "" && result.Group == "" {
			plain[i] = len(types)
			types = append(types, carrier(result.Type))
			continue
		}
		plain[i] = -tagged.add(result, false)
	}
	if len(tagged.fields) > 0 {
		types = append(types, tagged.typ())
	}
	return types, func(values []reflect.Value) []reflect.Value {
		returned := make([]reflect.Value, len(types), len(types)+1)
		for i, t := range types {
			returned[i] = reflect.New(t).Elem()
		}
		if values == nil { // body returned an error
			return returned
		}
		for i, at := range plain {
			place := returned[max(at, 0)]
			if at < 0 {
				place = returned[len(types)-1].Field(-at)
			}
			if carried[i] {
				place = place.Index(0)
			}
			place.Set(values[i])
		}
		return returned
	}
}

// IsError reports whether Fx takes values of a type for errors, so that it would
// neither provide nor give them.
func IsError(t reflect.Type) bool { return t.Implements(errorType) }

// carrier is the type that Fx gets in place of t. It is an array of one value if Fx
// would take the value itself for an error, and otherwise t.
func carrier(t reflect.Type) reflect.Type {
	if IsError(t) {
		return reflect.ArrayOf(1, t)
	}
	return t
}

// Setter returns a function that sets what pointer points to. This is a variable, which
// gets the value of a parameter of its type, or an fx.In struct.
func Setter(pointer any) (any, error) {
	target := reflect.ValueOf(pointer)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return nil, fmt.Errorf("expected a non-nil pointer, not a %T", pointer)
	}
	set := reflect.FuncOf([]reflect.Type{target.Type().Elem()}, nil, false)
	return reflect.MakeFunc(set, func(arguments []reflect.Value) []reflect.Value {
		target.Elem().Set(arguments[0])
		return nil
	}).Interface(), nil
}
