package fxapp

import (
	"context"
	"log/slog"
	"reflect"
	"slices"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/resource"
	"github.com/fxrun/fxrun/internal/signature"
	"github.com/fxrun/fxrun/internal/stackless"
)

// answers provides the keys that are asked for and that are not the canonical
// key of a result: values of the host application, and other names of results.
//
// fromParent are the values of the parent that its fx.Options have touched.
func (a *Parts) answers(asks [][]graph.Ask, fromParent map[signature.Key]reflect.Value) []fx.Option {
	var options []fx.Option
	seen := make(map[signature.Key]bool, 2*len(asks))
	for _, list := range asks {
		for i := range list {
			wanted := &list[i]
			if seen[wanted.Key] || wanted.Own {
				continue
			}
			seen[wanted.Key] = true
			isCanonical := wanted.From.Node != nil && a.graph.Canonical(wanted.From) == wanted.Key
			switch {
			case wanted.Value.IsValid(), fromParent[wanted.Key].IsValid() && !isCanonical:
				options = append(options, a.supply(*wanted))
			case wanted.From.Node != nil && !isCanonical:
				options = append(options, a.forward(a.graph.Canonical(wanted.From), wanted.Key))
			}
		}
	}
	return options
}

// forward provides one key with the value of another key. There is one option
// for each pair of keys, which is made when it is first needed.
func (a *Parts) forward(from, to signature.Key) fx.Option {
	type pair struct{ from, to signature.Key }
	if known, ok := a.forwards.Load(pair{from, to}); ok {
		return known.(fx.Option)
	}
	option := stackless.Provide(forwarding(from, to))
	a.forwards.Store(pair{from, to}, option)
	return option
}

// forwarding returns a function for Fx that gives the value of one key under
// another key.
func forwarding(from, to signature.Key) any {
	return signature.Make([]signature.Param{{Key: from}}, []signature.Key{to}, func(params []reflect.Value) ([]reflect.Value, error) {
		return []reflect.Value{params[0].Convert(to.Type)}, nil
	})
}

// offers provides those values for the fx.Options of a child that no resource and
// no value of the host application provides: the values that every child has by
// itself, and members of groups.
func (a *Parts) offers(wanted *graph.Target) []fx.Option {
	var options []fx.Option
	for _, kind := range wanted.Own() {
		if kind != graph.LifecycleInput { // Fx gives the lifecycle, and Options redirects it
			options = append(options, a.own(kind))
		}
	}
	for _, member := range wanted.Members() {
		options = append(options, a.member(member))
	}
	for _, members := range wanted.HostMembers() {
		to := signature.Key{Type: members.Type, Group: members.Group + ",flatten"}
		options = append(options, stackless.Provide(signature.Make(nil, []signature.Key{to}, func([]reflect.Value) ([]reflect.Value, error) {
			return []reflect.Value{reflect.AppendSlice(reflect.MakeSlice(reflect.SliceOf(to.Type), 0, members.Value.Len()), members.Value)}, nil
		})))
	}
	return options
}

// own provides a value that every child has by itself.
func (a *Parts) own(kind graph.InputKind) fx.Option {
	switch kind {
	case graph.ContextInput:
		return stackless.Provide(func(child anyChild) context.Context { return child.(*Child).Context })
	case graph.LoggerInput:
		return stackless.Provide(func(child anyChild) *slog.Logger { return child.(*Child).Logger })
	default:
		return stackless.Provide(func(child anyChild) resource.RunInfo { return child.(*Child).Info })
	}
}

// member gives a result of a resource to a group of Fx. The resources themselves
// get their groups in the order of resource keys, without Fx's groups.
func (a *Parts) member(m graph.Member) fx.Option {
	if known, ok := a.members.Load(m); ok {
		return known.(fx.Option)
	}
	to := signature.Key{Type: m.Group.Type, Group: m.Group.Group + ",flatten"}
	option := stackless.Provide(signature.Make([]signature.Param{{Key: m.From}}, []signature.Key{to}, func(params []reflect.Value) ([]reflect.Value, error) {
		if m.Flatten {
			return params, nil
		}
		return []reflect.Value{reflect.Append(reflect.MakeSlice(reflect.SliceOf(m.Group.Type), 0, 1), params[0])}, nil
	}))
	a.members.Store(m, option)
	return option
}

// paramsOf returns the parameters of a function that Fx calls for a child.
func paramsOf(asks []graph.Ask) []signature.Param {
	params := []signature.Param{{Key: childKey}}
	for _, a := range asks {
		params = append(params, a.Param)
	}
	return params
}

// withOwnValues puts an option that asks for values of a module of the host
// application into a module of the child. Only this module of the child has the
// values.
func withOwnValues(name string, asks []graph.Ask, option fx.Option) fx.Option {
	if !slices.ContainsFunc(asks, func(a graph.Ask) bool { return a.Own }) {
		return option
	}
	var own []any
	seen := make(map[signature.Key]bool)
	for _, wanted := range asks {
		if !wanted.Own || seen[wanted.Key] {
			continue
		}
		seen[wanted.Key] = true
		own = append(own, signature.Make(nil, []signature.Key{wanted.Key}, func([]reflect.Value) ([]reflect.Value, error) {
			return []reflect.Value{wanted.Value}, nil
		}))
	}
	return fx.Module("values of the host application for "+name, fx.Provide(append(own, fx.Private)...), option)
}

// supply provides the key of an ask with its value. The function of the option
// has the child as a parameter, so one option serves all children.
func (a *Parts) supply(wanted graph.Ask) fx.Option {
	if known, ok := a.supplies.Load(wanted.Key); ok {
		return known.(fx.Option)
	}
	give := signature.Make([]signature.Param{{Key: childKey}}, []signature.Key{wanted.Key},
		func(params []reflect.Value) ([]reflect.Value, error) {
			return []reflect.Value{params[0].Interface().(*Child).Value(wanted)}, nil
		})
	option := stackless.Provide(give)
	if OfEveryApp(wanted.Key) { // every Fx application has these; the values of the host application take their place
		option = stackless.Decorate(give)
	}
	a.supplies.Store(wanted.Key, option)
	return option
}
