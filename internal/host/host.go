// Package host gets definitions, and the values that they may need, out of the
// graph of an Fx application. A graph of Fx cannot be asked for a value later.
// So every definition brings a constructor with optional parameters for
// everything that its function could use. The constructor stands in the module
// of the definition, so it gets what an fx.Invoke in that module would get.
package host

import (
	"fmt"
	"reflect"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// Group is the Fx value group in which [Found] are gathered.
const Group = "fxrun.host"

// Ask is something that a definition asks the host application for.
type Ask struct {
	signature.Key
	// Exact distinguishes a zero value from a missing value. An optional
	// parameter of Fx does not do this. Exact costs one provider, and the
	// definition can then stand only once in a module.
	Exact bool
}

// Definitions are the definitions of one option, which stand in one place of
// the application.
type Definitions struct {
	Places []any // pointers that identify the definitions
	Asks   []Ask
	Makes  []Made
}

// Made is a type that a definition makes, such as the value of an asset. Neither
// a host application nor a resource has it. It is kept for the texts of errors.
type Made struct {
	Type reflect.Type
	Of   string // as "asset orders (shop.go:31)"
}

// Found is what the host application has for the definitions of one option.
type Found struct {
	Definitions
	Values []Value // one for each of Asks
}

// Value is what the host application has for a key. The application provides
// it, supplies it, or puts it in the place of a resource by fx.Replace.
type Value struct {
	Key signature.Key
	// Value is not valid if the host application has no value. For a group it
	// is the slice of the members.
	Value reflect.Value
	// Decorated says that fx.Decorate or fx.Replace made the slice of a group.
	Decorated bool
}

// Option puts definition into a value group of Fx. It puts what the host
// application has for these definitions into [Group].
func Option[D any](group string, definition D, of Definitions) fx.Option {
	own := fx.Annotated{Group: group, Target: func() D { return definition }}
	of.Asks = slices.DeleteFunc(slices.Clone(of.Asks), func(ask Ask) bool { return IsMade(ask.Key) })
	if len(of.Asks)+len(of.Makes) == 0 {
		return stackless.Provide(own)
	}
	g := gatherer{of}
	found := fx.Annotated{Group: Group, Target: g.constructor()}
	provided := stackless.Provide(own, found)
	if boxes := g.boxes(); len(boxes) > 0 {
		return fx.Options(provided, stackless.Provide(append(boxes, fx.Private)...))
	}
	return provided
}

// gatherer makes the constructors that get values from the host application.
type gatherer struct{ Definitions }

// box holds the value of an exact ask. Its constructor has the value as a
// parameter that is not optional, so a box exists only if the value exists.
type box struct{ value reflect.Value }

// boxKey returns the key of the box of an ask, in the module where the
// definition stands.
func (g gatherer) boxKey(ask Ask) signature.Key {
	return signature.Key{Type: reflect.TypeFor[*box](), Name: fmt.Sprintf("the value of the host application for %s, for the definition %p", ask.Key, g.Places[0])}
}

func (g gatherer) boxes() []any {
	var constructors []any
	for _, ask := range g.Asks {
		if !ask.Exact {
			continue
		}
		constructors = append(constructors, signature.Make([]signature.Param{{Key: ask.Key}}, []signature.Key{g.boxKey(ask)},
			func(params []reflect.Value) ([]reflect.Value, error) {
				return []reflect.Value{reflect.ValueOf(&box{params[0]})}, nil
			}))
	}
	return constructors
}

// params returns the parameters of the gathering constructor for each ask. An
// exact ask has a parameter for its box too. A group has two parameters, see
// isDecorated.
func (g gatherer) params() []signature.Param {
	var params []signature.Param
	for _, ask := range g.Asks {
		params = append(params, signature.Param{Key: ask.Key, Optional: ask.Group == ""})
		switch {
		case ask.Group != "":
			params = append(params, signature.Param{Key: ask.Key})
		case ask.Exact:
			params = append(params, signature.Param{Key: g.boxKey(ask), Optional: true})
		}
	}
	return params
}

func (g gatherer) constructor() any {
	return signature.Make(g.params(), []signature.Key{{Type: reflect.TypeFor[Found]()}},
		func(params []reflect.Value) ([]reflect.Value, error) {
			found := Found{Definitions: g.Definitions, Values: make([]Value, len(g.Asks))}
			for i, ask := range g.Asks {
				value := Value{Key: ask.Key}
				switch {
				case ask.Group != "":
					value.Value, value.Decorated = params[0], isDecorated(params[0], params[1])
					params = params[1:]
				case ask.Exact:
					if boxed, _ := params[1].Interface().(*box); boxed != nil {
						value.Value = boxed.value
					}
					params = params[1:]
				case !params[0].IsZero():
					value.Value = params[0]
				}
				found.Values[i], params = value, params[1:]
			}
			return []reflect.Value{reflect.ValueOf(found)}, nil
		})
}

// isDecorated compares two readings of a group to find out whether the group
// was decorated. dig makes a new slice of the members for each reading. If a
// decorator returned a slice, dig gives this slice at each reading. An empty slice of
// dig itself is not nil and has no capacity. A decorator that returns such a slice, or
// values without a size, cannot be noticed.
func isDecorated(first, second reflect.Value) bool {
	if first.Len() == 0 {
		return first.IsNil() || first.Cap() > 0
	}
	return first.Type().Elem().Size() > 0 && first.UnsafePointer() == second.UnsafePointer()
}
