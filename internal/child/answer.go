package child

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/fxrun/fxrun/internal/graph"
	"github.com/fxrun/fxrun/internal/signature"
)

// answers provides the keys that are asked for but are no resource's own:
// values of the host application, and other names of a resource.
func (a *assembly) answers(asks []graph.Ask) []fx.Option {
	var options []fx.Option
	seen := make(map[signature.Key]bool, len(asks))
	for _, wanted := range asks {
		if seen[wanted.Key] {
			continue
		}
		seen[wanted.Key] = true
		switch {
		case wanted.Value.IsValid():
			options = append(options, a.supply(wanted))
		case wanted.From.Node != nil && a.graph.Canonical(wanted.From) != wanted.Key:
			options = append(options, a.forward(a.graph.Canonical(wanted.From), wanted.Key))
		}
	}
	return options
}

// forward answers one key with the value of another. There is one option for
// each pair of keys, made when it is first needed.
func (a *assembly) forward(from, to signature.Key) fx.Option {
	type pair struct{ from, to signature.Key }
	if known, ok := a.forwards.Load(pair{from, to}); ok {
		return known.(fx.Option)
	}
	option := provide(signature.Make([]signature.Param{{Key: from}}, []signature.Key{to}, func(params []reflect.Value) ([]reflect.Value, error) {
		return []reflect.Value{params[0].Convert(to.Type)}, nil
	}))
	a.forwards.Store(pair{from, to}, option)
	return option
}

// paramsOf are the parameters of a function that Fx calls for a child.
func paramsOf(asks []graph.Ask) []signature.Param {
	params := []signature.Param{{Key: childStateKey}}
	for _, a := range asks {
		params = append(params, a.Param)
	}
	return params
}

// value answers an ask in a child whose resources have been built.
func (s *childState) value(a graph.Ask) reflect.Value {
	switch {
	case a.Value.IsValid():
		return a.Value
	case a.From.Node != nil:
		return s.instanceOf(a.From.Node).results[a.From.Result]
	}
	return reflect.Zero(a.Type)
}

// supply provides the key of an ask with what answers it. The option finds the
// child that it is made for among its parameters, and so serves all of them.
func (a *assembly) supply(wanted graph.Ask) fx.Option {
	if known, ok := a.supplies.Load(wanted.Key); ok {
		return known.(fx.Option)
	}
	give := signature.Make([]signature.Param{{Key: childStateKey}}, []signature.Key{wanted.Key},
		func(params []reflect.Value) ([]reflect.Value, error) {
			return []reflect.Value{params[0].Interface().(*childState).value(wanted)}, nil
		})
	option := provide(give)
	if wanted.Key == shutdownerKey || wanted.Key == dotGraphKey { // which every Fx app has: the host's take their place
		option = decorate(give)
	}
	a.supplies.Store(wanted.Key, option)
	return option
}
