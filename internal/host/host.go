// Package host carries definitions, and the values that they may need, out of
// an Fx application's own graph. An Fx graph can't be asked for a value later,
// so every definition brings a constructor that asks, optionally, for all that
// its function could use.
package host

import (
	"reflect"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/signature"
)

// Group is the Fx value group in which [Value] are gathered.
const Group = "fxrun.host"

// Value is a value that the host application has for a key: provided,
// supplied, or put in place of a resource by fx.Replace.
type Value struct {
	Key   signature.Key
	Value reflect.Value
}

// isModules reports whether a type is what fxrun.Module itself makes, of the
// definitions: asking for it here would be a cycle. The packages of these types
// import this one, so the types are told by package path and name, which
// together are a type's identity.
func isModules(key signature.Key) bool {
	if key.Type.Kind() != reflect.Pointer {
		return false
	}
	module := strings.TrimSuffix(reflect.TypeFor[Value]().PkgPath(), "internal/host")
	t := key.Type.Elem()
	switch strings.TrimPrefix(t.PkgPath(), module) + "." + t.Name() {
	case "container.Container", "assets.Graph", "runs.Launcher":
		return strings.HasPrefix(t.PkgPath(), module)
	}
	return false
}

// Option puts definition into an Fx value group and, where the host has values
// for what the definition asks for, those into [Group]. A zero value is taken
// for none: for an optional parameter Fx does not tell them apart.
func Option[D any](group string, definition D, asks []signature.Param) fx.Option {
	own := fx.Annotated{Group: group, Target: func() D { return definition }}
	asks = slices.DeleteFunc(slices.Clone(asks), func(ask signature.Param) bool { return isModules(ask.Key) })
	if len(asks) == 0 {
		return fx.Provide(own)
	}
	optional := make([]signature.Param, len(asks))
	for i, ask := range asks {
		optional[i] = signature.Param{Key: ask.Key, Optional: true}
	}
	found := signature.Make(optional, []signature.Key{{Type: reflect.TypeFor[[]Value]()}},
		func(params []reflect.Value) ([]reflect.Value, error) {
			var values []Value
			for i, param := range params {
				if !param.IsZero() {
					values = append(values, Value{Key: asks[i].Key, Value: param})
				}
			}
			return []reflect.Value{reflect.ValueOf(values)}, nil
		})
	return fx.Provide(own, fx.Annotated{Group: Group + ",flatten", Target: found}) // one call: each notes the stack
}
